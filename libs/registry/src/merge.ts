import { z } from 'zod';
import { name, pointer } from './name';

const count = z.number().int().min(1);
const least = z.number().int().min(0);

/** Ways to bring branches together that need no node of their own. `min` is an older word for `quorum`. */
export const PLAIN_MERGES = [
  /** Every branch must succeed. */
  z.strictObject({ policy: z.literal('all') }),
  /** One success is enough; what else finished by then is kept. */
  z.strictObject({ policy: z.literal('any') }),
  /** The first success is the output; the rest is cancelled. */
  z.strictObject({ policy: z.literal('first_success') }),
  /** Waits for every branch, or for the deadline, and takes what succeeded. */
  z.strictObject({ policy: z.literal('best_effort'), min: least.optional() }),
  z.strictObject({ policy: z.literal('quorum'), count }),
  z.strictObject({ policy: z.literal('min'), count }),
  /** The value most branches agree on, at a pointer into each output. */
  z.strictObject({ policy: z.literal('vote'), pointer: pointer.optional(), tie: z.enum(['first', 'fail']) }),
  /** An agent reads all outputs and names the branch to take. */
  z.strictObject({ policy: z.literal('judge'), agent: name, min: count.optional() }),
] as const;

export type PlainMerge = z.infer<(typeof PLAIN_MERGES)[number]>;
/** A node over the outputs, which its templates read under `/branches/<key>`. */
export interface Reduce<N> {
  policy: 'reduce';
  node: N;
  min?: number | undefined;
}
export type Merge<N> = PlainMerge | Reduce<N>;

export const reduceOf = <N>(node: z.ZodType<N>) =>
  z.strictObject({ policy: z.literal('reduce'), node, min: count.optional() });

/** How many successes a merge asks for, as far as the number of branches decides it. */
export function neededBy(merge: Merge<unknown>): { readonly pointer: string; readonly count: number } | null {
  if ('count' in merge) return { pointer: '/merge/count', count: merge.count };
  if ('min' in merge && merge.min !== undefined) return { pointer: '/merge/min', count: merge.min };
  return null;
}
