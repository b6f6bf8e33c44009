import type { Json, JsonObject } from '@writ/kernel';

/** What an application outside asked: its subject is the initiator, its resource the resource. */
export interface OutsideFacts {
  readonly subject: { readonly type: string; readonly id: string; readonly properties: JsonObject };
  readonly action: { readonly name: string; readonly properties: JsonObject };
  readonly resource: { readonly properties: JsonObject };
  readonly context: JsonObject;
}

/** All that a condition may read. Nothing else about the world enters a decision. */
export interface Facts {
  readonly initiator: { readonly id: string; readonly kind: string; readonly roles: readonly string[] };
  readonly agent: { readonly id: string; readonly digest: string } | null;
  readonly object: {
    readonly type: string;
    readonly id: string;
    readonly version?: number;
    readonly digest?: string;
  };
  readonly resource: { readonly type: string; readonly id: string } | null;
  /** `<resource type>.<attribute>` → what a resolver brought. */
  readonly attributes: { readonly [name: string]: { readonly value: Json; readonly at: number } };
  readonly args: JsonObject | null;
  readonly handoff: { readonly to: string; readonly purpose: string; readonly depth: number } | null;
  readonly outside?: OutsideFacts | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

export const VALUE_TYPES = ['string', 'number', 'boolean', 'list', 'any'] as const;
export type ValueType = (typeof VALUE_TYPES)[number];

/** An attribute the bundle declares: what type it has, and how old a value may be when it decides. */
export interface AttributeSpec {
  readonly type: ValueType;
  readonly maxAgeMs: number;
}

/**
 * A value that could not be read. `absent`: it is known not to be there, which `exists` and `absent` may ask.
 * `unknown`: nobody brought it, it is too old or of another type; every clause over it is an error (I7).
 */
export class Unread {
  constructor(
    readonly kind: 'absent' | 'unknown',
    readonly reason: string,
  ) {
    Object.freeze(this);
  }
}

/**
 * A value read "for this very decision" was read a little before it: the answer travelled back and was recorded. Older
 * than this it was read for another decision.
 */
const READ_GRACE_MS = 5_000;

/** Whether a value read at `at` may still decide at `now`. A value from the future is a wrong clock, not a fresh value. */
export const isFresh = (at: number, now: number, maxAgeMs: number): boolean =>
  now - at <= Math.max(maxAgeMs, READ_GRACE_MS) && at - now <= READ_GRACE_MS;
