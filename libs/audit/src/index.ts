export {
  type AuditDraft,
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
export { LOG_FAULT_POINTS, type LogFaultPoint, type LogFaults } from './log/faults';
export { KeyRing, type KeySource } from './log/key-ring';
export { OutsideCheckpoints } from './log/outside';
export { type LogPlaces, logPlaces } from './log/places';
export { Sequencer, type SequencerOptions, type SequencerParts } from './log/sequencer';
export { type LogBlock, LogWatch, type LogWatchOptions } from './log/watch';
export { type AuditFilter, type AuditPage, auditEvents, chainLines } from './queries';
export { appendTenantEvent, appendTenantEvents, originOf, type TenantEvent } from './tenant-stream';
