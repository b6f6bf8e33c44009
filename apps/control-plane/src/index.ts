export { readDrafts } from './access/drafts';
export { createControlPlane } from './create';
export { openTenant } from './open-tenant';
export { auditPredicate } from './search/audit-predicate';
