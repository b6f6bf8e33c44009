import type { EventView } from '../api';
import type { SaidView } from './said';
import type { Follower } from './topic';

/** Text held for one slow watcher; past it the rest of the reply is left out, since the journal will have it whole. */
const MOST_HELD = 65_536;

/**
 * A run's events, and between them what its models say while they say it. Asked for items and pushes none: one who
 * watches slowly is given the texts of many moments as one, and never holds up the run.
 */
export class RunWatch {
  #said: SaidView[] = [];
  #size = 0;
  #wake: (() => void) | null = null;
  #asked: Promise<readonly EventView[] | null> | null = null;

  constructor(
    private readonly events: Follower<EventView>,
    private readonly left: (watch: RunWatch) => void,
  ) {}

  /** What was said since; `seq` of the newest is kept by the feed. */
  hear(said: readonly SaidView[]): void {
    for (const one of said) {
      const last = this.#said.at(-1);
      const goesOn =
        last?.step === one.step && last.attempt === one.attempt && last.from + last.text.length === one.from;
      if (this.#size + one.text.length > MOST_HELD && !one.done) continue;
      this.#size += one.text.length;
      if (goesOn) this.#said.splice(-1, 1, { ...one, from: last.from, text: last.text + one.text });
      else this.#said.push(one);
    }
    this.#wake?.();
  }

  /** As `Follower.next`; items that were said have no sequence. */
  async next(waitMs: number): Promise<readonly (EventView | SaidView)[] | null> {
    // The asking goes on over calls: what it brings later is given then, and nothing is asked twice.
    this.#asked ??= this.events.next(waitMs);
    const heard = new Promise<'heard'>((resolve) => {
      this.#wake = () => resolve('heard');
      if (this.#said.length > 0) resolve('heard');
    });
    const first = await Promise.race([this.#asked, heard]);
    this.#wake = null;
    if (first === 'heard') return this.#taken();
    this.#asked = null;
    return first === null ? null : [...this.#taken(), ...first];
  }

  close(): void {
    this.events.close();
    this.left(this);
  }

  #taken(): readonly SaidView[] {
    const said = this.#said;
    this.#said = [];
    this.#size = 0;
    return said;
  }
}
