import type { Closure, Sliced } from './closure';
import { covers, isPattern } from './names';
import type { ActionRule, HandoffRule } from './rule';

/** A rule found for a request, and the name it was reached by: the asker itself, or a role asserted for it. */
export interface Candidate<E> {
  readonly entry: E;
  readonly via: string;
}

type BySubject<E> = Map<string, E[]>;
type ByObject<E> = Map<string, BySubject<E>>;

/** Lengths of the prefixes that patterns use, so that a name is cut only where some pattern ends. */
class Prefixes {
  readonly #lengths = new Set<number>();

  note(pattern: string): void {
    if (isPattern(pattern)) this.#lengths.add(pattern.length - 1);
  }

  /** Every pattern that covers `name` and may stand in the index. */
  push(name: string, into: string[]): void {
    for (const length of this.#lengths) if (length <= name.length) into.push(`${name.slice(0, length)}*`);
  }
}

/**
 * Which action rules can match a request: action → object, class or prefix → subject, role or prefix → rules. Maps nest
 * instead of joining keys, so no separator can be forged.
 *
 * INVARIANT: never omits a rule that Casbin's matcher would accept; the differential property holds it to that. Rules
 * it offers in excess cost time only, since Casbin has the last word on each.
 */
export class ActionIndex<E extends { readonly rule: ActionRule }> {
  readonly #actions = new Map<string, ByObject<E>>();
  readonly #objectPrefixes = new Prefixes();
  readonly #subjectPrefixes = new Prefixes();
  readonly #roles: Closure;
  readonly #classes: Closure;

  private constructor(roles: Closure, classes: Closure) {
    this.#roles = roles;
    this.#classes = classes;
  }

  static *build<E extends { readonly rule: ActionRule }>(
    entries: Iterable<E>,
    closures: { readonly roles: Closure; readonly classes: Closure },
  ): Sliced<ActionIndex<E>> {
    const index = new ActionIndex<E>(closures.roles, closures.classes);
    for (const entry of entries) {
      index.#add(entry);
      yield;
    }
    Object.freeze(index);
    return index;
  }

  #add(entry: E): void {
    const { action, object, subject } = entry.rule;
    this.#objectPrefixes.note(object);
    this.#subjectPrefixes.note(subject);
    const bySubject = child(child(this.#actions, action), object);
    const entries = bySubject.get(subject);
    if (entries) entries.push(entry);
    else bySubject.set(subject, [entry]);
  }

  /** Rules for `action` on `object`, for a subject that goes by any of `names` (itself first). */
  candidates(names: readonly string[], action: string, object: string): Candidate<E>[] {
    const found: Candidate<E>[] = [];
    const places = this.#places(action, object);
    if (places.length === 0) return found;
    for (const via of names) {
      const keys = [via, ...this.#roles.above(via)];
      this.#subjectPrefixes.push(via, keys);
      for (const place of places) {
        for (const key of keys) {
          for (const entry of place.get(key) ?? NONE) {
            if (names.length === 1 || !found.some((one) => one.entry === entry)) found.push({ entry, via });
          }
        }
      }
    }
    return found;
  }

  /** Every rule for `action` on `object`, whoever its subject is: what a near miss is looked for among. */
  *around(action: string, object: string): Generator<E, void, void> {
    for (const place of this.#places(action, object)) for (const entries of place.values()) yield* entries;
  }

  #places(action: string, object: string): BySubject<E>[] {
    const places: BySubject<E>[] = [];
    let keys: string[] | null = null;
    for (const pattern of actionPatterns(action)) {
      const byObject = this.#actions.get(pattern);
      if (!byObject) continue;
      keys ??= this.#objectKeys(object);
      for (const key of keys) {
        const place = byObject.get(key);
        if (place) places.push(place);
      }
    }
    return places;
  }

  #objectKeys(object: string): string[] {
    const keys = [object, ...this.#classes.above(object)];
    this.#objectPrefixes.push(object, keys);
    return keys;
  }
}

/** The action itself, its group (`run.*`) and everything (`*`): the only patterns a rule may write. */
export function actionPatterns(action: string): readonly string[] {
  const dot = action.indexOf('.');
  return dot === -1 ? [action, '*'] : [action, `${action.slice(0, dot)}.*`, '*'];
}

function child<V extends Map<string, unknown>>(map: Map<string, V>, key: string): V {
  let value = map.get(key);
  if (!value) map.set(key, (value = new Map() as V));
  return value;
}

const NONE: readonly never[] = [];

/** Which handoff rules can match a handoff: source → target → rules, both through their roles. */
export class HandoffIndex<E extends { readonly rule: HandoffRule }> {
  readonly #sources = new Map<string, Map<string, E[]>>();
  readonly #roles: Closure;

  private constructor(roles: Closure) {
    this.#roles = roles;
  }

  static *build<E extends { readonly rule: HandoffRule }>(
    entries: Iterable<E>,
    roles: Closure,
  ): Sliced<HandoffIndex<E>> {
    const index = new HandoffIndex<E>(roles);
    for (const entry of entries) {
      const targets = child(index.#sources, entry.rule.source);
      const held = targets.get(entry.rule.target);
      if (held) held.push(entry);
      else targets.set(entry.rule.target, [entry]);
      yield;
    }
    Object.freeze(index);
    return index;
  }

  /** Rules from `source` to `target`; with `purpose` null, for whatever purpose. */
  candidates(source: string, target: string, purpose: string | null): Candidate<E>[] {
    const found: Candidate<E>[] = [];
    for (const from of [source, ...this.#roles.above(source), '*']) {
      const targets = this.#sources.get(from);
      if (!targets) continue;
      for (const to of [target, ...this.#roles.above(target), '*']) {
        for (const entry of targets.get(to) ?? NONE) {
          if (purpose === null || covers(entry.rule.purpose, purpose)) found.push({ entry, via: source });
        }
      }
    }
    return found;
  }

  /** Every rule into `target`, whoever its source is. */
  *around(target: string): Generator<E, void, void> {
    for (const targets of this.#sources.values()) {
      for (const to of [target, ...this.#roles.above(target), '*']) yield* targets.get(to) ?? NONE;
    }
  }
}
