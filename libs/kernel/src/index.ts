export type { Brand } from './brand';
export {
  BUDGET_DIMENSIONS,
  BUDGET_PERIODS,
  BUDGET_SCOPES,
  type BudgetDimension,
  type BudgetPeriod,
  type BudgetScope,
  type Crossing,
  CROSSINGS,
} from './budget';
export { type Clock, systemClock } from './clock';
export { drawOf } from './draw';
export { EFFECT_CLASSES, type EffectClass, isRepeatable } from './effect';
export { assertNever, type Failure, type FailureClass, ok, refuse, type Result } from './failure';
export { digestOf, sha256Hex, sha256Into, toHex } from './hash';
export {
  type ApprovalId,
  type DecisionId,
  type DelegationId,
  derivedId,
  type EventId,
  firstIdAt,
  ID_PREFIXES,
  type IdKind,
  idKind,
  type InputId,
  isId,
  type KeyId,
  type LogId,
  type BatchId,
  type TriggerId,
  type MailId,
  newId,
  type RequestId,
  type RunId,
  type StandInId,
  type StopId,
  type SubscriptionId,
  type BudgetId,
  type TenantId,
  timeOfId,
  type UnitId,
  type WorkerId,
} from './ids';
export { CanonicalError, canonicalJson, type Json, type JsonObject } from './json';
export { isOrigin } from './origin';
export type { Hop, HopBounds, Principal, PrincipalKind, ToolGrant } from './principal';
export { randomBytes } from './random';
export { DEFAULT_RISK, highestRisk, RISK_TIERS, type RiskTier } from './risk';
export { FINAL_STATUSES, isFinal, RUN_STATUSES, type RunStatus } from './run-status';
export { sha256Portable } from './sha256';
export { type Verdict, VERDICTS } from './verdict';
