import { runCases } from '../cases';
import { OBJECT_TYPES } from '../types';
import { comparePolicies } from './compare';
import { explain } from './explain';
import { passedOn } from './passed-on';
import { replayActs } from './replay';
import { policyByDigest, policyVersions } from './versions';
import { permissionsOf, whoCan, whoMay } from './who-can';

/** Questions about a policy: why, whether, who, what, and what another one would say. Nothing is done by asking them. */
export const explaining = {
  explain,
  passedOn,
  whoCan,
  whoMay,
  permissionsOf,
  compare: comparePolicies,
  replay: replayActs,
  runCases,
  version: policyByDigest,
  versions: policyVersions,
  objectTypes: OBJECT_TYPES,
} as const;
