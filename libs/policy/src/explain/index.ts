import { OBJECT_TYPES } from '../types';
import { explain } from './explain';
import { permissionsOf, whoCan, whoMay } from './who-can';

export type { Explanation } from './explain';

/** Questions about a policy: why, whether, who, what. Nothing is done by asking them. */
export const explaining = { explain, whoCan, whoMay, permissionsOf, objectTypes: OBJECT_TYPES } as const;
