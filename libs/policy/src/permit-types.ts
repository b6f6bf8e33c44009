import type { DecisionId, JsonObject, Result, RunId, TenantId } from '@writ/kernel';

/** The kinds of doors to the outside. A permit opens one kind, for one target. */
export type Door = 'model' | 'tool' | 'data' | 'handoff' | 'delegate' | 'run' | 'agent' | 'board' | 'message';

declare const permitBrand: unique symbol;

/**
 * An unforgeable allow for one effect. It is an empty handle: what it allows is kept by the office that minted it, so
 * an object that merely looks like one opens nothing.
 */
export interface Permit {
  readonly [permitBrand]: true;
}

/** What an opened permit hands over, once: the arguments that were decided, bytes and all. */
export interface Opened {
  readonly tenant: TenantId;
  readonly run: RunId;
  readonly decision: DecisionId;
  /** Position of the step in its run, and which try this is: sent as a fencing header where the other side can use it. */
  readonly step: number;
  readonly attempt: number;
  /** Stable over retries of the step: the other side's idempotency key. */
  readonly key: string;
  readonly args: JsonObject;
  /** Canonical JSON of `args`: the bytes whose digest was decided. */
  readonly argsText: string;
}

export type PermitRefusalCode =
  | 'permit_forged'
  | 'permit_consumed'
  | 'permit_expired'
  | 'permit_stopped'
  | 'permit_wrong_door'
  | 'permit_argument_mismatch';

export interface PermitRefusal {
  readonly code: PermitRefusalCode;
  readonly class: 'policy';
  readonly message: string;
}

/**
 * Opens a permit directly before the socket write. `presented` is what the caller is about to send: it must be, in
 * canonical JSON, what was decided. A permit opens once; every refusal leaves the effect undone.
 */
export type OpenPermit = (
  permit: Permit,
  use: { readonly door: Door; readonly target: string; readonly presented: JsonObject },
) => Result<Opened, PermitRefusal>;
