export { activatePolicy, activePolicy, type PolicyChange, type RecordChange } from './activate';
export { bringProductRules } from './product-rules';
export { access, type AccessUse, type BoundQuestion } from './approvals/access';
export { ApprovalCommands } from './approvals/commands';
export { considerAsk, markUsed, withdrawAll } from './approvals/consider';
export type { ApprovalBody } from './approvals/events';
export { type ApprovalFound, ApprovalQueries } from './approvals/queries';
export { standIns } from './approvals/stand-ins';
export type { ApprovalTest } from './approvals/query-test';
export { attributeNeeds } from './attribute-needs';
export type { TenantAuthority } from './authority';
export { AuthorityStore } from './authority-store';
export { mergeBundles, parseBundle, type PolicyBundle, validateBundle } from './bundle';
export { type Budget, type BudgetRecord, coversSpending } from './budgets/budget';
export { listBudgets, removeBudget, setBudget } from './budgets/budget-registry';
export { tendBudgets } from './budgets/budget-watch';
export { idleRules } from './idle-rules';
export { importCasbin } from './casbin-import/import-casbin';
export { decide } from './decide';
export { explaining } from './explain/index';
export { guarding } from './guard/index';
export { honouring } from './honour/index';
export { policiesDirectory } from './model-file';
export { outside } from './outside/index';
export { ToolFlow } from './flow/document';
export { labelsIn } from './flow/passing';
export { PermitOffice } from './permit-office';
export type { Door, Opened, OpenPermit, Permit, PermitRefusal } from './permit-types';
export { reach } from './reach';
export { readBundle } from './read-bundle';
export { type RevokedDelegation, revokedDelegations, revokeDelegation } from './revocations';
export { sentence } from './sentence';
export { reviewing } from './reviews/reviews';
export { buildSnapshot, type Snapshot } from './snapshot';
export { buildWritten } from './bundle-faults';
export { stopAcks } from './stop-acks';
export { findStop, listStops, setStop, type StopRecord } from './stop-registry';
export { releaseStop } from './stop-release';
export { covers, isAtLeast, type Stop, terminatingStop } from './stops';
export { tiering } from './tiers/index';
export {
  type Action,
  ACTIONS,
  type AttributeNeed,
  type Decision,
  type DecisionRequest,
  type Heard,
  type Mandate,
  type PolicyObject,
  type ResolvedAttribute,
  type Resource,
} from './types';
