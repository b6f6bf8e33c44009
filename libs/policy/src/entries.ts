import { type Failure, ok, refuse, type Result } from '@writ/kernel';
import type { ActionRule, CompiledCondition, HandoffRule, Rule, RuleList, RuleSource, Sliced } from '@writ/rules';
import { policyFailure } from './bundle';
import { type IdPlace, idIn } from './id-place';
import { type LocatedRule, placeText, type RuleText } from './rule-text';
import type { Obligation } from './types';

/** A rule made ready: its condition compiled, its obligations resolved. */
export type Entry<R extends Rule = Rule> = R & {
  readonly test: CompiledCondition | null;
  readonly owed: readonly Obligation[];
};

export interface Entries {
  readonly actions: RuleSource<Entry<ActionRule>>;
  readonly handoffs: readonly Entry<HandoffRule>[];
}

/** What many rules have in common. One of each is held, so that the one asked is already in the processor's cache. */
interface Kind {
  readonly action: string;
  readonly effect: ActionRule['effect'];
  readonly test: CompiledCondition | null;
  readonly owed: readonly Obligation[];
}

/** Members of an action rule in a list. What every decision reads stands first. */
const ID_AT = 0;
const KIND = 1;
const SUBJECT = 2;
const OBJECT = 3;
const WIDTH = 4;

type Form = RuleSource<Entry<ActionRule>>['form'];
type Named = Parameters<Form['take']>[2];

const kindAt = (list: RuleList, at: number): Kind => list[at + KIND] as Kind;

/** An action rule that was found, for as long as a decision lasts: what is held is the list it was taken from. */
class FoundRule implements Entry<ActionRule> {
  readonly subject: string;
  readonly object: string;
  readonly rid: string;
  readonly effect: ActionRule['effect'];
  readonly test: CompiledCondition | null;
  readonly owed: readonly Obligation[];
  readonly action: string;

  constructor(list: RuleList, at: number, named: Named) {
    const kind = kindAt(list, at);
    this.subject = named.subject ?? (list[at + SUBJECT] as string);
    this.object = named.object ?? (list[at + OBJECT] as string);
    this.rid = idIn(named.text, list[at + ID_AT] as IdPlace);
    this.effect = kind.effect;
    this.test = kind.test;
    this.owed = kind.owed;
    this.action = kind.action;
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

const FORM: Form = Object.freeze({
  width: WIDTH,
  action: (list: RuleList, at: number) => kindAt(list, at).action,
  take: (list: RuleList, at: number, named: Named) => new FoundRule(list, at, named),
});

/** The action rules of one policy as they are written. */
class WrittenRules implements RuleSource<Entry<ActionRule>> {
  readonly form = FORM;
  readonly #rules: ActionRule[] = [];
  readonly #located: LocatedRule[] = [];
  readonly #kinds: Kind[] = [];

  add(rule: ActionRule, located: LocatedRule, kind: Kind): void {
    this.#rules.push(rule);
    this.#located.push(located);
    this.#kinds.push(kind);
  }

  get count(): number {
    return this.#rules.length;
  }

  subject(i: number): string {
    return this.#rules[i]!.subject;
  }

  object(i: number): string {
    return this.#rules[i]!.object;
  }

  action(i: number): string {
    return this.#rules[i]!.action;
  }

  put(i: number, list: unknown[], at: number): void {
    const { subject, object } = this.#rules[i]!;
    list[at + ID_AT] = this.#located[i]!.idAt;
    list[at + KIND] = this.#kinds[i];
    list[at + SUBJECT] = subject;
    list[at + OBJECT] = object;
  }
}

/** By effect, then by action. */
type ByEffect = { readonly [E in ActionRule['effect']]: Map<string, Kind> };
const noKind = (): ByEffect => ({ allow: new Map<string, Kind>(), deny: new Map<string, Kind>() });

/** Kinds of rules that owe nothing, by condition, for all policies of the process; so many of each at most. */
const common = new WeakMap<CompiledCondition, ByEffect>();
const unconditional = noKind();
const MOST_COMMON = 64;

function commonTo(test: CompiledCondition | null): ByEffect {
  const held = test === null ? unconditional : common.get(test);
  if (held !== undefined) return held;
  const none = noKind();
  common.set(test!, none);
  return none;
}

/** Kinds of rules of one policy, by condition and by obligations. */
class Kinds {
  readonly #plain = new Map<CompiledCondition | null, ByEffect>();
  readonly #owing = new Map<CompiledCondition | null, Map<readonly Obligation[], ByEffect>>();

  of({ action, effect }: ActionRule, test: CompiledCondition | null, owed: readonly Obligation[]): Kind {
    const kinds = (owed === NO_OBLIGATION ? this.#without(test) : this.#with(test, owed))[effect];
    const held = kinds.get(action);
    if (held !== undefined) return held;
    const kind = Object.freeze({ action, effect, test, owed });
    if (owed !== NO_OBLIGATION || kinds.size < MOST_COMMON) kinds.set(action, kind);
    return kind;
  }

  #without(test: CompiledCondition | null): ByEffect {
    let kinds = this.#plain.get(test);
    if (kinds === undefined) this.#plain.set(test, (kinds = commonTo(test)));
    return kinds;
  }

  #with(test: CompiledCondition | null, owed: readonly Obligation[]): ByEffect {
    let byOwed = this.#owing.get(test);
    if (byOwed === undefined) this.#owing.set(test, (byOwed = new Map<readonly Obligation[], ByEffect>()));
    let kinds = byOwed.get(owed);
    if (kinds === undefined) byOwed.set(owed, (kinds = noKind()));
    return kinds;
  }
}

/** What rules may name. */
export interface KnownNames {
  readonly conditions: ReadonlyMap<string, CompiledCondition>;
  readonly obligations: ReadonlyMap<string, Obligation>;
}

/** Rules made ready between two places where the work may pause. */
const STRIDE = 256;

/** Fails with `unknown_condition` or `unknown_obligation`, and the place. */
export function* makeEntries({ rules }: RuleText, known: KnownNames): Sliced<Result<Entries>> {
  let steps = 0;
  const kinds = new Kinds();
  const obligations = new Map<string, readonly Obligation[]>();
  const actions = new WrittenRules();
  const handoffs: Entry<HandoffRule>[] = [];
  for (let i = 0; i < rules.length; i++) {
    const located = rules[i]!;
    const { rule } = located;
    const test = rule.condition === null ? null : (known.conditions.get(rule.condition) ?? undefined);
    if (test === undefined) return refuse(unknownName('condition', rule.condition ?? '', located));
    let owed: readonly Obligation[] | undefined = NO_OBLIGATION;
    if (rule.obligations.length > 0) {
      const listed = rule.obligations.join('|');
      owed = obligations.get(listed);
      if (owed === undefined) {
        const found = obligationsOf(located, known.obligations);
        if (!found.ok) return found;
        obligations.set(listed, (owed = found.value));
      }
    }
    if (rule.section === 'p') actions.add(rule, located, kinds.of(rule, test, owed));
    else handoffs.push(Object.freeze({ ...rule, test, owed }));
    if (++steps % STRIDE === 0) yield;
  }
  return ok({ actions, handoffs });
}

const NO_OBLIGATION: readonly Obligation[] = Object.freeze([]);

function obligationsOf(located: LocatedRule, known: ReadonlyMap<string, Obligation>): Result<readonly Obligation[]> {
  const found: Obligation[] = [];
  for (const id of located.rule.obligations) {
    const obligation = known.get(id);
    if (!obligation) return refuse(unknownName('obligation', id, located));
    found.push(obligation);
  }
  return ok(Object.freeze(found));
}

function unknownName(what: 'condition' | 'obligation', id: string, located: LocatedRule): Failure {
  const place = placeText(located.place);
  const message = `${place}: the bundle defines no ${what} ${id}.`;
  return { ...policyFailure(`unknown_${what}`, message), details: { place } };
}
