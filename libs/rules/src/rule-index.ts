import type { Closure, Sliced } from './closure';
import { covers, isPattern } from './names';
import type { ActionRule, HandoffRule } from './rule';

/** A rule found for a request, and the name it was reached by: the asker itself, or a role asserted for it. */
export interface Candidate<E> {
  readonly entry: E;
  readonly via: string;
}

/** Lengths of the prefixes that patterns use, so that a name is cut only where some pattern ends. */
class Prefixes {
  #lengths: readonly number[] = [];

  note(pattern: string): void {
    const length = pattern.length - 1;
    if (isPattern(pattern) && !this.#lengths.includes(length)) this.#lengths = [...this.#lengths, length];
  }

  /** `names`, and every pattern in use that covers the first of them. */
  with(names: readonly string[]): readonly string[] {
    if (this.#lengths.length === 0) return names;
    const name = names[0]!;
    const all = [...names];
    for (const length of this.#lengths) {
      if (length === 0) all.push('*');
      else if (length <= name.length) all.push(`${name.slice(0, length)}*`);
    }
    return all;
  }
}

/**
 * The rules about one action on one object, wherever in the index they stand: a few in one list, subject before rule,
 * those of crowded places in maps. One object and one list, since every further one is another wait for memory when a
 * process holds many policies.
 */
export interface Places<E> {
  readonly action: string;
  /** The object's name, as its rules hold it where any does: comparing it with theirs is then free. */
  readonly object: string;
  readonly rows: readonly (string | E)[];
  readonly long: readonly ReadonlyMap<string, readonly E[]>[];
  /** The same object under another action. */
  readonly next: Places<E> | null;
}

type ByObject<E> = Map<string, E[]>;

/** Rules up to which a place is searched from end to end, which is faster than hashing; a longer one gets a map. */
const SHORT = 8;
/** Rules placed between two points where the work may pause. */
const STRIDE = 16;
/** Objects whose places are remembered; for others they are worked out anew. */
const REMEMBERED = 4_096;

/**
 * Which action rules can match a request: action → object, class or prefix → subject, role or prefix → rules. Maps nest
 * instead of joining keys, so no separator can be forged.
 *
 * INVARIANT: never omits a rule that Casbin's matcher would accept; the differential property holds it to that. Rules
 * it offers in excess cost time only, since Casbin has the last word on each.
 */
export class ActionIndex<E extends ActionRule> {
  readonly #actions = new Map<string, ByObject<E>>();
  readonly #long = new Map<readonly E[], Map<string, E[]>>();
  readonly #known = new Map<string, Places<E>>();
  readonly #objectPrefixes = new Prefixes();
  readonly #subjectPrefixes = new Prefixes();
  readonly #roles: Closure;
  readonly #classes: Closure;

  private constructor(roles: Closure, classes: Closure) {
    this.#roles = roles;
    this.#classes = classes;
  }

  static *build<E extends ActionRule>(
    entries: Iterable<E>,
    closures: { readonly roles: Closure; readonly classes: Closure },
  ): Sliced<ActionIndex<E>> {
    const index = new ActionIndex<E>(closures.roles, closures.classes);
    let steps = 0;
    for (const entry of entries) {
      index.#add(entry);
      if (++steps % STRIDE === 0) yield;
    }
    Object.freeze(index);
    return index;
  }

  #add(entry: E): void {
    const { action, object, subject } = entry;
    this.#objectPrefixes.note(object);
    this.#subjectPrefixes.note(subject);
    const byObject = child(this.#actions, action, () => new Map<string, E[]>());
    const place = byObject.get(object);
    if (!place) {
      // Most places hold one rule: a list made with it takes a tenth of the room of a list it is pushed to.
      byObject.set(object, [entry]);
      return;
    }
    place.push(entry);
    if (place.length === SHORT + 1)
      this.#long.set(
        place,
        Map.groupBy(place, (one) => one.subject),
      );
    else if (place.length > SHORT) child(this.#long.get(place)!, subject, (): E[] => []).push(entry);
  }

  /** The places of one action on one object: the same for every subject that is asked about it. */
  places(action: string, object: string): Places<E> {
    const first = this.#known.get(object);
    for (let places = first ?? null; places !== null; places = places.next) {
      if (places.action === action) return places;
    }
    const found = this.#find(action, object, first ?? null);
    // Not a verdict: what is remembered depends on the policy alone, and is forgotten with it.
    if (first || this.#known.size < REMEMBERED) this.#known.set(object, found);
    return found;
  }

  #find(action: string, object: string, next: Places<E> | null): Places<E> {
    let held = object;
    const rows: (string | E)[] = [];
    const long: Map<string, E[]>[] = [];
    const keys = this.#objectPrefixes.with(this.#classes.names(object));
    for (const pattern of actionPatterns(action)) {
      const byObject = this.#actions.get(pattern);
      if (!byObject) continue;
      for (const key of keys) {
        const place = byObject.get(key);
        if (place && key === object) held = place[0]!.object;
        const map = place && this.#long.get(place);
        if (map) long.push(map);
        else for (const entry of place ?? NONE) rows.push(entry.subject, entry);
      }
    }
    return { action, object: held, rows: rows.slice(), long: long.length === 0 ? NONE : long, next };
  }

  /** Rules in these places for a subject that goes by any of `names`, each once. */
  candidates({ rows, long }: Places<E>, names: readonly string[]): Candidate<E>[] {
    const found: Candidate<E>[] = [];
    if (rows.length === 0 && long.length === 0) return found;
    // One name meets a rule once; several may meet the same one.
    const met = names.length === 1 ? null : new Set<E>();
    for (const via of names) {
      const keys = this.#subjectPrefixes.with(this.#roles.names(via));
      for (let i = 0; i < rows.length; i += 2) {
        if (keys.includes(rows[i] as string)) add({ found, met, entry: rows[i + 1] as E, via });
      }
      for (const map of long) {
        for (const key of keys) for (const entry of map.get(key) ?? NONE) add({ found, met, entry, via });
      }
    }
    return found;
  }

  /** Every rule in these places, whoever its subject is: what a near miss is looked for among. */
  *around(places: Places<E>): Generator<E, void, void> {
    for (let i = 1; i < places.rows.length; i += 2) yield places.rows[i] as E;
    for (const map of places.long) for (const entries of map.values()) yield* entries;
  }
}

/** The action itself, its group (`run.*`) and everything (`*`): the only patterns a rule may write. */
export function actionPatterns(action: string): readonly string[] {
  let patterns = PATTERNS.get(action);
  // Only words that are actions get here often; the bound keeps a caller's other words from piling up.
  if (!patterns) {
    patterns = patternsOf(action);
    if (PATTERNS.size < 256) PATTERNS.set(action, patterns);
  }
  return patterns;
}

const PATTERNS = new Map<string, readonly string[]>();

function patternsOf(action: string): readonly string[] {
  const dot = action.indexOf('.');
  return dot === -1 ? [action, '*'] : [action, `${action.slice(0, dot)}.*`, '*'];
}

function child<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

interface Meeting<E> extends Candidate<E> {
  readonly found: Candidate<E>[];
  readonly met: Set<E> | null;
}

function add<E>({ found, met, entry, via }: Meeting<E>): void {
  if (met?.has(entry)) return;
  met?.add(entry);
  found.push({ entry, via });
}

const NONE: readonly never[] = [];

/** Which handoff rules can match a handoff: source → target → rules, both through their roles. */
export class HandoffIndex<E extends HandoffRule> {
  readonly #sources = new Map<string, Map<string, E[]>>();
  readonly #roles: Closure;

  private constructor(roles: Closure) {
    this.#roles = roles;
  }

  static *build<E extends HandoffRule>(entries: Iterable<E>, roles: Closure): Sliced<HandoffIndex<E>> {
    const index = new HandoffIndex<E>(roles);
    let steps = 0;
    for (const entry of entries) {
      const targets = child(index.#sources, entry.source, () => new Map<string, E[]>());
      const held = targets.get(entry.target);
      if (held) held.push(entry);
      else targets.set(entry.target, [entry]);
      if (++steps % STRIDE === 0) yield;
    }
    Object.freeze(index);
    return index;
  }

  /** Rules from `source` to `target`; with `purpose` null, for whatever purpose. */
  candidates(source: string, target: string, purpose: string | null): Candidate<E>[] {
    const found: Candidate<E>[] = [];
    for (const from of [...this.#roles.names(source), '*']) {
      const targets = this.#sources.get(from);
      if (!targets) continue;
      for (const to of [...this.#roles.names(target), '*']) {
        for (const entry of targets.get(to) ?? NONE) {
          if (purpose === null || covers(entry.purpose, purpose)) found.push({ entry, via: source });
        }
      }
    }
    return found;
  }

  /** Every rule into `target`, whoever its source is. */
  *around(target: string): Generator<E, void, void> {
    for (const targets of this.#sources.values()) {
      for (const to of [...this.#roles.names(target), '*']) yield* targets.get(to) ?? NONE;
    }
  }
}
