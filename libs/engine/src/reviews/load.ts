import type { Database } from '@writ/database';
import { logger } from '@writ/telemetry';

/** What is open of one tenant's reviews. */
export interface ReviewLoad {
  readonly open: number;
  /** Open past the day by which somebody should have looked. */
  readonly overdue: number;
  /** Seconds since the oldest open one was drawn. */
  readonly oldestS: number;
}

const EVERY_MS = 15_000;

interface Row {
  readonly tenant: string;
  readonly open: number;
  readonly overdue: number;
  readonly oldest_s: number;
}

/** How much is open, as this process last saw it: a figure for whoever watches. It may be missed; nothing goes by it. */
export class ReviewWatch {
  #load: ReadonlyMap<string, ReviewLoad> = new Map();
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;

  constructor(private readonly db: Database) {}

  get load(): ReadonlyMap<string, ReviewLoad> {
    return this.#load;
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), EVERY_MS).unref();
    void this.look();
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.#looking;
  }

  look(): Promise<void> {
    this.#looking ??= this.#read().finally(() => (this.#looking = null));
    return this.#looking;
  }

  async #read(): Promise<void> {
    try {
      const rows = await this.db.platform((tx) => tx.query<Row>('SELECT * FROM writ.review_load()'));
      this.#load = new Map(
        rows.map(({ tenant, open, overdue, oldest_s: oldestS }) => [tenant, { open, overdue, oldestS }]),
      );
    } catch (error) {
      logger('reviews').warn({ error: (error as Error).message }, 'open reviews could not be counted');
    }
  }
}
