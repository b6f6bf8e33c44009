import type { Database } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import { logger } from '@writ/telemetry';

/** Why no mutating effect starts: events wait too long to be sealed, or the tenant's log is not signed at all. */
export type LogBlock = 'log_lagging' | 'log_refusing';

export interface LogWatchOptions {
  /** How long an event may wait to be sealed before effects wait, milliseconds. */
  readonly mostLagMs: number;
  /** Milliseconds between two looks. */
  readonly lookMs: number;
}

const DEFAULTS: LogWatchOptions = { mostLagMs: 5_000, lookMs: 1_000 };

interface Seen {
  /** Lag when it was looked at, and the monotonic moment of that look. */
  readonly lagMs: number;
  readonly at: number;
  readonly noneSigned: boolean;
  readonly refusing: ReadonlySet<string>;
}

const log = logger('audit.log');

/**
 * The lag breaker: what happens outside must not run far ahead of the proof that it was recorded. One small statement a
 * second per process tells how far the logs are behind; asking costs nothing. It holds back mutating effects only: reads,
 * cancels, stops and revocations, and the log itself, never wait for it.
 */
export class LogWatch {
  readonly #options: LogWatchOptions;
  #seen: Seen = { lagMs: 0, at: performance.now(), noneSigned: false, refusing: new Set() };
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #blocked = false;

  /** Under any service's role. */
  constructor(
    private readonly db: Database,
    options: Partial<LogWatchOptions> = {},
  ) {
    this.#options = { ...DEFAULTS, ...options };
  }

  async start(): Promise<void> {
    await this.#look();
    this.#timer = setInterval(() => {
      this.#looking = this.#look().catch((error: Error) => {
        // What is not known does not stay good: the lag counts on from the last look.
        log.warn({ error: error.message }, 'the state of the logs could not be read');
      });
    }, this.#options.lookMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Milliseconds for which the oldest unsealed event has waited, at most: it counts on while nothing is known. */
  get lagMs(): number {
    return this.#seen.lagMs + (performance.now() - this.#seen.at);
  }

  /** Why a mutating effect of this tenant must wait; null when it may start. */
  blocks(tenant: TenantId): LogBlock | null {
    if (this.#seen.noneSigned || this.#seen.refusing.has(tenant)) return 'log_refusing';
    return this.lagMs > this.#options.mostLagMs ? 'log_lagging' : null;
  }

  async #look(): Promise<void> {
    const at = performance.now();
    const [row] = await this.db.platform((tx) =>
      tx.query<{ lag: number; none: boolean; refusing: string[] }>(
        `SELECT coalesce(extract(epoch FROM clock_timestamp() - writ.log_waits_since()) * 1000, 0)::float8 AS lag,
                (SELECT refusal IS NOT NULL FROM writ.log_lease) AS none,
                ARRAY(SELECT tenant FROM writ.find_odd_logs() WHERE state = 'refusing') AS refusing`,
      ),
    );
    if (!row) return;
    this.#seen = { lagMs: Math.max(0, row.lag), at, noneSigned: row.none, refusing: new Set(row.refusing) };
    const blocked = row.none || row.refusing.length > 0 || this.lagMs > this.#options.mostLagMs;
    if (blocked === this.#blocked) return;
    this.#blocked = blocked;
    if (blocked) log.warn({ lag_ms: Math.round(row.lag), refusing: row.refusing }, 'mutating effects wait for the log');
    else log.info('the log has caught up; effects go on');
  }
}
