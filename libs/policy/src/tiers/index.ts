import { lapsed, tierOf } from './tier-stage';

/** What the risk of definitions makes of acts, and who answers for them. */
export const tiering = { lapsed, tierOf } as const;
