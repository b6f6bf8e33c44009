import { createRequire } from 'node:module';
import type Bull from 'bull';
import type { PolledMail } from '@writ/database';
import { isId, type RunId, type TenantId } from '@writ/kernel';
import { injectTraceparent, logger, withTraceContext } from '@writ/telemetry';

/** Resolves when the run is no longer led here, or never was: until then the ring is in good hands. */
export type Ring = (tenant: TenantId, run: RunId, letters?: readonly PolledMail[]) => Promise<void>;

/**
 * The doorbell: "have a look at this run", and nothing else. A ring may be lost, doubled or late; the sweeper finds what
 * it missed (I8). `ring` resolves when the hint is handed over and never fails its caller.
 *
 * `letters` are what the caller has put in the run's mail and committed. They are heard within the process only, and are
 * a hint as well: the mail is in the database.
 */
export interface WakeUp {
  ring(tenant: TenantId, run: RunId, letters?: readonly PolledMail[]): Promise<void>;
  listen(onRing: Ring): Promise<void>;
  close(): Promise<void>;
}

/** Rings within this process: the embedded default. */
export class LocalWakeUp implements WakeUp {
  readonly #listeners = new Set<Ring>();

  ring(tenant: TenantId, run: RunId, letters?: readonly PolledMail[]): Promise<void> {
    for (const listener of this.#listeners) setImmediate(() => void listener(tenant, run, letters));
    return Promise.resolve();
  }

  listen(onRing: Ring): Promise<void> {
    this.#listeners.add(onRing);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#listeners.clear();
    return Promise.resolve();
  }
}

interface OneRing {
  readonly tenant: string;
  readonly run: string;
  readonly traceparent: string | null;
}

/** The first ring, and those that travel with it. A program of before hears the first only; the sweeper finds the others. */
interface Job extends OneRing {
  readonly also?: readonly OneRing[];
}

const QUEUE = 'writ-runs';
/** Rings in one job at most: so many runs go to one worker together. */
const TOGETHER = 16;
const CLOSE_MS = 2_000;
/** After Redis forgot a job that is being worked on, this long until its place in the queue listens again. */
const AGAIN_MS = 100;
/** What Bull says of a job that Redis no longer knows: it was flushed, or taken for stalled. */
const FORGOTTEN = /^Missing (key|lock) for job/;
const log = logger('wake-up');

/**
 * Rings over Redis: any number of workers listen, one of them gets each ring. A job holds ids and the trace, no more. It
 * lasts for as long as its runs are led or wait for a place there, so a worker takes no more jobs than `concurrency`, and
 * those of one that is killed are heard again by another.
 *
 * What is rung for in one turn of the event loop travels together: one job costs Redis and both ends as much as one ring,
 * and runs that come to a worker together are claimed together and share commits.
 * Bull and what it stands on are some 20 MB of a process, so it is loaded where there is a queue.
 */
export class BullWakeUp implements WakeUp {
  readonly #queue: Bull.Queue<Job>;
  #rung = new Map<RunId, OneRing>();
  /** Rings heard here whose runs are led or wait for a place. */
  #heard = 0;

  constructor(
    redisUrl: string,
    readonly concurrency = 128,
  ) {
    const Queue = createRequire(__filename)('bull') as typeof Bull;
    this.#queue = new Queue<Job>(QUEUE, redisUrl, {
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
      settings: { retryProcessDelay: AGAIN_MS },
    });
    // Redis away is no fault of ours: rings are lost until it is back, and the sweeper does the work.
    this.#queue.on('error', ({ message }) => {
      if (FORGOTTEN.test(message)) return;
      log.warn({ error: message }, 'the doorbell is unreachable; the sweeper goes on');
    });
  }

  /** Never waits for Redis: a start is durable already, and must not hang on a hint. */
  ring(tenant: TenantId, run: RunId): Promise<void> {
    if (this.#rung.size === 0) setImmediate(() => this.#send());
    this.#rung.set(run, { tenant, run, traceparent: injectTraceparent() });
    return Promise.resolve();
  }

  #send(): void {
    const rings = [...this.#rung.values()];
    this.#rung = new Map();
    for (let at = 0; at < rings.length; at += TOGETHER) {
      const [first, ...also] = rings.slice(at, at + TOGETHER);
      this.#add({ ...first!, ...(also.length > 0 && { also }) });
    }
  }

  #add(job: Job): void {
    const { status } = this.#queue.client;
    // A client that lost its server would keep every ring in memory until it is back.
    if (status !== 'ready' && status !== 'connect' && status !== 'connecting' && status !== 'wait') return;
    this.#queue.add(job).catch((error: Error) => {
      log.warn({ run: job.run, error: error.message }, 'a ring was lost; the sweeper will find the run');
    });
  }

  async listen(onRing: Ring): Promise<void> {
    void this.#queue.process(this.concurrency, async ({ data: { also = [], ...first } }: Bull.Job<Job>) => {
      // Who has enough to do leaves what came along to the others.
      const isFull = this.#heard >= this.concurrency;
      if (isFull) for (const ring of also) this.#add(ring);
      await Promise.all([first, ...(isFull ? [] : also)].map((ring) => this.#hear(ring, onRing)));
    });
    await Promise.resolve();
  }

  async #hear({ tenant, run, traceparent }: OneRing, onRing: Ring): Promise<void> {
    if (!isId('run', run)) return;
    this.#heard += 1;
    try {
      await withTraceContext(traceparent, () => onRing(tenant as TenantId, run));
    } finally {
      this.#heard -= 1;
    }
  }

  async close(): Promise<void> {
    this.#send();
    // Closing in good order needs Redis; without it the connections are cut.
    const closing = this.#queue.close(true).catch(() => undefined);
    const patience = new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref());
    await Promise.race([closing, patience]);
    this.#queue.client.disconnect();
  }
}
