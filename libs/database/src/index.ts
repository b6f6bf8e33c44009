export { GroupCommit } from './commit/group-commit';
export { openGroupCommit } from './commit/open';
export { defaultDataDir, type EmbeddedPostgres, startEmbeddedPostgres } from './embedded/cluster';
export { DatabaseFault } from './fault';
export { Admissions, type RunLoad, type TenantLoad } from './leases/admissions';
export { type ClaimedRun, claimRun, releaseAbandoned, releaseRun, sweep } from './leases/claim';
export { insertMail, type PolledMail, pollMail } from './leases/mail';
export {
  getPayload,
  loadJournal,
  putPayload,
  RUN_COLUMNS,
  runByIdempotencyKey,
  type RunRow,
  runRow,
  unitsAround,
} from './leases/rows';
export {
  type CallEnd,
  type ProviderLimits,
  type ProviderKey,
  Providers,
  type ProviderState,
  type WaitReason,
} from './leases/providers';
export { beat, liveWorkers, releaseWorker } from './leases/workers';
export { type NameTest, type NumberBounds, Params, type Predicate, testsOf, whereOf } from './search/predicate';
export { createTenant, raiseAuthority } from './session/authority';
export { checkSchema, Database, type DatabaseConfig, openDatabase, type Tx } from './session/database';
export { runMigrations } from './session/migrate';
export { roleUrl } from './session/roles';
export {
  type AuthorityEpochs,
  Committed,
  isCommitted,
  type Resumption,
  type RunCreation,
  type Unit,
  type UnitBudget,
  type UnitOutcome,
} from './unit';
