export type { TenantAuthority } from './authority';
export { attributeNeeds } from './attribute-needs';
export { mergeBundles, parseBundle, type PolicyBundle, validateBundle } from './bundle';
export { decide } from './decide';
export type { Door, Opened, OpenPermit, Permit, PermitRefusal, PermitRefusalCode } from './permit-types';
export { PermitOffice } from './permit-office';
export { policiesDirectory } from './model-file';
export { readBundle } from './read-bundle';
export { sentence } from './sentence';
export { buildSnapshot, type Snapshot } from './snapshot';
export { type Stop, type StopScope } from './stops';
export {
  type Action,
  ACTIONS,
  type AttributeNeed,
  type Decision,
  type DecisionRequest,
  type Mandate,
  type MandateGrant,
  type NearMiss,
  type Obligation,
  type PolicyObject,
  type ReasonCode,
  type ResolvedAttribute,
  type Resource,
  type RuleMatch,
  type Stage,
  type StageResult,
  type Verdict,
} from './types';
