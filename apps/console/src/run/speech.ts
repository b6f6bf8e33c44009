/** What a model says before its reply is whole, as the stream brings it. */
export interface Delta {
  readonly step: number;
  readonly attempt: number;
  /** Characters of the reply before `text`. */
  readonly from: number;
  readonly text: string;
  readonly done: boolean;
}

export interface Speech {
  readonly step: number;
  readonly attempt: number;
  readonly text: string;
  readonly done: boolean;
}

/** By step. A step whose reply stands in the journal needs no speech any more; whoever draws it leaves it out. */
export type Speeches = ReadonlyMap<number, Speech>;

export const SILENT: Speeches = new Map();

/** A connection that was cut may bring words again, or have missed some: each word stands once, and a gap shows. */
export function hear(before: Speeches, { step, attempt, from, text, done }: Delta): Speeches {
  const said = before.get(step);
  if (said && said.attempt > attempt) return before;
  const known = said?.attempt === attempt ? said.text : '';
  const whole = from > known.length ? `${known}${known === '' ? '' : ' … '}${text}` : known.slice(0, from) + text;
  return new Map(before).set(step, { step, attempt, text: whole, done });
}

let speeches: Speeches = SILENT;
const listeners = new Set<() => void>();

/** Of the one run that is on the page. Apart from the page's own state: ten changes a second redraw what shows them only. */
export const speechStore = {
  get: (): Speeches => speeches,
  hear(delta: Delta): void {
    speechStore.set(hear(speeches, delta));
  },
  set(next: Speeches): void {
    speeches = next;
    for (const listener of listeners) listener();
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
