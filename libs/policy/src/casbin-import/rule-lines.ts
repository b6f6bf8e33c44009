import type { Json } from '@writ/kernel';
import { nameProblem, TENANT_COLUMN } from '@writ/rules';
import { ClauseWriter, Conditions } from './clauses';
import type { Verdict } from './effects';
import type { ImportNote } from './import-note';
import { type Conjunction, covers, type Literal } from './tests';
import type { World } from './world';

/** What an imported application is called here. */
export interface Types {
  readonly subject: string;
  readonly resource: string;
}

interface Column {
  readonly word: string;
  readonly clauses: readonly Json[];
}

/** Exceptions one denial may have: a condition has so many clauses. */
const MAX_EXCEPTIONS = 60;

/** Writes verdicts as rules, with the conditions they need. */
export class RuleLines {
  readonly conditions = new Conditions();
  /** Attributes of the resource that conditions read. */
  readonly attributes = new Set<string>();
  readonly #lines = new Set<string>();
  readonly #clauses: ClauseWriter;

  constructor(
    private readonly world: World,
    private readonly types: Types,
    private readonly actions: readonly string[],
    /** Sections of links in the order in which they are asked, for each place. */
    private readonly sections: { readonly subject: readonly string[]; readonly object: readonly string[] },
    private readonly note: (verdict: Verdict, kind: ImportNote['kind'], why: string) => void,
  ) {
    this.#clauses = new ClauseWriter(world, types.subject);
  }

  get all(): readonly string[] {
    return [...this.#lines];
  }

  get size(): number {
    return this.#lines.size;
  }

  put(verdict: Verdict): void {
    const actions = this.#actionsOf(verdict.covers);
    const { plain, excepted } = this.#exceptions(verdict, actions);
    if (plain.length > 0) this.#write(verdict, plain, []);
    for (const [clauses, words] of excepted) this.#write(verdict, words, clauses);
  }

  link(place: 'subject' | 'object', section: string): void {
    const kind = place === 'subject' ? 'g' : 'g2';
    for (const [member, group] of this.world.links(section)) {
      const above = this.#group(place, section, group);
      const below = this.world.isGroup(section, member)
        ? this.#group(place, section, member)
        : this.world.member(place, member);
      if (below !== null) this.#line(kind, below, above, TENANT_COLUMN);
      // Whoever goes by a role's own name has it, as in Casbin.
      const called = this.world.member(place, group);
      if (called !== null) this.#line(kind, called, above, TENANT_COLUMN);
    }
  }

  #group(place: 'subject' | 'object', section: string, name: string): string {
    const first = this.sections[place][0] === section;
    return this.world.group(place, first ? '' : `${section}/`, name);
  }

  #line(...columns: readonly string[]): void {
    this.#lines.add(columns.join(', '));
  }

  /** Words of the action column: all, where nothing is asked of the action. */
  #actionsOf(covered: Conjunction): readonly string[] {
    const asked = covered.filter(({ place }) => place === 'action');
    if (asked.length === 0) return ['*'];
    return this.actions.filter((word) =>
      asked.every(({ test, negated }) => {
        const holds =
          test.kind === 'member' ? this.world.membersOf(test.section, test.value).includes(word) : covers(test, word);
        return holds !== negated;
      }),
    );
  }

  /** Actions about which a verdict stands as it is, and those about which earlier allowances limit it. */
  #exceptions(verdict: Verdict, actions: readonly string[]) {
    const excepted = new Map<readonly Json[], readonly string[]>();
    if (verdict.unless.length === 0) return { plain: actions, excepted };
    const byClauses = new Map<string, { readonly clauses: readonly Json[]; readonly words: string[] }>();
    const plain: string[] = [];
    for (const word of actions.includes('*') ? this.actions : actions) {
      const clauses = this.#unless(verdict, word);
      if (clauses === 'never') continue;
      const key = JSON.stringify(clauses);
      const held = byClauses.get(key);
      if (clauses.length === 0) plain.push(word);
      else if (held) held.words.push(word);
      else byClauses.set(key, { clauses, words: [word] });
    }
    for (const { clauses, words } of byClauses.values()) excepted.set(clauses, words);
    return { plain, excepted };
  }

  /** Clauses that keep a denial from what earlier lines allow about this action. */
  #unless(verdict: Verdict, word: string): readonly Json[] | 'never' {
    const clauses: Json[] = [];
    for (const earlier of verdict.unless) {
      if (
        !this.#actionsOf(earlier).some((one) => one === '*' || one === word) ||
        this.#apart(verdict.covers, earlier)
      ) {
        continue;
      }
      const rest = earlier
        .filter(({ place }) => place !== 'action')
        .filter((literal) => !same(literal, verdict.covers));
      if (rest.length === 0) return 'never';
      const parts = rest.map((literal) => this.#clause(literal, verdict));
      if (parts.some((part) => part === null) || clauses.length === MAX_EXCEPTIONS) {
        this.note(
          verdict,
          'stricter',
          'an earlier line that allows the same to some cannot be written as an exception',
        );
        return clauses;
      }
      clauses.push(negation(rest, parts as readonly Json[]));
    }
    return clauses;
  }

  /** Whether two alternatives can never cover one request, as far as names show. */
  #apart(a: Conjunction, b: Conjunction): boolean {
    return (['subject', 'object'] as const).some((place) => {
      const names = [a, b].map((one) => this.#namesOf(one, place));
      const [some, others] = names;
      return some && others && !some.some((name) => others.includes(name));
    });
  }

  /** All names one column may have; null where they are not known. */
  #namesOf(covered: Conjunction, place: 'subject' | 'object'): readonly string[] | null {
    for (const literal of covered) {
      if (literal.place !== place || literal.negated) continue;
      if (literal.test.kind === 'is') return [literal.test.value];
      if (literal.test.kind === 'member') return this.world.membersOf(literal.test.section, literal.test.value);
    }
    return null;
  }

  #write(verdict: Verdict, actions: readonly string[], clauses: readonly Json[]): void {
    const subjects = this.#column(verdict, 'subject');
    const objects = this.#column(verdict, 'object');
    const other = verdict.covers.filter(({ place }) => place === 'none');
    const said = other.map((literal) => this.#clause(literal, verdict)!);
    for (const subject of subjects) {
      for (const object of objects) {
        const condition = this.conditions.put([...subject.clauses, ...object.clauses, ...said, ...clauses]);
        for (const action of actions) {
          this.#line('p', subject.word, TENANT_COLUMN, object.word, action, condition, verdict.effect);
        }
      }
    }
  }

  /** What stands in a rule's column, and as clauses beside it. Several where a name no rule can hold has a role. */
  #column(verdict: Verdict, place: 'subject' | 'object'): readonly Column[] {
    const literals = verdict.covers.filter((literal) => literal.place === place);
    const chosen = PREFERRED.flatMap(
      (kind) => literals.find(({ test, negated }) => !negated && test.kind === kind) ?? [],
    )[0];
    const rest = literals.filter((literal) => literal !== chosen);
    const clauses: Json[] = [];
    for (const literal of rest) {
      const clause = this.#clause(literal, verdict);
      if (clause !== null) clauses.push(clause);
      else {
        this.note(verdict, verdict.effect === 'allow' ? 'left_out' : 'stricter', 'a second role has too many members');
        if (verdict.effect === 'allow') return [];
      }
    }
    const columns = chosen ? this.#chosen(chosen, verdict) : [{ word: this.#everyone(place, rest), clauses: [] }];
    return columns.map(({ word, clauses: own }) => ({ word, clauses: [...own, ...clauses] }));
  }

  #everyone(place: 'subject' | 'object', asked: Conjunction): string {
    if (place === 'object') return `${this.types.resource}:*`;
    return asked.length === 0 ? '*' : `${this.types.subject}:*`;
  }

  #chosen(literal: Literal, verdict: Verdict): readonly Column[] {
    const place = literal.place === 'object' ? 'object' : 'subject';
    const type = this.types[place === 'subject' ? 'subject' : 'resource'];
    const { test } = literal;
    if (test.kind === 'prefix') {
      const word = `${type}:${test.value}*`;
      if (nameProblem(word, true) === null) return [{ word, clauses: [] }];
    }
    if (test.kind === 'member' && this.world.isGroup(test.section, test.value)) {
      const named = { word: this.#group(place, test.section, test.value), clauses: [] };
      const others = this.world
        .membersOf(test.section, test.value)
        .filter((name) => this.world.member(place, name) === null);
      return [
        named,
        ...others.flatMap((value) => this.#chosen({ place, test: { kind: 'is', value }, negated: false }, verdict)),
      ];
    }
    if (test.kind === 'is' || test.kind === 'member') {
      const word = this.world.member(place, test.value);
      if (word !== null) return [{ word, clauses: [] }];
      const is: Literal = { place, test: { kind: 'is', value: test.value }, negated: false };
      return [{ word: `${type}:*`, clauses: [this.#clause(is, verdict)!] }];
    }
    return [{ word: `${type}:*`, clauses: [this.#clause(literal, verdict)!] }];
  }

  #clause(literal: Literal, verdict: Verdict): Json | null {
    if (literal.test.kind === 'member') this.note(verdict, 'noted', WRITTEN_OUT);
    if (literal.test.kind === 'clause') for (const name of literal.test.attributes) this.attributes.add(name);
    return this.#clauses.clause(literal);
  }
}

const WRITTEN_OUT = 'a role is written out as its present members, so whoever joins it later is not meant';

const PREFERRED = ['member', 'is', 'prefix'] as const;

const same = (literal: Literal, covered: Conjunction): boolean =>
  covered.some((other) => JSON.stringify(other) === JSON.stringify(literal));

function negation(literals: readonly Literal[], parts: readonly Json[]): Json {
  const [only] = literals;
  if (literals.length === 1 && only!.test.kind === 'is' && !only!.negated) {
    const [operand, value] = (parts[0] as { readonly eq: readonly [Json, Json] }).eq;
    return { ne: [operand, value] };
  }
  return { not: parts.length === 1 ? parts[0]! : { all: parts } };
}
