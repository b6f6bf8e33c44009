import type { Sliced } from './closure';
import { CrowdedPlaces } from './crowded-places';
import { type Table, TableDraft } from './name-table';
import { isPattern } from './names';
import { MOST_ROWS, REACH, type Reach, rowOf, SHORT } from './places';
import { actionIn, type Closures, type Placed, placeRules } from './placing';
import { Chains, type Prefixes } from './prefixes';
import type { Room, RuleForm, RuleSource } from './rule-list';

/**
 * The action rules of one policy, laid out to be asked. A record of an object says how many rows it has, or `CROWDED`,
 * and holds them; a record of a subject says how many groups it is in, itself first, and holds their numbers, then those of
 * the patterns that cover it.
 */
export interface Layout<E> {
  readonly form: RuleForm<E>;
  readonly room: Room;
  readonly members: number;
  /** Places that names of objects lead to, as `homeOf` has it; 0 where there is no rule. */
  readonly homes: number;
  readonly words: Int32Array;
  readonly objects: Table;
  readonly subjects: Table;
  readonly others: Others;
}

/** What only few questions come to. */
export interface Others {
  /** Where records of names are that no rule and no link names. */
  readonly objects: Chains;
  readonly subjects: Chains;
  /** Null where no object is. */
  readonly crowded: CrowdedPlaces | null;
}

/** In place of a number of rows: the rules stand elsewhere. */
export const CROWDED = -1;
/** In place of a subject's number where no rule is about it. */
const NOBODY = -1;

/** Names and rules handled between two places where the work may pause. */
const STRIDE = 128;

// Lists are walked by index here: a policy is built while its code is new, when each step of an iterator is an object.
export function* layOut<E>(source: RuleSource<E>, closures: Closures): Sliced<Layout<E>> {
  const policy = yield* placeRules(source, closures);
  const draft = new TableDraft();
  const crowds = new Set<string>();
  const objects = yield* layObjects(policy, draft, crowds);
  const subjects = yield* laySubjects(policy, draft);
  const { words, tables, unnamed } = yield* draft.settle();
  const others = {
    objects: chainsOf(policy.objectPrefixes, objects, unnamed),
    subjects: chainsOf(policy.subjectPrefixes, subjects, unnamed),
    crowded: crowds.size === 0 ? null : yield* crowdOf(policy, crowds),
  };
  const { form, room, members, homes } = policy;
  return { form, room, members, homes, words, objects: tables[0]!, subjects: tables[1]!, others };
}

/** A policy whose rules stand in their places, whatever they are. */
type Policy = Placed<unknown>;

/** The rules about any of these objects. */
function* crowdOf(policy: Policy, names: ReadonlySet<string>): Sliced<CrowdedPlaces> {
  const { subjectOf, classes, objectPrefixes, objects } = policy;
  const crowded = new CrowdedPlaces({ subjects: subjectOf, classes, prefixes: objectPrefixes });
  let steps = 0;
  for (const name of names) {
    const object = objects.numbers.get(name);
    if (object === undefined) continue;
    const first = objects.firsts[object]!;
    for (let i = first; i < first + objects.counts[object]!; i++) {
      crowded.add(i, actionIn(policy, i), name);
      if (++steps % STRIDE === 0) yield;
    }
  }
  return crowded;
}

/** Records of patterns, by the pattern without its star, and of names nothing covers; as `TableDraft.begin` tells them. */
interface Unnamed {
  readonly found: ReadonlyMap<string, number>;
  readonly nothing: number;
}

const chainsOf = (prefixes: Prefixes, { found, nothing }: Unnamed, places: readonly number[]): Chains =>
  new Chains(prefixes.lengths(), new Map([...found].map(([prefix, i]) => [prefix, places[i]!])), places[nothing]!);

function* layObjects(policy: Policy, draft: TableDraft, crowds: Set<string>): Sliced<Unnamed> {
  const { objects, classes, objectPrefixes } = policy;
  const rows = new ObjectRows(policy, draft, crowds);
  draft.table();
  let steps = 0;
  for (let own = 0; own < objects.names.length; own++) {
    const name = objects.names[own]!;
    if (!isPattern(name)) rows.add(name, { own, above: classes.above(name), patterns: objectPrefixes.covering(name) });
    if (++steps % STRIDE === 0) yield;
  }
  const members = classes.members();
  for (let i = 0; i < members.length; i++) {
    const name = members[i]!;
    if (objects.numbers.has(name)) continue;
    rows.add(name, { own: undefined, above: classes.above(name), patterns: objectPrefixes.covering(name) });
    if (++steps % STRIDE === 0) yield;
  }
  const found = new Map<string, number>();
  for (let i = 0; i < objects.names.length; i++) {
    const pattern = objects.names[i]!;
    if (!isPattern(pattern)) continue;
    const prefix = pattern.slice(0, -1);
    found.set(prefix, rows.add(null, { own: undefined, above: NONE, patterns: objectPrefixes.covering(prefix) }));
    if (++steps % STRIDE === 0) yield;
  }
  return { found, nothing: rows.add(null, { own: undefined, above: NONE, patterns: NONE }) };
}

const NONE: readonly never[] = [];

/** What speaks of one object: its number where rules name it, its classes, and patterns that may cover it. */
interface Speaking {
  readonly own: number | undefined;
  readonly above: readonly string[];
  readonly patterns: readonly string[];
}

/** Puts down records of objects. */
class ObjectRows {
  /** Numbers of one object's keys in turn, and how they reach it: the first so many of lists that are used again and again. */
  readonly #keys: number[] = [];
  readonly #reaches: Reach[] = [];
  #count = 0;
  #total = 0;

  constructor(
    private readonly policy: Policy,
    private readonly draft: TableDraft,
    private readonly crowds: Set<string>,
  ) {}

  add(name: string | null, speaking: Speaking): number {
    const { draft, crowds } = this;
    const start = draft.begin(name, speaking.own === undefined ? null : this.policy.objects.hashes[speaking.own]!);
    if (this.#gather(speaking)) {
      draft.number(this.#total);
      this.#put();
      return start;
    }
    if (name !== null) crowds.add(name);
    for (const key of speaking.above) crowds.add(key);
    for (const key of speaking.patterns) crowds.add(key);
    draft.number(CROWDED);
    return start;
  }

  /** False where they are too many. */
  #gather({ own, above, patterns }: Speaking): boolean {
    const { numbers } = this.policy.objects;
    this.#count = 0;
    this.#total = 0;
    if (!this.#keep(own, REACH.itself)) return false;
    for (let i = 0; i < above.length; i++) if (!this.#keep(numbers.get(above[i]!), REACH.class)) return false;
    for (let i = 0; i < patterns.length; i++) if (!this.#keep(numbers.get(patterns[i]!), REACH.pattern)) return false;
    return true;
  }

  #keep(key: number | undefined, reach: Reach): boolean {
    if (key === undefined) return true;
    const rules = this.policy.objects.counts[key]!;
    this.#keys[this.#count] = key;
    this.#reaches[this.#count++] = reach;
    this.#total += rules;
    return rules <= SHORT && this.#total <= MOST_ROWS;
  }

  /** By action first, whose patterns are few, then by key, then as written. */
  #put(): void {
    const { subjectOf, grouped, objects } = this.policy;
    for (let rank = 0; rank <= (grouped ? 2 : 0); rank++) {
      for (let k = 0; k < this.#count; k++) {
        const key = this.#keys[k]!;
        const first = objects.firsts[key]!;
        for (let i = first; i < first + objects.counts[key]!; i++) {
          if (grouped && rankOf(actionIn(this.policy, i)) !== rank) continue;
          this.draft.push(subjectOf[i]!);
          this.draft.push(rowOf(i, this.#reaches[k]!));
        }
      }
    }
  }
}

/** An action itself, a group of actions, all of them: as `actionPatterns` has them. */
const rankOf = (action: string): number => (isPattern(action) ? (action === '*' ? 2 : 1) : 0);

function* laySubjects({ subjects, numbers, roles, subjectPrefixes }: Policy, draft: TableDraft): Sliced<Unnamed> {
  const putAll = (keys: readonly string[]): number => {
    let count = 0;
    for (let i = 0; i < keys.length; i++) {
      const number = numbers.get(keys[i]!);
      if (number === undefined) continue;
      draft.push(number);
      count += 1;
    }
    return count;
  };
  const add = (name: string | null, own: number, patterns: readonly string[]): number => {
    const start = draft.begin(name);
    draft.push(own);
    const groups = 1 + (name === null ? 0 : putAll(roles.above(name)));
    draft.number(groups);
    putAll(patterns);
    return start;
  };
  draft.table();
  let steps = 0;
  for (let own = 0; own < subjects.length; own++) {
    const name = subjects[own]!;
    if (!isPattern(name)) add(name, own, subjectPrefixes.covering(name));
    if (++steps % STRIDE === 0) yield;
  }
  const members = roles.members();
  for (let i = 0; i < members.length; i++) {
    const name = members[i]!;
    if (!numbers.has(name)) add(name, NOBODY, subjectPrefixes.covering(name));
    if (++steps % STRIDE === 0) yield;
  }
  const found = new Map<string, number>();
  for (let i = 0; i < subjects.length; i++) {
    const pattern = subjects[i]!;
    if (!isPattern(pattern)) continue;
    const prefix = pattern.slice(0, -1);
    found.set(prefix, add(null, NOBODY, subjectPrefixes.covering(prefix)));
    if (++steps % STRIDE === 0) yield;
  }
  return { found, nothing: add(null, NOBODY, NONE) };
}
