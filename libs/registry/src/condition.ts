import type { Json } from '@writ/kernel';
import { z } from 'zod';
import { type Reference, reference } from './name';

/** How two values are compared. Numbers with numbers and texts with texts (by code unit); nothing is converted. */
export const COMPARISONS = [
  'equals',
  'not_equals',
  'less',
  'at_most',
  'greater',
  'at_least',
  'in',
  'contains',
] as const;
export type Comparison = (typeof COMPARISONS)[number];

/**
 * What a choice, a loop or a conversation asks of values that the run has recorded: no side effects, no clock, no
 * computing. `to` is a constant, or `{"$from": …}` for another recorded value.
 */
export type Condition =
  | { readonly value: Reference; readonly op: Comparison; readonly to: Json }
  | { readonly value: Reference; readonly op: 'exists' }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition };

const MOST = 64;

export const Condition: z.ZodType<Condition> = z.lazy(() =>
  z.union([
    z.strictObject({ value: reference, op: z.enum(COMPARISONS), to: z.json() }),
    z.strictObject({ value: reference, op: z.literal('exists') }),
    z.strictObject({ all: z.array(Condition).min(1).max(MOST) }),
    z.strictObject({ any: z.array(Condition).min(1).max(MOST) }),
    z.strictObject({ not: Condition }),
  ]),
);

/** Every comparison of a condition with its place (JSON pointer within the condition). */
export function comparisonsOf(
  condition: Condition,
  at = '',
): readonly { readonly at: string; readonly one: Extract<Condition, { value: Reference }> }[] {
  if ('value' in condition) return [{ at, one: condition }];
  if ('not' in condition) return comparisonsOf(condition.not, `${at}/not`);
  const [name, parts] = 'all' in condition ? (['all', condition.all] as const) : (['any', condition.any] as const);
  return parts.flatMap((part, i) => comparisonsOf(part, `${at}/${name}/${i}`));
}
