/**
 * What can be wrong with a log or an export of it:
 *
 * - `altered`, `missing`, `inserted`, `reordered`: an event is not what the log holds at its index
 * - `sequence`, `chain`: an event does not continue its run
 * - `root`: the events up to a checkpoint do not make its root · `checkpoint`: it is the checkpoint that is wrong
 * - `outside`: the log is not the one a checkpoint kept outside was issued for, or has become shorter than it
 * - `signature`, `key`: a checkpoint is not signed by the key whose turn it is
 * - `sum`, `leaves`, `order`, `count`, `truncated`, `unreadable`: the file itself
 * - `foreign`: not of this log · `not_canonical`: bytes that two readers could read differently
 * - `decision`: a verdict that its own reasons do not give · `policy`: a snapshot that is not its digest's
 * - `draw`: a run that was to be looked at and was not drawn, or the other way round
 * - `tile`: a tile that is missing, short or does not fit the tree
 */
const FAULTS = [
  'altered',
  'missing',
  'inserted',
  'reordered',
  'sequence',
  'chain',
  'root',
  'checkpoint',
  'outside',
  'signature',
  'key',
  'sum',
  'leaves',
  'order',
  'count',
  'truncated',
  'unreadable',
  'foreign',
  'not_canonical',
  'decision',
  'policy',
  'draw',
  'tile',
] as const;
export type Fault = (typeof FAULTS)[number];

/** One thing that is wrong, and where. Texts that come from the log are quoted, cut and free of control characters. */
export interface Problem {
  readonly fault: Fault;
  readonly message: string;
  /** Index in the log; null where no single event is meant and no range either. */
  readonly index: number | null;
  /** Last index of the range in which the fault lies, when it cannot be said more closely. */
  readonly through?: number;
  readonly event: string | null;
  readonly run: string | null;
  readonly run_seq: number | null;
  /** Offset of the line in the file; null for a live log. */
  readonly byte: number | null;
  /** Hashes in hexadecimal, or the values that differ. */
  readonly expected: string | null;
  readonly found: string | null;
}

/** A problem as it is raised: what is not known is left out. */
export type Raised = Pick<Problem, 'fault' | 'message'> & Partial<Omit<Problem, 'fault' | 'message'>>;

/** Problems told in full, and problems kept to tell the first of them from. */
const MOST = 100;
const KEPT = 10_000;

/** Collects problems and tells the first of them in the order of the file. */
export class Problems {
  readonly #found: Problem[] = [];
  total = 0;

  add(raised: Raised): void {
    this.total += 1;
    const none = { index: null, event: null, run: null, run_seq: null, byte: null, expected: null, found: null };
    if (this.#found.length < KEPT) this.#found.push({ ...none, ...raised });
  }

  first(): Problem[] {
    return [...this.#found]
      .sort((a, b) => place(a.byte) - place(b.byte) || place(a.index) - place(b.index))
      .slice(0, MOST);
  }
}

/** What stands nowhere in the file comes after what does. */
const place = (at: number | null): number => at ?? Number.MAX_SAFE_INTEGER;

/** Text of unknown origin as it may stand in a message: short, and with nothing a terminal or a page would act on. */
export function quote(text: unknown): string {
  const shown = typeof text === 'string' ? text : (JSON.stringify(text) ?? String(text));
  const plain = shown.replace(/[\p{C}\p{Z}]/gu, (char) => (char === ' ' ? char : '\ufffd'));
  return `"${plain.length > 80 ? `${plain.slice(0, 79)}…` : plain}"`;
}
