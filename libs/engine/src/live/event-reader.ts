import type { JsonObject, RunId, TenantId } from '@writ/kernel';
import type { Database, Tx } from '@writ/database';
import type { EventView } from '../api';
import type { RecordedDecision, RunEvent, RunStarted } from '../events';
import { journalEvents } from '../journal-line';
import { fetchValues } from '../read-journal';

/** A run's journal from one sequence on, as readers see it, and its first event, which the others are restored with. */
export interface ReadFrom {
  readonly started: RunStarted;
  readonly events: readonly EventView[];
}

/**
 * An event as readers of runs see it. Salts stay in the journal: whoever reads events could otherwise test guesses against
 * the evidence. So do near misses, which tell what rules there are: those are for who may explain decisions.
 */
function eventView(event: RunEvent, sequence: number): EventView {
  const { type, at, salt: _salt, decision, ...fields } = event as RunEvent & Partial<Kept>;
  const { nearMisses: _nearMisses, ...shown } = decision ?? {};
  return {
    sequence,
    type,
    time: new Date(at).toISOString(),
    ...(fields as unknown as JsonObject),
    ...(decision !== undefined && { decision: shown as unknown as JsonObject }),
  };
}

interface Kept {
  readonly salt: string;
  readonly decision: Partial<RecordedDecision>;
}

interface Row {
  readonly run: RunId;
  readonly seq: number;
  readonly events: string;
}

export interface Place {
  readonly tenant: TenantId;
  readonly run: RunId;
  /** Sequence of the first event wanted. */
  readonly from: number;
}

/** Rows hold units: the first one wanted is that which `from` lies in. */
const FROM_ITS_UNIT = (tenant: string, run: string, from: string): string =>
  `j.seq >= coalesce((SELECT max(u.seq) FROM writ.journal u WHERE u.tenant = ${tenant} AND u.run = ${run} AND u.seq <= ${from}), 0)`;

/**
 * Events from `from` on, at most about `limit` (whole units, since those are the rows). Null for a run without a journal.
 * Two reads by key, however long the journal is.
 */
export async function readEventsFrom(
  db: Database,
  asked: Place & { readonly limit: number; readonly started: RunStarted | null },
): Promise<ReadFrom | null> {
  const { tenant, run, from, limit } = asked;
  return db.withTenant(tenant, async (tx) => {
    const started = asked.started ?? (await firstEvent(tx, tenant, run));
    if (!started) return null;
    const rows = await tx.query<Row>(
      `SELECT j.run, j.seq, j.events FROM writ.journal j
        WHERE j.tenant = $1 AND j.run = $2 AND ${FROM_ITS_UNIT('$1', '$2', '$3')} ORDER BY j.seq LIMIT $4`,
      [tenant, run, from, limit],
    );
    const events = await restored(tx, tenant, { started, rows });
    return { started, events: events.filter(({ sequence }) => sequence >= from).slice(0, limit) };
  });
}

/** What has been added to several runs, by run. The runs' first events are known. */
export async function readAdditions(
  tx: Tx,
  places: readonly (Place & { readonly started: RunStarted })[],
): Promise<ReadonlyMap<RunId, readonly EventView[]>> {
  const rows = await tx.query<Row>(
    `SELECT j.run, j.seq, j.events FROM unnest($1::text[], $2::text[], $3::int[]) AS w (tenant, run, seq)
       JOIN LATERAL (SELECT * FROM writ.journal j
                      WHERE j.tenant = w.tenant AND j.run = w.run AND ${FROM_ITS_UNIT('w.tenant', 'w.run', 'w.seq')}
                      ORDER BY j.seq LIMIT ${MOST_UNITS} OFFSET 0) j ON true
      ORDER BY j.run, j.seq`,
    [places.map(({ tenant }) => tenant), places.map(({ run }) => run), places.map(({ from }) => from)],
  );
  const byRun = Map.groupBy(rows, ({ run }) => run);
  const added = new Map<RunId, readonly EventView[]>();
  for (const { tenant, run, started, from } of places) {
    const events = await restored(tx, tenant, { started, rows: byRun.get(run) ?? [] });
    added.set(
      run,
      events.filter(({ sequence }) => sequence >= from),
    );
  }
  return added;
}

/** Units of one run read at once; the rest comes with the next reading. */
const MOST_UNITS = 200;

async function firstEvent(tx: Tx, tenant: TenantId, run: RunId): Promise<RunStarted | null> {
  const [row] = await tx.query<Row>(
    `SELECT run, seq, events FROM writ.journal WHERE tenant = $1 AND run = $2 AND seq = 0`,
    [tenant, run],
  );
  if (!row) return null;
  const [first] = journalEvents(tenant, row.events.split('\n'));
  if (first?.type !== 'run_started') throw new Error(`the journal of ${run} does not begin with its start`);
  return first;
}

/** Lines as events: what a line leaves out because the first one says it is put back, and so are values kept by digest. */
async function restored(
  tx: Tx,
  tenant: TenantId,
  { started, rows }: { readonly started: RunStarted; readonly rows: readonly Row[] },
): Promise<EventView[]> {
  const views: EventView[] = [];
  for (const { seq, events } of rows) {
    const lines = events.split('\n');
    const whole = journalEvents(tenant, lines, started);
    for (const [i, event] of (await fetchValues(tx, tenant, whole)).entries()) views.push(eventView(event, seq + i));
  }
  return views;
}
