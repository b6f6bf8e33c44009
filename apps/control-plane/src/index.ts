export type { ControlPlaneDeps } from './control-plane.module';
export { BODY_LIMIT_BYTES, createControlPlane } from './create';
export { productVersion } from './environment';
export { openTenant, type TenantOpening } from './open-tenant';
