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
export { type AuditFilter, type AuditPage, auditEvents, chainLines } from './queries';
export { appendTenantEvent, appendTenantEvents, originOf, type TenantEvent } from './tenant-stream';
