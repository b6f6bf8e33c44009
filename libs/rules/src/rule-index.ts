import { actionPatterns } from './action-patterns';
import type { Sliced } from './closure';
import type { CrowdedPlaces } from './crowded-places';
import { type Closures, CROWDED, type Layout, layOut } from './lay-out';
import { beginLookUp, endLookUp, findName, firstOf, restOf, secondOf, type Table } from './name-table';
import { isPattern } from './names';
import { entryOf, type Places, REACH, reachOf, rowOf } from './places';
import type { Chains } from './prefixes';
import type { ActionRule } from './rule';

/** A rule found for a request, and by which of its names. */
export interface Candidate<E> {
  readonly entry: E;
  /** The asker itself, or a role asserted for it; the rule's own text where it names it, which is then free to compare. */
  readonly via: string;
  /** Of an action rule, the object, likewise; null of a handoff rule. */
  readonly object: string | null;
  /** Of an action rule: whether `via` is in the rule's subject, and the object in the rule's, as the closures say. */
  readonly inRole: boolean;
  readonly inClass: boolean;
}

/**
 * Which action rules can match a request. Objects and subjects are looked up by name; what was found of them is compared
 * by number.
 *
 * INVARIANT: never omits a rule that Casbin's matcher would accept; the differential property holds it to that. Rules
 * it offers in excess cost time only, since Casbin has the last word on each.
 */
export class ActionIndex<E extends ActionRule> {
  // What every question reads stands first: it is then in one line of the processor's cache, or two.
  readonly #words: Int32Array;
  readonly #objects: Table;
  readonly #subjects: Table;
  readonly #entries: readonly E[];
  readonly #otherSubjects: Chains;
  readonly #otherObjects: Chains;
  readonly #crowded: CrowdedPlaces | null;

  private constructor({ words, objects, subjects, entries, otherSubjects, otherObjects, crowded }: Layout<E>) {
    this.#words = words;
    this.#objects = objects;
    this.#subjects = subjects;
    this.#entries = entries;
    this.#otherSubjects = otherSubjects;
    this.#otherObjects = otherObjects;
    this.#crowded = crowded;
  }

  static *build<E extends ActionRule>(entries: Iterable<E>, closures: Closures): Sliced<ActionIndex<E>> {
    const index = new ActionIndex(yield* layOut(entries, closures));
    Object.freeze(index);
    return index;
  }

  /**
   * The places of one action on one object: the same for every subject that is asked about it. `asker` is who is asked
   * about first: both names are looked up at once, since each is a wait for memory where a process holds many policies.
   */
  places(action: string, object: string, asker = ''): Places {
    const words = this.#words;
    const ofObject = beginLookUp(words, this.#objects, object);
    const ofAsker = beginLookUp(words, this.#subjects, asker);
    // Read here, although a policy without such rules is rare: the list is then at hand when a rule is taken from it.
    if (this.#entries.length === 0) return { ...NOWHERE, action, object, words };
    const named = endLookUp(words, ofObject, object);
    const groups = asker === '' ? 0 : endLookUp(words, ofAsker, asker);
    const record = named === -1 ? this.#otherObjects.of(object) : named;
    const count = firstOf(words, record);
    if (count === CROWDED) return this.#crowded!.places(action, object);
    return {
      action,
      object,
      words,
      at: restOf(words, record),
      count,
      long: NONE,
      next: null,
      asker,
      groups: groups === -1 ? this.#otherSubjects.of(asker) : groups,
    };
  }

  /** Rules in these places for a subject that goes by any of `names`, each once. */
  candidates(places: Places, names: readonly string[]): readonly Candidate<E>[] {
    const { count, long } = places;
    if (count === 0 && long.length === 0) return NONE;
    // One name meets a rule once; several may meet the same one.
    const met = names.length === 1 ? null : new Set<E>();
    const search: Search<E> = { places, met, found: null, via: '', groups: 0 };
    for (const via of names) {
      search.via = via;
      search.groups = places.groups !== 0 && via === places.asker ? places.groups : this.#groups(via);
      this.#searchRows(search);
      if (long.length > 0) this.#searchLong(search);
    }
    return search.found ?? NONE;
  }

  /** Every rule in these places, whoever its subject is: what a near miss is looked for among. */
  *around({ action, words, at, count, long }: Places): Generator<E, void, void> {
    for (let i = 0; i < count; i++) {
      const entry = this.#entries[entryOf(words[at + 2 * i + 1]!)]!;
      if (isAbout(entry, action)) yield entry;
    }
    for (const { bySubject } of long) {
      for (const numbers of bySubject.values()) for (const number of numbers) yield this.#entries[number]!;
    }
  }

  /** Where the record of a subject is. */
  #groups(name: string): number {
    const named = findName(this.#words, this.#subjects, name);
    return named === -1 ? this.#otherSubjects.of(name) : named;
  }

  #searchRows(search: Search<E>): void {
    const { places } = search;
    const { action, words, count } = places;
    for (let i = 0, at = places.at; i < count; i++, at += 2) {
      const position = this.#position(search.groups, words[at]!);
      if (position === -1) continue;
      const row = words[at + 1]!;
      const entry = this.#entries[entryOf(row)]!;
      if (isAbout(entry, action)) this.#meet(search, { entry, row, position });
    }
  }

  #searchLong(search: Search<E>): void {
    const words = this.#words;
    const { groups } = search;
    const first = restOf(words, groups);
    const count = secondOf(words, groups);
    for (const { reach, bySubject } of search.places.long) {
      for (let position = 0; position < count; position++) {
        for (const number of bySubject.get(words[first + position]!) ?? NONE) {
          this.#meet(search, { entry: this.#entries[number]!, row: rowOf(number, reach), position });
        }
      }
    }
  }

  /** Where a subject's number stands in a record of groups; -1 where it does not. */
  #position(groups: number, subject: number): number {
    const words = this.#words;
    const first = restOf(words, groups);
    const end = first + secondOf(words, groups);
    for (let at = first; at < end; at++) if (words[at] === subject) return at - first;
    return -1;
  }

  #meet(search: Search<E>, { entry, row, position }: Meeting<E>): void {
    const { places, met, via, groups } = search;
    if (met !== null) {
      if (met.has(entry)) return;
      met.add(entry);
    }
    const candidate = {
      entry,
      via: position === 0 ? entry.subject : via,
      object: reachOf(row) === REACH.itself ? entry.object : places.object,
      inRole: position < firstOf(this.#words, groups),
      inClass: reachOf(row) !== REACH.pattern,
    };
    // A list that is pushed to has room for sixteen more at once; most of these hold one.
    if (search.found === null) search.found = [candidate];
    else search.found.push(candidate);
  }
}

/** A search among places, for one name after the other. */
interface Search<E> {
  readonly places: Places;
  readonly met: Set<E> | null;
  found: Candidate<E>[] | null;
  via: string;
  /** The record of the name's groups. */
  groups: number;
}

interface Meeting<E> {
  readonly entry: E;
  readonly row: number;
  /** Of the entry's subject among the name's groups: 0 for the name itself. */
  readonly position: number;
}

const isAbout = ({ action: written }: ActionRule, action: string): boolean =>
  written === action || (isPattern(written) && actionPatterns(action).includes(written));

const NONE: readonly never[] = Object.freeze([]);
const NOWHERE = { at: 0, count: 0, long: NONE, next: null, asker: '', groups: 0 } as const;
