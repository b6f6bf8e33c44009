/** How a rule came to speak of an object: it names it, a class it is in, or the beginning of its name. */
export const REACH = { itself: 0, class: 1, pattern: 2 } as const;
export type Reach = (typeof REACH)[keyof typeof REACH];

/** An entry's number and how it reaches the object, in one word. */
export const rowOf = (entry: number, reach: Reach): number => (entry << 2) | reach;
export const entryOf = (row: number): number => row >> 2;
export const reachOf = (row: number): number => row & 3;

/** Rules up to which one place is searched from end to end, which is faster than hashing; a longer one gets a map. */
export const SHORT = 8;
/** Rows up to which all rules about one object stand in one record. */
export const MOST_ROWS = 16;

/** The rules about one action on one object, wherever in a policy they stand. */
export interface Places {
  readonly action: string;
  readonly object: string;
  /** From `at`, `count` rows of two words: the number of the subject, and `rowOf` the rule. Rules of other actions too. */
  readonly words: Int32Array;
  readonly at: number;
  readonly count: number;
  /** Rules of crowded places: number of the subject → numbers of entries. */
  readonly long: readonly { readonly reach: Reach; readonly bySubject: ReadonlyMap<number, readonly number[]> }[];
  /** The same object under another action. */
  readonly next: Places | null;
  /** Who asks first, and where the record of its groups is; 0 where nobody was named. */
  readonly asker: string;
  readonly groups: number;
}
