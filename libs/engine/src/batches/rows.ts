import type { BatchId, Json, JsonObject, PrincipalKind, RunId, TenantId, WorkerId } from '@writ/kernel';
import { type Database, getPayload, type Tx } from '@writ/database';
import type { Batch, BatchItem, BatchStart, BatchStatus, ItemState } from './types';

interface Row {
  readonly id: BatchId;
  readonly workflow: string;
  readonly version: number;
  readonly status: BatchStatus;
  readonly principal: string;
  readonly total: number;
  readonly concurrency: number;
  readonly reason: string | null;
  readonly created_at: Date;
  readonly finished_at: Date | null;
  readonly counts: { readonly [state: string]: number } | null;
}

/** An item's state as people see it: that of its run, once it has one. */
const STATE = `CASE WHEN i.run IS NULL THEN i.state ELSE coalesce(r.status, 'queued') END`;
const COUNTED = `SELECT b.id, b.workflow, b.version, b.status, b.principal, b.total, b.concurrency, b.reason, b.created_at,
    b.finished_at, c.counts
  FROM writ.batch b
  LEFT JOIN LATERAL (
    SELECT json_object_agg(s.state, s.n) AS counts FROM (
      SELECT ${STATE} AS state, count(*)::int AS n
        FROM writ.batch_item i LEFT JOIN writ.run r ON r.tenant = i.tenant AND r.id = i.run
       WHERE i.tenant = b.tenant AND i.batch = b.id GROUP BY 1) s) c ON true`;

const batchOf = (row: Row): Batch => ({
  id: row.id,
  workflow: row.workflow,
  version: row.version,
  status: row.status,
  initiator: row.principal,
  total: row.total,
  concurrency: row.concurrency,
  counts: row.counts ?? {},
  reason: row.reason,
  createdAt: row.created_at.getTime(),
  finishedAt: row.finished_at?.getTime() ?? null,
});

export async function insertBatch(
  tx: Tx,
  made: {
    readonly tenant: TenantId;
    readonly id: BatchId;
    readonly workflow: string;
    readonly version: number;
    readonly principal: { readonly kind: string; readonly id: string; readonly roles: readonly string[] };
    readonly start: string;
    readonly concurrency: number;
    readonly items: readonly { readonly key: string; readonly input: string }[];
  },
): Promise<void> {
  const { tenant, id, workflow, version, principal, start, concurrency, items } = made;
  await tx.query(
    `INSERT INTO writ.batch (tenant, id, workflow, version, principal, kind, roles, start, concurrency, total)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [tenant, id, workflow, version, principal.id, principal.kind, principal.roles, start, concurrency, items.length],
  );
  await tx.query(
    `INSERT INTO writ.batch_item (tenant, batch, place, key, input)
     SELECT $1, $2, i.place - 1, i.key, i.input FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS i (key, input, place)`,
    [tenant, id, items.map(({ key }) => key), items.map(({ input }) => input)],
  );
}

export async function batchRow(tx: Tx, tenant: TenantId, id: string): Promise<Batch | null> {
  const [row] = await tx.query<Row>(`${COUNTED} WHERE b.tenant = $1 AND b.id = $2`, [tenant, id]);
  return row ? batchOf(row) : null;
}

/** Newest first. */
export async function batchRows(
  tx: Tx,
  tenant: TenantId,
  { limit, after }: { readonly limit: number; readonly after?: string },
): Promise<Batch[]> {
  const rows = await tx.query<Row>(
    `${COUNTED} WHERE b.tenant = $1 AND ($2::text IS NULL OR b.id < $2) ORDER BY b.id DESC LIMIT $3`,
    [tenant, after ?? null, limit],
  );
  return rows.map(batchOf);
}

interface ItemRow {
  readonly place: number;
  readonly key: string;
  readonly state: ItemState;
  readonly run: RunId | null;
  readonly code: string | null;
  readonly decision: string | null;
  /** The last event of a run that is over. */
  readonly last: string | null;
}

interface LastEvent {
  readonly type: string;
  readonly output?: Json;
  readonly output_ref?: string;
  readonly failure?: { readonly code: string };
}

/** Items in their order, each with what its run came to. */
export async function itemRows(
  tx: Tx,
  of: {
    readonly tenant: TenantId;
    readonly id: string;
    readonly limit: number;
    readonly after?: number;
    readonly state?: ItemState;
  },
): Promise<BatchItem[]> {
  const { tenant, id, limit, after = -1, state = null } = of;
  const rows = await tx.query<ItemRow>(
    `SELECT i.place, i.key, ${STATE} AS state, i.run, i.code, i.decision, j.last
       FROM writ.batch_item i LEFT JOIN writ.run r ON r.tenant = i.tenant AND r.id = i.run
       LEFT JOIN LATERAL (
         SELECT split_part(j.events, E'\\n', -1) AS last FROM writ.journal j
          WHERE r.finished_at IS NOT NULL AND j.tenant = i.tenant AND j.run = i.run ORDER BY j.seq DESC LIMIT 1) j ON true
      WHERE i.tenant = $1 AND i.batch = $2 AND i.place > $3 AND ($4::text IS NULL OR ${STATE} = $4)
      ORDER BY i.place LIMIT $5`,
    [tenant, id, after, state, limit],
  );
  const items: BatchItem[] = [];
  for (const { last, ...row } of rows) {
    const event = last === null ? null : (JSON.parse(last) as LastEvent);
    items.push({ ...row, code: row.code ?? event?.failure?.code ?? null, output: await outputOf(tx, tenant, event) });
  }
  return items;
}

async function outputOf(tx: Tx, tenant: TenantId, event: LastEvent | null): Promise<Json> {
  if (event?.output_ref === undefined) return event?.output ?? null;
  const body = await getPayload(tx, { tenant, digest: event.output_ref });
  return body === null ? null : (JSON.parse(body) as Json);
}

/** How long a worker looks after a batch without a word; by the database's clock. */
const LEASE = `interval '5 seconds'`;

/** A batch as the worker that looks after it needs it. */
export interface LedBatch {
  readonly tenant: TenantId;
  readonly id: BatchId;
  readonly workflow: string;
  readonly version: number;
  readonly status: BatchStatus;
  readonly principal: {
    readonly kind: PrincipalKind;
    readonly id: string;
    readonly roles: readonly string[];
  };
  readonly start: BatchStart;
  readonly concurrency: number;
}

export async function dueBatches(
  db: Database,
  limit: number,
): Promise<{ readonly tenant: TenantId; readonly id: BatchId }[]> {
  return db.platform((tx) => tx.query(`SELECT tenant, id FROM writ.find_due_batches($1)`, [limit]));
}

/** Takes a batch, or keeps it; null when another worker has it, or it is over. */
export async function claimBatch(
  tx: Tx,
  { tenant, id, worker }: { readonly tenant: TenantId; readonly id: string; readonly worker: WorkerId },
): Promise<LedBatch | null> {
  const [row] = await tx.query<{
    readonly id: BatchId;
    readonly workflow: string;
    readonly version: number;
    readonly status: BatchStatus;
    readonly principal: string;
    readonly kind: PrincipalKind;
    readonly roles: readonly string[];
    readonly start: string;
    readonly concurrency: number;
  }>(
    `UPDATE writ.batch SET lease_owner = $3, lease_until = clock_timestamp() + ${LEASE}
      WHERE tenant = $1 AND id = $2 AND finished_at IS NULL
        AND (lease_owner = $3 OR lease_until IS NULL OR lease_until < clock_timestamp())
      RETURNING id, workflow, version, status, principal, kind, roles, start, concurrency`,
    [tenant, id, worker],
  );
  if (!row) return null;
  const { principal, kind, roles, start, ...rest } = row;
  return { ...rest, tenant, principal: { kind, id: principal, roles }, start: JSON.parse(start) as BatchStart };
}

export async function letGoOfBatch(
  tx: Tx,
  { tenant, id, worker }: { readonly tenant: TenantId; readonly id: string; readonly worker: WorkerId },
): Promise<void> {
  await tx.query(
    `UPDATE writ.batch SET lease_owner = NULL, lease_until = NULL WHERE tenant = $1 AND id = $2 AND lease_owner = $3`,
    [tenant, id, worker],
  );
}

/** Notes which runs are over; answers how many are not, and how many items wait. */
export async function countOpen(
  tx: Tx,
  { tenant, id }: { readonly tenant: TenantId; readonly id: string },
): Promise<{ readonly started: number; readonly pending: number }> {
  await tx.query(
    `UPDATE writ.batch_item i SET state = 'ended' FROM writ.run r
      WHERE i.tenant = $1 AND i.batch = $2 AND i.state = 'started'
        AND r.tenant = i.tenant AND r.id = i.run AND r.finished_at IS NOT NULL`,
    [tenant, id],
  );
  const [row] = await tx.query<{ started: number; pending: number }>(
    `SELECT count(*) FILTER (WHERE state = 'started')::int AS started,
            count(*) FILTER (WHERE state = 'pending')::int AS pending
       FROM writ.batch_item WHERE tenant = $1 AND batch = $2 AND state IN ('started', 'pending')`,
    [tenant, id],
  );
  return row ?? { started: 0, pending: 0 };
}

export interface PendingItem {
  readonly place: number;
  readonly key: string;
  readonly input: JsonObject;
}

export async function nextItems(
  tx: Tx,
  { tenant, id, limit }: { readonly tenant: TenantId; readonly id: string; readonly limit: number },
): Promise<PendingItem[]> {
  const rows = await tx.query<{ place: number; key: string; input: string }>(
    `SELECT place, key, input FROM writ.batch_item
      WHERE tenant = $1 AND batch = $2 AND state = 'pending' ORDER BY place LIMIT $3`,
    [tenant, id, limit],
  );
  return rows.map(({ place, key, input }) => ({ place, key, input: JSON.parse(input) as JsonObject }));
}

/** What came of starting an item. One that was skipped meanwhile has its run all the same, which is then told to end. */
export async function itemStarted(
  tx: Tx,
  of: {
    readonly tenant: TenantId;
    readonly id: string;
    readonly place: number;
    readonly run: RunId | null;
    readonly code: string | null;
    readonly decision: string | null;
  },
): Promise<void> {
  await tx.query(
    `UPDATE writ.batch_item SET state = $4, run = $5, code = $6, decision = $7
      WHERE tenant = $1 AND batch = $2 AND place = $3 AND state IN ('pending', 'skipped')`,
    [of.tenant, of.id, of.place, of.run === null ? 'refused' : 'started', of.run, of.code, of.decision],
  );
}

/** Runs of a batch that are not over and have not been told to end. */
export async function runsToEnd(
  tx: Tx,
  { tenant, id, limit }: { readonly tenant: TenantId; readonly id: string; readonly limit: number },
): Promise<RunId[]> {
  const rows = await tx.query<{ run: RunId }>(
    `SELECT i.run FROM writ.batch_item i JOIN writ.run r ON r.tenant = i.tenant AND r.id = i.run
      WHERE i.tenant = $1 AND i.batch = $2 AND i.state = 'started' AND r.finished_at IS NULL
        AND NOT EXISTS (SELECT FROM writ.run_mail m WHERE m.tenant = i.tenant AND m.run = i.run AND m.dedup = 'cancel')
      ORDER BY i.place LIMIT $3`,
    [tenant, id, limit],
  );
  return rows.map(({ run }) => run);
}

/** Nothing of it waits or runs any more. False when it was over before. */
export async function endBatch(
  tx: Tx,
  {
    tenant,
    id,
    worker,
    status,
  }: {
    readonly tenant: TenantId;
    readonly id: string;
    readonly worker: WorkerId;
    readonly status: 'cancelled' | 'finished';
  },
): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE writ.batch SET status = $4, finished_at = now(), lease_owner = NULL, lease_until = NULL
      WHERE tenant = $1 AND id = $2 AND lease_owner = $3 AND finished_at IS NULL
        AND (status = 'cancelling') = ($4 = 'cancelled') RETURNING id`,
    [tenant, id, worker, status],
  );
  return rows.length > 0;
}

/** Nothing more of it is started. False when it was cancelled or over before. */
export async function cancelBatch(
  tx: Tx,
  {
    tenant,
    id,
    by,
    reason,
  }: {
    readonly tenant: TenantId;
    readonly id: string;
    readonly by: string;
    readonly reason: string;
  },
): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE writ.batch SET status = 'cancelling', ended_by = $3, reason = $4
      WHERE tenant = $1 AND id = $2 AND status = 'running' RETURNING id`,
    [tenant, id, by, reason],
  );
  if (rows.length === 0) return false;
  await tx.query(
    `UPDATE writ.batch_item SET state = 'skipped' WHERE tenant = $1 AND batch = $2 AND state = 'pending'`,
    [tenant, id],
  );
  return true;
}

/** Budgets that the runs of a batch share. */
export async function sharedBudgets(tx: Tx, tenant: TenantId, id: string): Promise<readonly string[]> {
  const rows = await tx.query<{ id: string }>(
    `SELECT id FROM writ.budget WHERE tenant = $1 AND scope = 'batch' AND target = $2 AND removed_at IS NULL`,
    [tenant, id],
  );
  return rows.map((row) => row.id);
}
