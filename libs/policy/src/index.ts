export { type ActivePolicy, activatePolicy, activePolicy, type PolicyChange, type RecordChange } from './activate';
export { attributeNeeds } from './attribute-needs';
export type { TenantAuthority } from './authority';
export { AuthorityStore } from './authority-store';
export { mergeBundles, parseBundle, type PolicyBundle, validateBundle } from './bundle';
export { runCases } from './cases';
export { decide } from './decide';
export { policiesDirectory } from './model-file';
export { PermitOffice } from './permit-office';
export type { Door, Opened, OpenPermit, Permit, PermitRefusal, PermitRefusalCode } from './permit-types';
export { readBundle } from './read-bundle';
export { sentence } from './sentence';
export { buildSnapshot, type Snapshot } from './snapshot';
export { listStops, releaseStop, setStop, type StopRecord } from './stop-registry';
export type { Stop } from './stops';
export {
  type Action,
  ACTIONS,
  type AttributeNeed,
  type Decision,
  type DecisionRequest,
  type Mandate,
  type PolicyObject,
  type ResolvedAttribute,
  type Resource,
} from './types';
