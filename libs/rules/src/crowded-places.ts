import { actionPatterns } from './action-patterns';
import type { Closure } from './closure';
import { isPattern } from './names';
import { type Places, REACH, rowOf, SHORT } from './places';
import type { Prefixes } from './prefixes';

/** Objects whose places are remembered; for others they are worked out anew. */
const REMEMBERED = 4_096;

/** What is remembered is for whoever asks. */
const NOBODY = { asker: '', groups: 0 } as const;

export interface Crowd {
  /** Of each rule, the number of its subject. */
  readonly subjects: readonly number[];
  readonly classes: Closure;
  readonly prefixes: Prefixes;
}

/**
 * Rules about objects that many rules speak of: action → object, class or prefix → rules, in maps nested so that no
 * separator can be forged. What a question finds here is remembered.
 */
export class CrowdedPlaces {
  readonly #actions = new Map<string, Map<string, number[]>>();
  readonly #long = new Map<readonly number[], Map<number, number[]>>();
  readonly #known = new Map<string, Places>();

  constructor(private readonly crowd: Crowd) {}

  add(entry: number, action: string, object: string): void {
    const subject = this.crowd.subjects[entry]!;
    let byObject = this.#actions.get(action);
    if (!byObject) this.#actions.set(action, (byObject = new Map<string, number[]>()));
    const place = byObject.get(object);
    if (!place) {
      byObject.set(object, [entry]);
      return;
    }
    place.push(entry);
    if (place.length === SHORT + 1) {
      this.#long.set(
        place,
        Map.groupBy(place, (one) => this.crowd.subjects[one]!),
      );
    } else if (place.length > SHORT) {
      const bySubject = this.#long.get(place)!;
      const held = bySubject.get(subject);
      if (held) held.push(entry);
      else bySubject.set(subject, [entry]);
    }
  }

  places(action: string, object: string): Places {
    const first = this.#known.get(object);
    for (let places = first ?? null; places !== null; places = places.next) {
      if (places.action === action) return places;
    }
    const found = this.#find(action, object, first ?? null);
    // Not a verdict: what is remembered depends on the policy alone, and is forgotten with it.
    if (first || this.#known.size < REMEMBERED) this.#known.set(object, found);
    return found;
  }

  #find(action: string, object: string, next: Places | null): Places {
    const { classes, prefixes, subjects } = this.crowd;
    const rows: number[] = [];
    const long: Places['long'][number][] = [];
    // A text that is a pattern covers itself, once.
    const groups = isPattern(object) ? [] : classes.names(object);
    const keys = [...groups, ...prefixes.covering(object)];
    for (const pattern of actionPatterns(action)) {
      const byObject = this.#actions.get(pattern);
      if (!byObject) continue;
      for (const [i, key] of keys.entries()) {
        const place = byObject.get(key);
        if (!place) continue;
        const reach = i >= groups.length ? REACH.pattern : i === 0 ? REACH.itself : REACH.class;
        const bySubject = this.#long.get(place);
        if (bySubject) long.push({ reach, bySubject });
        else for (const entry of place) rows.push(subjects[entry]!, rowOf(entry, reach));
      }
    }
    return { action, object, words: Int32Array.from(rows), at: 0, count: rows.length / 2, long, next, ...NOBODY };
  }
}
