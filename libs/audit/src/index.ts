export {
  type ChainCheck,
  type ChainFault,
  type ChainHead,
  type ChainLink,
  checkChain,
  extendChain,
  GENESIS,
} from './chain';
export { commitmentTo, opensCommitment } from './commitment';
export { AUDIT_SCHEMA, type AuditContext, type AuditEvent, type AuditType, type DecisionEvidence } from './event';
export { exportLog, type ExportWish } from './log/export';
export { LOG_FAULT_POINTS, type LogFaultPoint, type LogFaults } from './log/faults';
export { KeyRing } from './log/key-ring';
export { LogReader } from './log/log-reader';
export { OutsideCheckpoints } from './log/outside';
export { type LogPlaces, logPlaces } from './log/places';
export { recoverLogs } from './log/recover';
export { announceKey } from './log/rotate';
export { Sequencer, type SequencerOptions } from './log/sequencer';
export { LogWatch } from './log/watch';
export type { AuditDraft } from './packed';
export { chainLines } from './queries';
export { AuditSearch, shownEvent } from './search/audit-search';
export { type AuditTest } from './search/audit-test';
export { appendTenantEvent, appendTenantEvents, originOf, type TenantEvent } from './tenant-stream';
