import type { Database, Tx } from '@writ/database';
import type { Result, TenantId } from '@writ/kernel';
import { findStop, stopAcks } from '@writ/policy';
import type { RunFailed } from '../events';
import { type Drill, finishDrill } from './drill';
import type { EndedRun, StopAck, StopPreview, StopReport } from './report';
import { byRun, openThen, type Scope, type StepUnderWay, unitsThen } from './under-way';

/** What people ask about stops: read from the journal and the acknowledgements, never from memory. */
export class StopReports {
  constructor(private readonly db: Database) {}

  async preview(tenant: TenantId, scope: Omit<Scope, 'tenant'>): Promise<StopPreview> {
    return this.db.withTenant(tenant, async (tx) => {
      const steps = await stepsThen(tx, { ...scope, tenant }, { tenant, horizon: null, since: new Date() });
      const whole = ['tenant', 'workflow', 'run'].includes(scope.scope);
      const runs = whole ? null : [...new Set(steps.map(({ run }) => run))];
      const rows = await tx.query<{ status: string; n: number }>(
        `SELECT status, count(*)::int AS n FROM writ.run
          WHERE tenant = $1 AND finished_at IS NULL
            AND CASE WHEN $2::text[] IS NOT NULL THEN id = ANY ($2)
                     WHEN $3 = 'run' THEN id = $4 WHEN $3 = 'workflow' THEN workflow = $4 ELSE true END
          GROUP BY status ORDER BY status`,
        [tenant, runs, scope.scope, scope.target],
      );
      return { runs: Object.fromEntries(rows.map(({ status, n }) => [status, n])), steps };
    });
  }

  /** Ends a drill whose stop is set: waits until every process has applied it, releases it, records the times. */
  finishDrill(drill: Drill): Promise<Result<StopReport>> {
    return finishDrill(this.db, (tenant, id) => this.report(tenant, id), drill);
  }

  /** Null when no such stop reaches the tenant. Of a platform's stop only what it hit here is told. */
  async report(tenant: TenantId, id: string): Promise<StopReport | null> {
    return this.db.withTenant(tenant, async (tx) => {
      const stop = await findStop(tx, tenant, id);
      if (!stop) return null;
      const [mark] = await tx.query<{ horizon: string | null }>(
        `SELECT horizon FROM writ.stop WHERE tenant = $1 AND id = $2`,
        [stop.tenant, id],
      );
      const acks = await stopAcks(tx, tenant, id);
      const moment = { tenant, horizon: mark?.horizon ?? null, since: new Date(stop.setAt) };
      const residue = moment.horizon === null ? [] : await stepsThen(tx, stop, moment);
      return { stop, acks, timeToStop: timesOf(acks), residue, ended: await endedBy(tx, tenant, id) };
    });
  }
}

async function stepsThen(tx: Tx, scope: Scope, moment: Parameters<typeof unitsThen>[1]): Promise<StepUnderWay[]> {
  const units = await unitsThen(tx, moment);
  return byRun(units)
    .flatMap((run) => openThen(moment.tenant, run, scope))
    .sort((one, other) => one.intendedAt - other.intendedAt);
}

/** Runs say in their last event which stop ended them. */
async function endedBy(tx: Tx, tenant: TenantId, stop: string): Promise<readonly EndedRun[]> {
  const rows = await tx.query<{ id: string; workflow: string; finished_at: Date; events: string }>(
    `SELECT r.id, r.workflow, r.finished_at, j.events FROM writ.run r
       JOIN LATERAL (SELECT seq, events FROM writ.journal WHERE tenant = $1 AND run = r.id ORDER BY seq DESC LIMIT 1) j ON true
      WHERE r.tenant = $1 AND r.status = 'stopped' AND r.finished_at >= (SELECT s.set_at FROM writ.stop s WHERE s.id = $2)
        AND position($2 IN j.events) > 0
      ORDER BY r.finished_at LIMIT 1000`,
    [tenant, stop],
  );
  return rows.map(({ id, workflow, finished_at, events }) => {
    const end = JSON.parse(events.slice(events.lastIndexOf('\n') + 1)) as Partial<RunFailed>;
    const toUndo = (end.to_undo ?? []).map(({ path, tool }) => ({ path, tool }));
    return { run: id, workflow, finishedAt: finished_at.getTime(), toUndo, left: end.left ?? [] };
  });
}

function timesOf(acks: readonly StopAck[]): StopReport['timeToStop'] {
  const times = acks.flatMap(({ afterMs }) => (afterMs === null ? [] : [afterMs])).sort((a, b) => a - b);
  if (times.length === 0) return null;
  const at = (share: number): number => times[Math.min(times.length - 1, Math.ceil(share * times.length) - 1)]!;
  return { first: times[0]!, p95: at(0.95), last: times.at(-1)! };
}
