import { digestOf } from '@writ/kernel';
import { nearlySame } from './handoff-limits';

/** One task of a plan, as whoever plans wrote it down. */
export interface LedgerTask {
  readonly id: string;
  readonly title: string;
  readonly worker?: string;
  readonly status: 'open' | 'done' | 'failed' | 'dropped';
}

/** A plan in its newest version; every version stands in the journal. */
export interface Ledger {
  readonly version: number;
  readonly tasks: readonly LedgerTask[];
  readonly facts: readonly string[];
  readonly reason: string;
}

/** A result as far as it matters for telling news from repetition. */
export interface Result {
  readonly digest: string;
  readonly text: string;
}

/** Results are compared by their beginnings: what differs only after this is news enough. */
const COMPARED = 4_000;
export const resultOf = (text: string): Result => ({ digest: digestOf(text), text: text.slice(0, COMPARED) });

/**
 * Whether a result brings nothing new: it failed, it is empty, or nearly the same has come before. Many in a row are a
 * stall, which only a new plan ends.
 */
export function bringsNothing(
  before: readonly Result[],
  result: { readonly ok: boolean; readonly text: string },
): boolean {
  if (!result.ok || result.text.trim() === '') return true;
  const { digest, text } = resultOf(result.text);
  return before.some((one) => one.digest === digest || nearlySame(one.text, text));
}

/** A result as the one who asked for it hears it, cut to what it may take; the whole of it stays in the journal. */
export function bounded(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most)}\n… (cut: ${text.length} characters in all)`;
}
