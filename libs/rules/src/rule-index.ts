import { actionPatterns } from './action-patterns';
import type { Sliced } from './closure';
import { CROWDED, type Layout, layOut, type Others } from './lay-out';
import { beginLookUp, countOf, endLookUp, findName, firstOf, type LookUp, restOf } from './name-table';
import { isPattern } from './names';
import { entryOf, type Places, REACH, reachOf, rowOf } from './places';
import type { Closures } from './placing';
import type { ActionRule } from './rule';
import { homeOf, type Named, ownRoom, type RuleForm, type RuleList, WholeRules } from './rule-list';

/** A rule found for a request, and by which of its names. */
export interface Candidate<E> {
  readonly entry: E;
  /** The asker itself, or a role asserted for it. */
  readonly via: string;
  /** Of an action rule, the object as it was asked about; null of a handoff rule. */
  readonly object: string | null;
  /** Of an action rule: whether `via` is in the rule's subject, and the object in the rule's, as the closures say. */
  readonly inRole: boolean;
  readonly inClass: boolean;
}

/** A search that was begun. */
export interface Begun {
  readonly object: string;
  readonly asker: string;
  readonly ofObject: LookUp;
  readonly ofAsker: LookUp;
  /** Where rules about the object most likely stand, begun to be read at both ends of two of them. */
  readonly near: unknown;
  readonly far: unknown;
}

/**
 * Which action rules can match a request. Objects and subjects are looked up by name; what was found of them is compared
 * by number. Whoever has more to say of a policy adds it to this very object: one beside it would be waited for too.
 *
 * INVARIANT: never omits a rule that Casbin's matcher would accept; the differential property holds it to that. Rules
 * it offers in excess cost time only, since Casbin has the last word on each.
 */
export class ActionIndex<E extends ActionRule> {
  // What every question reads stands first, numbers among it and no object that would have to be looked for.
  readonly #words: Int32Array;
  readonly #objectsAt: number;
  readonly #objectCells: number;
  readonly #subjectsAt: number;
  readonly #subjectCells: number;
  readonly #homes: number;
  readonly #list: RuleList;
  readonly #listAt: number;
  readonly #form: RuleForm<E>;
  /** The policy's own text, for those of its rules' members that are places in it. */
  protected readonly text: string;
  readonly #others: Others;

  protected constructor(layout: Layout<E>, text = '') {
    const { words, objects, subjects, homes, room, members, form, others } = layout;
    this.#words = words;
    this.#objectsAt = objects.at;
    this.#objectCells = objects.cells;
    this.#subjectsAt = subjects.at;
    this.#subjectCells = subjects.cells;
    this.#homes = homes;
    this.#list = room.list;
    this.#listAt = room.at;
    this.#form = form;
    this.text = text;
    this.#others = others;
    ownRoom(this, { ...room, count: members });
  }

  static *build<E extends ActionRule>(entries: Iterable<E>, closures: Closures): Sliced<ActionIndex<E>> {
    const index = new ActionIndex<E>(yield* layOut(new WholeRules(Array.from(entries)), closures));
    Object.freeze(index);
    return index;
  }

  /**
   * Begins to look for an object and for whoever is asked about first, '' for nobody: each is a wait for memory where a
   * process holds many policies, and so is the rule, which most likely stands where the object's name says. Whoever
   * begins early has other things to do meanwhile.
   */
  begin(object: string, asker: string): Begun {
    const words = this.#words;
    const list = this.#list;
    const ofObject = beginLookUp(words, { at: this.#objectsAt, cells: this.#objectCells }, object);
    const ofAsker = beginLookUp(words, { at: this.#subjectsAt, cells: this.#subjectCells }, asker);
    const { width } = this.#form;
    const at = this.#listAt + homeOf(ofObject.hash, this.#homes) * width;
    return { object, asker, ofObject, ofAsker, near: list[at], far: list[at + 2 * width - 1] };
  }

  /** The places of one action on one object: the same for every subject that is asked about it. */
  places(action: string, object: string, asker = ''): Places {
    return this.placesOf(action, this.begin(object, asker));
  }

  placesOf(action: string, { object, asker, ofObject, ofAsker }: Begun): Places {
    const words = this.#words;
    if (this.#homes === 0) return { ...NOWHERE, action, object, words };
    const named = endLookUp(words, ofObject, object);
    const groups = asker === '' ? 0 : endLookUp(words, ofAsker, asker);
    const record = named === -1 ? this.#others.objects.of(object) : named;
    const count = firstOf(words, record);
    if (count === CROWDED) return this.#others.crowded!.places(action, object);
    return {
      action,
      object,
      words,
      at: restOf(words, record),
      count,
      long: NONE,
      next: null,
      asker,
      groups: groups === -1 ? this.#others.subjects.of(asker) : groups,
    };
  }

  /** Rules in these places for a subject that goes by any of `names`, each once. */
  candidates(places: Places, names: readonly string[]): readonly Candidate<E>[] {
    const { count, long } = places;
    if (count === 0 && long.length === 0) return NONE;
    // One name meets a rule once; several may meet the same one.
    const met = names.length === 1 ? null : new Set<number>();
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
    const unnamed = { text: this.text, subject: null, object: null };
    for (let i = 0; i < count; i++) {
      const number = entryOf(words[at + 2 * i + 1]!);
      if (isAbout(this.#actionOf(number), action)) yield this.#take(number, unnamed);
    }
    for (const { bySubject } of long) {
      for (const numbers of bySubject.values()) for (const number of numbers) yield this.#take(number, unnamed);
    }
  }

  /** Where the record of a subject is. */
  #groups(name: string): number {
    const named = findName(this.#words, { at: this.#subjectsAt, cells: this.#subjectCells }, name);
    return named === -1 ? this.#others.subjects.of(name) : named;
  }

  #actionOf(number: number): string {
    return this.#form.action(this.#list, this.#listAt + number * this.#form.width);
  }

  #take(number: number, named: Named): E {
    return this.#form.take(this.#list, this.#listAt + number * this.#form.width, named);
  }

  #searchRows(search: Search<E>): void {
    const { places } = search;
    const { action, words, count } = places;
    for (let i = 0, at = places.at; i < count; i++, at += 2) {
      const position = this.#position(search.groups, words[at]!);
      if (position === -1) continue;
      const row = words[at + 1]!;
      if (isAbout(this.#actionOf(entryOf(row)), action)) this.#meet(search, row, position);
    }
  }

  #searchLong(search: Search<E>): void {
    const words = this.#words;
    const { groups } = search;
    const first = restOf(words, groups);
    const count = countOf(words, groups);
    for (const { reach, bySubject } of search.places.long) {
      for (let position = 0; position < count; position++) {
        for (const number of bySubject.get(words[first + position]!) ?? NONE) {
          this.#meet(search, rowOf(number, reach), position);
        }
      }
    }
  }

  /** Where a subject's number stands in a record of groups; -1 where it does not. */
  #position(groups: number, subject: number): number {
    const words = this.#words;
    const first = restOf(words, groups);
    const end = first + countOf(words, groups);
    for (let at = first; at < end; at++) if (words[at] === subject) return at - first;
    return -1;
  }

  /** `position` is that of the rule's subject among the groups of the name: 0 for the name itself. */
  #meet(search: Search<E>, row: number, position: number): void {
    const { places, met, via, groups } = search;
    const number = entryOf(row);
    if (met !== null) {
      if (met.has(number)) return;
      met.add(number);
    }
    const { object } = places;
    // Texts that were just compared stand for the rule's own, which nobody has looked at yet.
    const { text } = this;
    const named = { text, subject: position === 0 ? via : null, object: reachOf(row) === REACH.itself ? object : null };
    const candidate = {
      entry: this.#take(number, named),
      via,
      object,
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
  readonly met: Set<number> | null;
  found: Candidate<E>[] | null;
  via: string;
  /** The record of the name's groups. */
  groups: number;
}

const isAbout = (written: string, action: string): boolean =>
  written === action || (isPattern(written) && actionPatterns(action).includes(written));

const NONE: readonly never[] = Object.freeze([]);
const NOWHERE = { at: 0, count: 0, long: NONE, next: null, asker: '', groups: 0 } as const;
