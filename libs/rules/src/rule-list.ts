import type { ActionRule } from './rule';

/** Rules in a row, so many members for each. */
export type RuleList = readonly unknown[];

/** What is at hand of a rule that was found: the texts asked with, where they are the rule's own; null where not. */
export interface Named {
  /** What stands of a rule in its policy's own text, its members tell the place of. */
  readonly text: string;
  readonly subject: string | null;
  readonly object: string | null;
}

/**
 * How rules stand in a list. One object for each rule would be a place more to wait for in memory, behind the list: an
 * index reads the members of a rule where they stand, and makes it whole only when it is found.
 */
export interface RuleForm<E> {
  /** Members of one rule. `at`, below, is where the first of them is. */
  readonly width: number;
  action(list: RuleList, at: number): string;
  take(list: RuleList, at: number, named: Named): E;
}

/** The action rules of one policy in the order in which they are written, before they have a place. */
export interface RuleSource<E> {
  readonly count: number;
  readonly form: RuleForm<E>;
  subject(i: number): string;
  object(i: number): string;
  action(i: number): string;
  /** Writes the members of a rule to where it is to stand. */
  put(i: number, list: unknown[], at: number): void;
}

const ruleAt = (list: RuleList, at: number): ActionRule => list[at] as ActionRule;

/** Each rule is one member: itself. */
const WHOLE: RuleForm<ActionRule> = Object.freeze({
  width: 1,
  action: (list: RuleList, at: number) => ruleAt(list, at).action,
  take: ruleAt,
});

/** Rules that were made before, as they are. */
export class WholeRules<E extends ActionRule> implements RuleSource<E> {
  readonly form = WHOLE as RuleForm<E>;

  constructor(private readonly rules: readonly E[]) {}

  get count(): number {
    return this.rules.length;
  }

  subject(i: number): string {
    return this.rules[i]!.subject;
  }

  object(i: number): string {
    return this.rules[i]!.object;
  }

  action(i: number): string {
    return this.rules[i]!.action;
  }

  put(i: number, list: unknown[], at: number): void {
    list[at] = this.rules[i];
  }
}

const MOST_HOMES = 0xffff;

/** Of rules about an object whose name has this hash: which of so many places in a list they stand in, or soon after. */
export const homeOf = (hash: number, homes: number): number =>
  Math.imul(hash >>> 16, Math.min(homes, MOST_HOMES)) >>> 16;

/** Homes for so many rules: with some to spare, most rules find their own free. */
export const homesFor = (rules: number): number => Math.ceil((rules * 3) / 2);

/** Where rules of one policy stand: in a list that others stand in too, from so far on. */
export interface Room {
  readonly list: unknown[];
  readonly at: number;
}

/** Members of the first piece and of the largest, two megabytes; each has twice those of the piece before. */
const LEAST_MEMBERS = 16_384;
const MOST_MEMBERS = 262_144;
/** A policy with more has a piece of its own. */
const LARGE_MEMBERS = 8_192;

let piece: unknown[] = [];
let used = 0;

/**
 * Room for so many members, beside those of other policies: a list of its own for each would be one more place to wait
 * for in memory at each decision, since a list is found through its head.
 */
export function roomInList(count: number): Room {
  if (count > LARGE_MEMBERS) return { list: new Array<unknown>(count).fill(null), at: 0 };
  if (used + count > piece.length) {
    piece = new Array<unknown>(Math.min(MOST_MEMBERS, Math.max(LEAST_MEMBERS, piece.length * 2))).fill(null);
    used = 0;
  }
  const at = used;
  used += count;
  return { list: piece, at };
}

/** What is emptied when its owner is collected, so that no policy keeps the rules of another alive. */
interface Held extends Room {
  readonly count: number;
}

const left = new FinalizationRegistry<Held>(({ list, at, count }) => list.fill(null, at, at + count));

/** Empties room when nobody has `owner` any more. */
export const ownRoom = (owner: object, held: Held): void => left.register(owner, held);
