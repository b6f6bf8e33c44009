import type { Closure, Sliced } from './closure';
import { CrowdedPlaces } from './crowded-places';
import { hashOf, type Table, TableDraft } from './name-table';
import { isPattern } from './names';
import { MOST_ROWS, REACH, type Reach, rowOf, SHORT } from './places';
import { Chains, Prefixes } from './prefixes';
import { homeOf, placesFor, type RuleForm, type RuleList } from './rule-list';

/** Closures of one policy. */
export interface Closures {
  readonly roles: Closure;
  readonly classes: Closure;
}

/** The action rules of one policy as they are written. */
export interface RuleSource<E> {
  readonly list: RuleList;
  readonly form: RuleForm<E>;
}

/**
 * The action rules of one policy, laid out to be asked. A record of an object says how many rows it has, or `CROWDED`,
 * and holds them; a record of a subject says how many groups it is in, itself first, and how many numbers follow in all:
 * those of the groups, then those of the patterns that cover it.
 */
export interface Layout<E> extends RuleSource<E> {
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
const STRIDE = 16;

export function* layOut<E>(source: RuleSource<E>, closures: Closures): Sliced<Layout<E>> {
  const { policy, list } = yield* placed(source, yield* gather(source, closures));
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
  return { list, form: source.form, words, objects: tables[0]!, subjects: tables[1]!, others };
}

/** The rules about any of these objects. */
function* crowdOf(policy: Gathered, objects: ReadonlySet<string>): Sliced<CrowdedPlaces> {
  const { actionOf, subjectOf, classes, objectPrefixes, byObject } = policy;
  const crowded = new CrowdedPlaces({ subjects: subjectOf, classes, prefixes: objectPrefixes });
  let steps = 0;
  for (const object of objects) {
    for (const i of byObject.get(object) ?? NONE) {
      crowded.add(i, actionOf[i]!, object);
      if (++steps % STRIDE === 0) yield;
    }
  }
  return crowded;
}

/**
 * The same with each rule in a place that the name of its object tells, or soon after: it is then begun to be read
 * together with what says that it is a rule to look at. From here on a rule's number is its place.
 */
function* placed<E>(
  { list, form: { width } }: RuleSource<E>,
  policy: Gathered,
): Sliced<{ readonly policy: Gathered; readonly list: RuleList }> {
  const places = placesFor(policy.subjectOf.length);
  const laid = new Array<unknown>(places * width).fill(null);
  const [subjectOf, actionOf] = [new Array<number>(places).fill(NOBODY), new Array<string>(places).fill('')];
  let steps = 0;
  for (const [object, rules] of policy.byObject) {
    let place = homeOf(hashOf(object), places);
    for (const [i, rule] of rules.entries()) {
      while (actionOf[place] !== '') place = (place + 1) % places;
      for (let j = 0; j < width; j++) laid[place * width + j] = list[rule * width + j];
      subjectOf[place] = policy.subjectOf[rule]!;
      actionOf[place] = policy.actionOf[rule]!;
      rules[i] = place;
      if (++steps % STRIDE === 0) yield;
    }
  }
  return { policy: { ...policy, subjectOf, actionOf }, list: laid };
}

interface Gathered extends Closures {
  /** Subjects as rules write them → their numbers, in order. */
  readonly numbers: ReadonlyMap<string, number>;
  /** Of each rule: its subject's number, and its action. */
  readonly subjectOf: readonly number[];
  readonly actionOf: readonly string[];
  /** Objects as rules write them → numbers of rules. */
  readonly byObject: ReadonlyMap<string, number[]>;
  readonly objectPrefixes: Prefixes;
  readonly subjectPrefixes: Prefixes;
  /** Whether any rule is about a group of actions, or all. */
  readonly grouped: boolean;
}

function* gather<E>({ list, form }: RuleSource<E>, closures: Closures): Sliced<Gathered> {
  const numbers = new Map<string, number>();
  const byObject = new Map<string, number[]>();
  const subjectOf: number[] = [];
  const actionOf: string[] = [];
  const objectPrefixes = new Prefixes();
  const subjectPrefixes = new Prefixes();
  let grouped = false;
  for (let i = 0, at = 0; at < list.length; i++, at += form.width) {
    const subject = form.subject(list, at);
    let number = numbers.get(subject);
    if (number === undefined) {
      numbers.set(subject, (number = numbers.size));
      subjectPrefixes.note(subject);
    }
    subjectOf.push(number);
    const object = form.object(list, at);
    const held = byObject.get(object);
    if (held) held.push(i);
    else {
      byObject.set(object, [i]);
      objectPrefixes.note(object);
    }
    const action = form.action(list, at);
    actionOf.push(action);
    if (isPattern(action)) grouped = true;
    if (i % STRIDE === 0) yield;
  }
  return { numbers, subjectOf, actionOf, byObject, objectPrefixes, subjectPrefixes, grouped, ...closures };
}

/** Records of patterns, by the pattern without its star, and of names nothing covers; as `TableDraft.begin` tells them. */
interface Unnamed {
  readonly found: ReadonlyMap<string, number>;
  readonly nothing: number;
}

const chainsOf = (prefixes: Prefixes, { found, nothing }: Unnamed, places: readonly number[]): Chains =>
  new Chains(prefixes.lengths(), new Map([...found].map(([prefix, i]) => [prefix, places[i]!])), places[nothing]!);

function* layObjects(policy: Gathered, draft: TableDraft, crowds: Set<string>): Sliced<Unnamed> {
  const { byObject, classes, objectPrefixes } = policy;
  const rows = new ObjectRows(policy, draft, crowds);
  draft.table();
  let steps = 0;
  for (const [name, own] of byObject) {
    if (!isPattern(name)) rows.add(name, { own, above: classes.above(name), patterns: objectPrefixes.covering(name) });
    if (++steps % STRIDE === 0) yield;
  }
  for (const name of classes.members()) {
    if (byObject.has(name)) continue;
    rows.add(name, { own: NONE, above: classes.above(name), patterns: objectPrefixes.covering(name) });
    if (++steps % STRIDE === 0) yield;
  }
  const found = new Map<string, number>();
  for (const pattern of byObject.keys()) {
    if (!isPattern(pattern)) continue;
    const prefix = pattern.slice(0, -1);
    found.set(prefix, rows.add(null, { own: NONE, above: NONE, patterns: objectPrefixes.covering(prefix) }));
    if (++steps % STRIDE === 0) yield;
  }
  return { found, nothing: rows.add(null, { own: NONE, above: NONE, patterns: NONE }) };
}

const NONE: readonly never[] = [];

/** What speaks of one object: rules that name it, its classes, and patterns that may cover it. */
interface Speaking {
  readonly own: readonly number[];
  readonly above: readonly string[];
  readonly patterns: readonly string[];
}

/** Puts down records of objects. */
class ObjectRows {
  /** Rules of one object's keys in turn, and how they reach it: the first so many of lists that are used again and again. */
  readonly #lists: (readonly number[])[] = [];
  readonly #reaches: Reach[] = [];
  #count = 0;
  #total = 0;

  constructor(
    private readonly policy: Gathered,
    private readonly draft: TableDraft,
    private readonly crowds: Set<string>,
  ) {}

  add(name: string | null, speaking: Speaking): number {
    const { draft, crowds } = this;
    const start = draft.begin(name);
    if (this.#gather(speaking)) {
      draft.count(this.#total, 0);
      this.#put();
      return start;
    }
    if (name !== null) crowds.add(name);
    for (const key of speaking.above) crowds.add(key);
    for (const key of speaking.patterns) crowds.add(key);
    draft.count(CROWDED, 0);
    return start;
  }

  /** False where they are too many. */
  #gather({ own, above, patterns }: Speaking): boolean {
    const { byObject } = this.policy;
    this.#count = 0;
    this.#total = 0;
    if (!this.#keep(own, REACH.itself)) return false;
    for (const group of above) if (!this.#keep(byObject.get(group) ?? NONE, REACH.class)) return false;
    for (const pattern of patterns) if (!this.#keep(byObject.get(pattern) ?? NONE, REACH.pattern)) return false;
    return true;
  }

  #keep(rules: readonly number[], reach: Reach): boolean {
    if (rules.length === 0) return true;
    this.#lists[this.#count] = rules;
    this.#reaches[this.#count++] = reach;
    this.#total += rules.length;
    return rules.length <= SHORT && this.#total <= MOST_ROWS;
  }

  /** By action first, whose patterns are few, then by key, then as written. */
  #put(): void {
    const { actionOf, subjectOf, grouped } = this.policy;
    for (let rank = 0; rank <= (grouped ? 2 : 0); rank++) {
      for (let k = 0; k < this.#count; k++) {
        for (const i of this.#lists[k]!) {
          if (grouped && rankOf(actionOf[i]!) !== rank) continue;
          this.draft.push(subjectOf[i]!);
          this.draft.push(rowOf(i, this.#reaches[k]!));
        }
      }
    }
  }
}

/** An action itself, a group of actions, all of them: as `actionPatterns` has them. */
const rankOf = (action: string): number => (isPattern(action) ? (action === '*' ? 2 : 1) : 0);

function* laySubjects({ numbers, roles, subjectPrefixes }: Gathered, draft: TableDraft): Sliced<Unnamed> {
  const putAll = (keys: readonly string[]): number => {
    let count = 0;
    for (const key of keys) {
      const number = numbers.get(key);
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
    draft.count(groups, groups + putAll(patterns));
    return start;
  };
  draft.table();
  let steps = 0;
  for (const [name, own] of numbers) {
    if (!isPattern(name)) add(name, own, subjectPrefixes.covering(name));
    if (++steps % STRIDE === 0) yield;
  }
  for (const name of roles.members()) {
    if (!numbers.has(name)) add(name, NOBODY, subjectPrefixes.covering(name));
    if (++steps % STRIDE === 0) yield;
  }
  const found = new Map<string, number>();
  for (const pattern of numbers.keys()) {
    if (!isPattern(pattern)) continue;
    const prefix = pattern.slice(0, -1);
    found.set(prefix, add(null, NOBODY, subjectPrefixes.covering(prefix)));
    if (++steps % STRIDE === 0) yield;
  }
  return { found, nothing: add(null, NOBODY, NONE) };
}
