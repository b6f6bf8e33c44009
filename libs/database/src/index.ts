export {
  type AuthorityEpochs,
  Committed,
  FINAL_STATUSES,
  isCommitted,
  isFinal,
  RUN_STATUSES,
  type RunCreation,
  type RunStatus,
  type Unit,
  type UnitOutcome,
  type UnitRefusal,
} from './unit';
