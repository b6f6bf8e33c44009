export type { Brand } from './brand';
export { type Clock, systemClock } from './clock';
export { drawOf } from './draw';
export { assertNever, type Failure, type FailureClass, ok, refuse, type Result } from './failure';
export { digestOf, sha256Hex, sha256Into, toHex } from './hash';
export {
  type ApprovalId,
  type BatchId,
  type BudgetId,
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
  type MailId,
  newId,
  type RequestId,
  type RunId,
  type StandInId,
  type StopId,
  type SubscriptionId,
  type TenantId,
  timeOfId,
  type TriggerId,
  type UnitId,
  type WorkerId,
} from './ids';
export { CanonicalError, canonicalJson, type Json, type JsonObject } from './json';
export { isOrigin } from './origin';
export {
  type Hop,
  type HopBounds,
  type Principal,
  PRINCIPAL_KINDS,
  type PrincipalKind,
  type ToolGrant,
} from './principal';
export { randomBytes } from './random';
export { sha256Portable } from './sha256';
