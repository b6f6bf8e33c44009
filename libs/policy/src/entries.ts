import { type Failure, ok, refuse, type Result } from '@writ/kernel';
import type { ActionRule, CompiledCondition, HandoffRule, Rule, RuleForm, RuleList, Sliced } from '@writ/rules';
import { policyFailure } from './bundle';
import { type LocatedRule, placeText, type RuleText } from './rule-text';
import type { Obligation } from './types';

/** A rule made ready: its condition compiled, its obligations resolved. */
export type Entry<R extends Rule = Rule> = R & {
  readonly test: CompiledCondition | null;
  readonly owed: readonly Obligation[];
};

export interface Entries {
  /** Action rules in a row, as `ACTION_FORM` has them. */
  readonly actions: RuleList;
  readonly handoffs: readonly Entry<HandoffRule>[];
}

/** Members of an action rule in a list. */
const SUBJECT = 0;
const OBJECT = 1;
const ACTION = 2;
const RID = 3;
const EFFECT = 4;
const TEST = 5;
const OWED = 6;
const WIDTH = 7;

/** An action rule that was found, for as long as a decision lasts: what is held is the list it was taken from. */
class FoundRule implements Entry<ActionRule> {
  readonly subject: string;
  readonly object: string;
  readonly action: string;
  readonly rid: string;
  readonly effect: ActionRule['effect'];
  readonly test: CompiledCondition | null;
  readonly owed: readonly Obligation[];

  constructor(list: RuleList, at: number, named: Parameters<RuleForm<unknown>['take']>[2]) {
    this.subject = named.subject ?? (list[at + SUBJECT] as string);
    this.object = named.object ?? (list[at + OBJECT] as string);
    this.action = list[at + ACTION] as string;
    this.rid = list[at + RID] as string;
    this.effect = list[at + EFFECT] as ActionRule['effect'];
    this.test = list[at + TEST] as CompiledCondition | null;
    this.owed = list[at + OWED] as readonly Obligation[];
  }

  get section(): 'p' {
    return 'p';
  }

  get condition(): string | null {
    return this.test === null ? null : this.test.id;
  }

  get obligations(): readonly string[] {
    return this.owed.map(({ id }) => id);
  }
}

export const ACTION_FORM: RuleForm<Entry<ActionRule>> = Object.freeze({
  width: WIDTH,
  subject: (list: RuleList, at: number) => list[at + SUBJECT] as string,
  object: (list: RuleList, at: number) => list[at + OBJECT] as string,
  action: (list: RuleList, at: number) => list[at + ACTION] as string,
  take: (list: RuleList, at: number, named: Parameters<RuleForm<unknown>['take']>[2]) => new FoundRule(list, at, named),
});

/** What rules may name. */
export interface KnownNames {
  readonly conditions: ReadonlyMap<string, CompiledCondition>;
  readonly obligations: ReadonlyMap<string, Obligation>;
}

/** Rules made ready between two places where the work may pause. */
const STRIDE = 16;

/** Fails with `unknown_condition` or `unknown_obligation`, and the place. */
export function* makeEntries({ rules }: RuleText, known: KnownNames): Sliced<Result<Entries>> {
  let steps = 0;
  const actions: unknown[] = [];
  const handoffs: Entry<HandoffRule>[] = [];
  for (const located of rules) {
    const { rule } = located;
    const test = rule.condition === null ? null : (known.conditions.get(rule.condition) ?? undefined);
    if (test === undefined) return refuse(unknownName('condition', rule.condition ?? '', located));
    const owed = obligationsOf(located, known.obligations);
    if (!owed.ok) return owed;
    if (rule.section === 'p') {
      // In the order of the names above.
      actions.push(rule.subject, rule.object, rule.action, rule.rid, rule.effect, test, owed.value);
    } else handoffs.push(Object.freeze({ ...rule, test, owed: owed.value }));
    if (++steps % STRIDE === 0) yield;
  }
  // Cut to size: a list that was pushed to has room for half as many more, for as long as the policy is held.
  return ok({ actions: actions.slice(), handoffs });
}

const NO_OBLIGATION: readonly Obligation[] = Object.freeze([]);

function obligationsOf(located: LocatedRule, known: ReadonlyMap<string, Obligation>): Result<readonly Obligation[]> {
  const ids = located.rule.obligations;
  if (ids.length === 0) return NOTHING_OWED;
  const found: Obligation[] = [];
  for (const id of ids) {
    const obligation = known.get(id);
    if (!obligation) return refuse(unknownName('obligation', id, located));
    found.push(obligation);
  }
  return ok(Object.freeze(found));
}

const NOTHING_OWED = ok(NO_OBLIGATION);

function unknownName(what: 'condition' | 'obligation', id: string, located: LocatedRule): Failure {
  const place = placeText(located.place);
  const message = `${place}: the bundle defines no ${what} ${id}.`;
  return { ...policyFailure(`unknown_${what}`, message), details: { place } };
}
