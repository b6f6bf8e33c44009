import { logger } from '@writ/telemetry';

const POLL_MS = 200;
const log = logger('live');

/**
 * Looks at what is followed: at all of it every so often, and at once at what is told to have changed. One look at a time,
 * however many follow; what changes meanwhile is looked at next.
 */
export class Looker {
  readonly #dirty = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  #failing = false;
  #closed = false;

  constructor(
    private readonly what: string,
    private readonly followed: () => Iterable<string>,
    private readonly look: (keys: readonly string[]) => Promise<void>,
  ) {}

  /** Looks at this one soon, together with whatever else changes in the same turn. */
  changed(key: string): void {
    if (this.#closed) return;
    if (this.#dirty.size === 0) setImmediate(() => this.#go());
    this.#dirty.add(key);
  }

  /** Goes on looking for as long as something is followed. */
  schedule(): void {
    if (this.#timer || this.#closed) return;
    const [any] = this.followed();
    if (any === undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      for (const key of this.followed()) this.#dirty.add(key);
      this.#go();
    }, POLL_MS);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#looking;
  }

  #go(): void {
    this.#looking = this.#looking
      .then(async () => {
        const keys = [...this.#dirty];
        this.#dirty.clear();
        if (keys.length > 0) await this.look(keys);
        this.#failing = false;
      })
      .catch((error: Error) => {
        // Told once per failure, not five times a second while the database is away.
        if (!this.#failing) log.warn({ error: error.message }, `${this.what} could not be read; trying again`);
        this.#failing = true;
      })
      .finally(() => this.schedule());
  }
}
