import type { Closure, Sliced } from './closure';
import { covers } from './names';
import type { HandoffRule } from './rule';
import type { Candidate } from './rule-index';

/** Rules placed between two points where the work may pause. */
const STRIDE = 16;

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
      index.#add(entry);
      if (++steps % STRIDE === 0) yield;
    }
    Object.freeze(index);
    return index;
  }

  #add(entry: E): void {
    const { source, target } = entry;
    const targets = this.#sources.get(source);
    if (targets === undefined) this.#sources.set(source, new Map([[target, [entry]]]));
    else {
      const held = targets.get(target);
      if (held) held.push(entry);
      else targets.set(target, [entry]);
    }
  }

  /** Rules from `source` to `target`; with `purpose` null, for whatever purpose. */
  candidates(source: string, target: string, purpose: string | null): Candidate<E>[] {
    const found: Candidate<E>[] = [];
    for (const from of [...this.#roles.names(source), '*']) {
      const targets = this.#sources.get(from);
      if (!targets) continue;
      for (const to of [...this.#roles.names(target), '*']) {
        for (const entry of targets.get(to) ?? NONE) {
          if (purpose !== null && !covers(entry.purpose, purpose)) continue;
          found.push({ entry, via: source, object: null, inRole: false, inClass: false });
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
