import type { DelegationId, TenantId } from './ids';

export type PrincipalKind = 'user' | 'service' | 'agent';

/** Who acts. `id` is opaque (`user:…`, `service:…`, `agent:…`): it goes into evidence, so it never holds personal data. */
export interface Principal {
  readonly tenant: TenantId;
  readonly kind: PrincipalKind;
  readonly id: string;
  /** Roles asserted by whoever authenticated the principal, beside those the policy assigns. */
  readonly roles: readonly string[];
}

/** One agent in the chain of those acting, from the first agent of the run to the one acting now. */
export interface Hop {
  readonly agent: string;
  /** Digest of the agent's definition: another prompt, model or tool list is another agent. */
  readonly digest: string;
  readonly delegation?: DelegationId;
  /** How the hop before handed over; absent for the first agent. */
  readonly mode?: 'attenuate' | 'service';
}
