import type { WorkerId } from '@writ/kernel';
import type { Database } from '../session/database';

/** One account at one address, as all workers share it. */
export interface ProviderKey {
  /** A digest: two definitions with the same one share the limits. */
  readonly key: string;
  /** For people: the vendor's id of the model. */
  readonly name: string;
}

export interface ProviderLimits {
  /** Calls under way at once, over all workers; null for no limit. */
  readonly most: number | null;
  /** Milliseconds from one call to the next; null for no limit. */
  readonly everyMs: number | null;
  /** How far calls may run ahead of that. */
  readonly burstMs: number;
}

/** Why a call has to wait. */
export type WaitReason = 'paused' | 'open' | 'probing' | 'concurrency' | 'rate';

/** How a call ended, as far as the endpoint's health is concerned. */
export type CallEnd =
  { readonly kind: 'ok' | 'failed' | 'other' } | { readonly kind: 'limited'; readonly pauseMs: number };

/** What is known of an endpoint. Times in milliseconds from now; 0 for none. */
export interface ProviderState {
  readonly key: string;
  readonly name: string;
  readonly pausedMs: number;
  readonly openMs: number;
  /** Failures in a row. An endpoint with an open breaker whose time is up lets one probe through. */
  readonly failures: number;
  readonly open: boolean;
}

/** How fast endpoints may be called and whether they are well, over all workers. One statement each. */
export class Providers {
  constructor(private readonly db: Database) {}

  /** 0 when the call may go out now and is counted; otherwise how long to wait before asking again. */
  async enter(
    provider: ProviderKey,
    asked: { readonly worker: WorkerId; readonly limits: ProviderLimits; readonly probeMs: number },
  ): Promise<{ readonly waitMs: number; readonly reason: WaitReason | null }> {
    const { most, everyMs, burstMs } = asked.limits;
    const [row] = await this.db.platform((tx) =>
      tx.query<{ waitMs: number; reason: WaitReason | null }>(
        `SELECT wait_ms AS "waitMs", reason FROM writ.enter_provider($1, $2, $3, $4, $5, $6, $7)`,
        [provider.key, provider.name, asked.worker, most, everyMs, burstMs, asked.probeMs],
      ),
    );
    return row ?? { waitMs: 0, reason: null };
  }

  /** `counted`: `enter` was asked with a limit of calls under way. */
  async leave(
    provider: ProviderKey,
    left: { readonly worker: WorkerId; readonly counted: boolean; readonly end: CallEnd },
  ): Promise<void> {
    const { worker, counted, end } = left;
    await this.db.platform((tx) =>
      tx.query(`SELECT writ.leave_provider($1, $2, $3, $4, $5, $6)`, [
        provider.key,
        provider.name,
        worker,
        counted,
        end.kind,
        end.kind === 'limited' ? end.pauseMs : 0,
      ]),
    );
  }

  /** Every endpoint that is not simply well. */
  troubled(): Promise<ProviderState[]> {
    return this.db.platform((tx) =>
      tx.query<ProviderState>(
        `SELECT key, name, failures, open_until IS NOT NULL AS open,
                greatest(0, coalesce(extract(epoch FROM paused_until - clock_timestamp()), 0) * 1000)::float8 AS "pausedMs",
                greatest(0, coalesce(extract(epoch FROM open_until - clock_timestamp()), 0) * 1000)::float8 AS "openMs"
           FROM writ.provider
          WHERE tenant = '*' AND (failures > 0 OR open_until IS NOT NULL OR paused_until > clock_timestamp())`,
      ),
    );
  }
}
