import { setTimeout as sleep } from 'node:timers/promises';
import type { ResponseOf } from '@writ/contract';
import { isFinal } from '@writ/words';
import { type Seen, drawBar, Waterfall } from './waterfall';
import type { World } from './world';

export type RunDetail = ResponseOf<'getRun'>;

export interface Watched {
  readonly run: RunDetail;
  readonly events: readonly Seen[];
}

const POLL_MS = 80;
const PATIENCE_MS = 45_000;

/** One run, watched while it goes on: its events in order, each once, drawn as they come. */
export class RunWatch {
  readonly events: Seen[] = [];
  readonly #waterfall = new Waterfall();
  #cursor: string | undefined;

  constructor(
    private readonly world: World,
    readonly id: string,
    private readonly drawn: boolean = true,
  ) {}

  get running(): Waterfall['running'] {
    return this.#waterfall.running;
  }

  /** Waits until the run has ended, or until it stands as `until` says; draws what happened. */
  async until(until: (watched: Watched) => boolean = ({ run }) => isFinal(run.status)): Promise<Watched> {
    const { stage } = this.world;
    const label = (): string => {
      const now = this.running;
      return now === null ? 'the run goes on' : `${now.agent} ${now.what}`;
    };
    return stage.while(label, this.#wait(until));
  }

  async #wait(until: (watched: Watched) => boolean): Promise<Watched> {
    for (const late = performance.now() + PATIENCE_MS; ;) {
      // Its standing first: what is over now has all its events below.
      const run = await this.world.client.runs.get(this.id, { signal: this.world.signal });
      await this.#read();
      const watched = { run, events: this.events };
      if (until(watched)) return watched;
      if (isFinal(run.status)) return watched;
      if (performance.now() > late)
        throw new Error(`run ${this.id} is still ${run.status} after ${PATIENCE_MS / 1000} s`);
      await sleep(POLL_MS, undefined, { signal: this.world.signal });
    }
  }

  /** Reads what is new, up to the last event there is. */
  async #read(): Promise<void> {
    const { client, stage, signal } = this.world;
    const list = client.runs.events(this.id, { limit: 200 }, { signal });
    for (let more = true; more;) {
      const page = await list.page(this.#cursor);
      const last = this.events.at(-1)?.sequence ?? -1;
      for (const event of page.data as unknown as readonly Seen[]) {
        if (event.sequence <= last) continue;
        this.events.push(event);
        const bar = this.#waterfall.add(event);
        if (bar && this.drawn) stage.say(drawBar(bar, stage.paint, stage.width));
      }
      more = page.next_cursor !== null;
      // The last page has no next one yet: it is read again until it is full.
      this.#cursor = page.next_cursor ?? this.#cursor;
    }
  }
}
