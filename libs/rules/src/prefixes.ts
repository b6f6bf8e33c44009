import { isPattern } from './names';

/** Where the patterns of one policy end, so that a name is cut only where one of them may. */
export class Prefixes {
  /** Lengths of prefixes in the order in which rules first used them, each with the characters they end with. */
  readonly #ends: { readonly length: number; readonly last: number[] }[] = [];

  note(pattern: string): void {
    if (!isPattern(pattern)) return;
    const length = pattern.length - 1;
    const last = length === 0 ? 0 : pattern.charCodeAt(length - 1);
    const held = this.#ends.find((end) => end.length === length);
    if (held === undefined) this.#ends.push({ length, last: [last] });
    else if (!held.last.includes(last)) held.last.push(last);
  }

  /** Whatever pattern in use may cover a name: prefixes of it, with a star. */
  covering(name: string): readonly string[] {
    let found: string[] | null = null;
    for (let i = 0; i < this.#ends.length; i++) {
      const { length, last } = this.#ends[i]!;
      if (length > name.length || (length > 0 && !last.includes(name.charCodeAt(length - 1)))) continue;
      const pattern = length === 0 ? '*' : `${name.slice(0, length)}*`;
      if (found === null) found = [pattern];
      else found.push(pattern);
    }
    return found ?? NONE;
  }

  /** Longest first. */
  lengths(): readonly number[] {
    return this.#ends.map(({ length }) => length).sort((a, b) => b - a);
  }
}

const NONE: readonly never[] = [];

/**
 * Where to look for names that no rule names whole. The patterns that cover a name are the longest of them and those
 * that cover this one: what is to be found is settled by the longest.
 */
export class Chains {
  /** `found`: pattern without its star → place; `nothing`: the place for a name that no pattern covers. */
  constructor(
    private readonly lengths: readonly number[],
    private readonly found: ReadonlyMap<string, number>,
    private readonly nothing: number,
  ) {}

  of(name: string): number {
    for (const length of this.lengths) {
      if (length > name.length) continue;
      const place = this.found.get(length === 0 ? '' : name.slice(0, length));
      if (place !== undefined) return place;
    }
    return this.nothing;
  }
}
