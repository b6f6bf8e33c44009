export { APPROVAL_STATUSES, type ApprovalStatus } from './approval-status';
export {
  BUDGET_DIMENSIONS,
  BUDGET_PERIODS,
  BUDGET_SCOPES,
  type BudgetDimension,
  type BudgetPeriod,
  type BudgetScope,
  type Crossing,
  CROSSINGS,
  RUN_DIMENSIONS,
  type RunDimension,
} from './budget';
export { EFFECT_CLASSES, type EffectClass, isRepeatable, type Landed } from './effect';
export { MISSED_RULES, type MissedRule } from './missed';
export { DEFAULT_RISK, highestRisk, RISK_TIERS, type RiskTier } from './risk';
export { type Reconciliation, RECONCILIATIONS } from './reconciliation';
export { FINAL_STATUSES, isFinal, RUN_STATUSES, type RunStatus } from './run-status';
export { STOP_MODES, STOP_SCOPES, type StopMode, type StopScope } from './stop';
export { type Verdict, VERDICTS } from './verdict';
