export { readDrafts } from './access/drafts';
export type { ControlPlaneDeps } from './control-plane.module';
export { BODY_LIMIT_BYTES, createControlPlane } from './create';
export { openTenant, type TenantOpening } from './open-tenant';
export { auditPredicate } from './search/audit-predicate';
