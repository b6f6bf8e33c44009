import type { Database, Tx } from '@writ/database';
import type { Result, TenantId } from '@writ/kernel';
import { type RecordChange, releaseStop, type StopRecord } from '@writ/policy';
import type { StopReport } from './report';

type Read = (tenant: TenantId, stop: string) => Promise<StopReport | null>;

/** How long a drill waits for processes that are alive to apply the stop; a slower one has failed the drill. */
const PATIENCE_MS = 10_000;
const LOOK_MS = 20;

export interface Drill {
  readonly tenant: TenantId;
  /** Set and committed. */
  readonly stop: StopRecord;
  readonly author: string;
  readonly reason: string;
  readonly recordIn: (tx: Tx) => RecordChange;
}

/**
 * The second half of a drill, after its stop was committed: waits until every live process has applied it, releases it,
 * and records the measured times in the tenant's stream. A crash in between leaves a stop in force that says it is a
 * drill's: safe, and for a person to release.
 */
export async function finishDrill(db: Database, read: Read, drill: Drill): Promise<Result<StopReport>> {
  const { tenant, stop, author, reason, recordIn } = drill;
  const report = await applied(read, tenant, stop.id);
  return db.withTenant(tenant, async (tx): Promise<Result<StopReport>> => {
    const record = recordIn(tx);
    const released = await releaseStop(tx, { tenant, id: stop.id, reason, author, drill: true }, record);
    if (!released.ok) return released;
    const { acks, timeToStop, residue } = report;
    await record({
      type: 'stop.drill',
      tenant,
      actor: author,
      object: { type: 'stop', id: stop.id },
      detail: {
        scope: stop.scope,
        target: stop.target,
        instances: acks.filter(({ at }) => at !== null).length,
        silent: acks.filter(({ at }) => at === null).length,
        first_ms: rounded(timeToStop?.first),
        p95_ms: rounded(timeToStop?.p95),
        last_ms: rounded(timeToStop?.last),
        residue: residue.length,
        reason,
      },
    });
    return { ok: true, value: { ...report, stop: released.value.stop } };
  });
}

const rounded = (ms: number | undefined): number | null => (ms === undefined ? null : Math.round(ms));

async function applied(read: Read, tenant: TenantId, stop: string): Promise<StopReport> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const report = await read(tenant, stop);
    if (!report) throw new Error(`the drill's stop ${stop} is gone`);
    const all = report.acks.length > 0 && report.acks.every(({ at }) => at !== null);
    if (all || performance.now() > until) return report;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
