import type { Tx } from '@writ/database';
import type { Failure, TenantId } from '@writ/kernel';
import { type CheckpointRow, newestCheckpoint, notSealed, readHead, readKeys } from './log-rows';
import { logOrigin } from './origin';

/** Events counted one by one up to here; a log that is further behind is simply far behind. */
const MOST_COUNTED = 10_000;
/** As the lag breaker has it: from here on mutating effects wait. */
const LAGGING_MS = 5_000;

/**
 * - empty: nothing was ever sealed         - sealing: new events are sealed within a second
 * - lagging: the oldest unsealed event waits too long     - recovering: the log is being sealed anew
 * - refusing: nothing is signed, `reason` says why
 */
export type LogState = 'empty' | 'sealing' | 'lagging' | 'recovering' | 'refusing';

export interface LogKeyView {
  readonly vkey: string;
  readonly keyId: string;
  readonly fromSize: number | null;
  /** Size of the first checkpoint that it does not sign alone; null for the newest key. */
  readonly untilSize: number | null;
}

export interface LogStatus {
  readonly origin: string;
  readonly generation: number;
  readonly state: LogState;
  readonly reason: Failure | null;
  readonly size: number;
  readonly checkpoint: CheckpointRow | null;
  readonly lagMs: number;
  readonly unsealed: number;
  readonly unsealedCapped: boolean;
  readonly keys: readonly LogKeyView[];
  readonly sequencer: { readonly leading: boolean; readonly beatAt: Date | null };
}

interface LeaseRow {
  readonly refusal: string | null;
  readonly lag: number;
  readonly leading: boolean;
  readonly beat_at: Date;
}

/** How a tenant's log stands. The transaction must be bound to the tenant. */
export async function logStatus(tx: Tx, tenant: TenantId): Promise<LogStatus> {
  const head = await readHead(tx, tenant);
  const log = { tenant, generation: head?.generation ?? 1 };
  const checkpoint = await newestCheckpoint(tx, log);
  const [lease] = await tx.query<LeaseRow>(
    `SELECT refusal, owner IS NOT NULL AND beat_at > clock_timestamp() - writ.log_ttl() AS leading, beat_at,
            greatest(0, coalesce(extract(epoch FROM clock_timestamp() - writ.log_waits_since()) * 1000, 0))::float8 AS lag
       FROM writ.log_lease`,
  );
  const none = lease?.refusal === null || lease === undefined ? null : (JSON.parse(lease.refusal) as Failure);
  const reason = none ?? head?.refusal ?? null;
  const odd = reason !== null || head?.rescanning === true;
  const unsealed = await countUnsealed(tx, log, odd);
  const lagMs = unsealed === 0 ? 0 : Math.round(lease?.lag ?? 0);
  return {
    origin: logOrigin(log),
    generation: log.generation,
    state: stateOf({ reason, rescanning: head?.rescanning === true, size: head?.size ?? 0, lagMs, unsealed }),
    reason,
    size: head?.size ?? 0,
    checkpoint,
    lagMs,
    unsealed: Math.min(unsealed, MOST_COUNTED),
    unsealedCapped: unsealed > MOST_COUNTED,
    keys: keyViews(await readKeys(tx, log)),
    sequencer: {
      leading: lease?.leading === true,
      beatAt: lease && lease.beat_at.getTime() > 0 ? lease.beat_at : null,
    },
  };
}

function stateOf(of: {
  readonly reason: Failure | null;
  readonly rescanning: boolean;
  readonly size: number;
  readonly lagMs: number;
  readonly unsealed: number;
}): LogState {
  if (of.reason) return 'refusing';
  if (of.rescanning) return 'recovering';
  if (of.lagMs > LAGGING_MS) return 'lagging';
  return of.size === 0 && of.unsealed === 0 ? 'empty' : 'sealing';
}

function keyViews(keys: Awaited<ReturnType<typeof readKeys>>): LogKeyView[] {
  return keys.map(({ vkey, keyId, fromSize }, i) => ({
    vkey,
    keyId,
    fromSize,
    untilSize: keys[i + 1]?.fromSize ?? null,
  }));
}

/** Of a log in good order only what came after the last round; of another everything has to be looked through. */
async function countUnsealed(
  tx: Tx,
  log: { readonly tenant: TenantId; readonly generation: number },
  whole: boolean,
): Promise<number> {
  const recent = `AND (u.xid >= (SELECT pg_snapshot_xmax(snapshot)::text::bigint FROM writ.log_lease)
    OR u.xid = ANY ((SELECT ARRAY(SELECT x::text::bigint FROM pg_snapshot_xip(snapshot) x) FROM writ.log_lease)::bigint[]))`;
  const [row] = await tx.query<{ n: number }>(
    `SELECT coalesce(sum(n), 0)::int AS n FROM (
       SELECT octet_length(u.hashes) / 32 AS n FROM writ.audit_unit u
        WHERE u.tenant = $1 AND ${notSealed('$2')} ${whole ? '' : recent} LIMIT ${MOST_COUNTED + 1}) AS counted`,
    [log.tenant, log.generation],
  );
  return row?.n ?? 0;
}
