import type { DelegationId, TenantId } from './ids';
import type { Json } from './json';

export const PRINCIPAL_KINDS = ['user', 'service', 'agent'] as const;
export type PrincipalKind = (typeof PRINCIPAL_KINDS)[number];

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
  /** What whoever passed on gave along: bounds this hop and all after it, whatever the mode. */
  readonly bounds?: HopBounds;
}

/** A tool, and limits on its arguments. */
export interface ToolGrant {
  readonly tool: string;
  /** JSON pointer into the arguments → the only values it may take. */
  readonly only?: { readonly [pointer: string]: readonly Json[] };
  /** JSON pointer → the largest number it may take. */
  readonly atMost?: { readonly [pointer: string]: number };
}

/** What a delegation is good for; whatever is absent is not bounded here. */
export interface HopBounds {
  /** The tools it may be used for; an empty list is none. */
  readonly tools?: readonly ToolGrant[];
  /** How often what was passed on may be passed on again, one below the other. */
  readonly depth?: number;
  /** Epoch milliseconds at which it ends. */
  readonly expires_at?: number;
  /** The only labels that what is handed on with it, or brought in under it, may carry; an empty list is none. */
  readonly labels?: readonly string[];
}
