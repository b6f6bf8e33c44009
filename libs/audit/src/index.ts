export { AUDIT_SCHEMA, type AuditContext, type AuditEvent, type AuditType, type DecisionEvidence } from './event';
