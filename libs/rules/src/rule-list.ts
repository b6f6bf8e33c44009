import type { ActionRule } from './rule';

/** Rules in a row, so many members for each. */
export type RuleList = readonly unknown[];

/**
 * How rules stand in a list. One object for each rule would be a place more to wait for in memory, behind the list: an
 * index reads the members of a rule where they stand, and makes it whole only when it is found.
 */
export interface RuleForm<E> {
  /** Members of one rule. `at`, below, is where the first of them is. */
  readonly width: number;
  subject(list: RuleList, at: number): string;
  object(list: RuleList, at: number): string;
  action(list: RuleList, at: number): string;
  /** `subject`, `object`: the rule's own where they are at hand, null where they are not. */
  take(list: RuleList, at: number, named: { readonly subject: string | null; readonly object: string | null }): E;
}

const ruleAt = (list: RuleList, at: number): ActionRule => list[at] as ActionRule;

/** Each rule is one member: itself. */
export const WHOLE: RuleForm<ActionRule> = Object.freeze({
  width: 1,
  subject: (list: RuleList, at: number) => ruleAt(list, at).subject,
  object: (list: RuleList, at: number) => ruleAt(list, at).object,
  action: (list: RuleList, at: number) => ruleAt(list, at).action,
  take: ruleAt,
});

const MOST_HOMES = 0xffff;

/** Of rules about an object whose name has this hash: which of so many places in a list they stand in, or soon after. */
export const homeOf = (hash: number, places: number): number =>
  Math.imul(hash >>> 16, Math.min(places, MOST_HOMES)) >>> 16;

/** Places for so many rules: with some to spare, most rules find their own free. */
export const placesFor = (rules: number): number => Math.ceil((rules * 4) / 3);
