import type { Json } from '@writ/kernel';
import type { AttributeSpec, Facts } from './facts';

/** What a clause says of the facts. An error is neither: see `Outcome`. */
export type Truth = boolean | 'error';

type Scalar = string | number | boolean | null;
/** A path, alone or with a prefix put before (`with`) or taken off (`without`) the text it leads to. */
export type OperandExpression = string | { readonly path: string; readonly with?: string; readonly without?: string };
/** A constant, another path, or a constant that happens to look like a path. */
export type RightExpression = Scalar | Exclude<OperandExpression, string> | { readonly value: Scalar };
type Bounds = { readonly at_least?: string | number; readonly at_most?: string | number };

/**
 * A condition as bundles write it: one operator and its operands, nested by `all`, `any` and `not`. There is no regular
 * expression, no arithmetic and no call, so every condition ends, and ends soon.
 */
export type ConditionExpression =
  | { readonly eq: readonly [OperandExpression, RightExpression] }
  | { readonly ne: readonly [OperandExpression, RightExpression] }
  | { readonly lt: readonly [OperandExpression, RightExpression] }
  | { readonly lte: readonly [OperandExpression, RightExpression] }
  | { readonly gt: readonly [OperandExpression, RightExpression] }
  | { readonly gte: readonly [OperandExpression, RightExpression] }
  | { readonly in: readonly [OperandExpression, readonly Exclude<Scalar, null>[]] }
  | { readonly contains: readonly [OperandExpression, RightExpression] }
  | { readonly prefix: readonly [OperandExpression, string] }
  /** A pattern of a path: see `globTest`. */
  | { readonly glob: readonly [OperandExpression, string] }
  /** An IP address in a network: see `networkTest`. */
  | { readonly in_network: readonly [OperandExpression, string] }
  | { readonly exists: OperandExpression }
  | { readonly absent: OperandExpression }
  | {
      readonly within: {
        readonly from: string;
        readonly to: string;
        readonly days?: readonly number[];
        readonly offset?: string;
      };
    }
  /** Exact decimals, from a number or from text such as `"1200.50"`. */
  | { readonly amount: { readonly of: OperandExpression } & Bounds }
  /** Items of a list. */
  | { readonly count: { readonly of: OperandExpression } & Bounds }
  | { readonly all: readonly ConditionExpression[] }
  | { readonly any: readonly ConditionExpression[] }
  | { readonly not: ConditionExpression };

/** What evaluating one condition found: its truth, every value it read and every clause's result, by name. */
export interface Outcome {
  readonly truth: Truth;
  readonly read: { readonly [path: string]: Json };
  readonly error: string | null;
}

/** A condition made ready. It is total: it never throws, and takes time bounded by its own size. */
export interface CompiledCondition {
  readonly id: string;
  /** Attributes of the resource it may read, without the resource's type. */
  readonly attributes: readonly string[];
  evaluate(facts: Facts): Outcome;
  /** The clause that keeps it from being true and the value found, in words; null when it is true. */
  blame(facts: Facts): string | null;
}

export type Declared = ReadonlyMap<string, AttributeSpec>;

/** What is recorded while a condition runs. */
export interface Trace {
  readonly read: { [path: string]: Json };
  error: string | null;
}

/** One node of a compiled condition. */
export interface Clause {
  readonly text: string;
  test(facts: Facts, trace: Trace): Truth;
  blame(facts: Facts): string | null;
}

const MAX_TEXT = 200;
const MAX_ITEMS = 16;

/** A value as evidence: whole where it is small, its size where it is not. */
export function recorded(value: Json): Json {
  if (typeof value === 'string') return value.length <= MAX_TEXT ? value : `${value.slice(0, MAX_TEXT)}…`;
  if (typeof value !== 'object' || value === null) return value;
  if (!Array.isArray(value)) return `{${Object.keys(value).length} members}`;
  if (value.length > MAX_ITEMS || value.some((item) => typeof item === 'object')) return `[${value.length} items]`;
  return (value as Json[]).map(recorded);
}

export const inWords = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(recorded(value)));
