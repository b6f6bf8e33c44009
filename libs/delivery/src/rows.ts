import type { Database, Tx } from '@writ/database';
import type { EventId, SubscriptionId, TenantId, WorkerId } from '@writ/kernel';
import type { StreamEvent } from './message';
import type { Delivery, Subscription, SubscriptionStatus } from './types';

interface Row {
  readonly tenant: TenantId;
  readonly id: SubscriptionId;
  readonly url: string;
  readonly label: string;
  readonly types: readonly string[];
  readonly status: SubscriptionStatus;
  readonly reason: string | null;
  readonly next_seq: number;
  readonly size: number;
  readonly failures: number;
  readonly due_at: Date;
  readonly last_sent_at: Date | null;
  readonly dead: number;
  readonly created_by: string;
  readonly created_at: Date;
}

const COLUMNS = `s.tenant, s.id, s.url, s.label, s.types, s.status, s.reason, s.next_seq,
  coalesce((SELECT t.next_seq FROM writ.tenant_stream t WHERE t.tenant = s.tenant), 0) AS size,
  (SELECT count(*)::int FROM writ.dead_letter d WHERE d.tenant = s.tenant AND d.subscription = s.id) AS dead,
  s.failures, s.due_at, s.last_sent_at, s.created_by, s.created_at`;

const toSubscription = (row: Row): Subscription => ({
  tenant: row.tenant,
  id: row.id,
  url: row.url,
  label: row.label,
  types: row.types,
  status: row.status,
  reason: row.reason,
  told: row.next_seq,
  behind: Math.max(0, row.size - row.next_seq),
  failures: row.failures,
  dead: row.dead,
  nextTryAt: row.failures > 0 && row.status === 'active' ? row.due_at.getTime() : null,
  lastSentAt: row.last_sent_at?.getTime() ?? null,
  createdBy: row.created_by,
  createdAt: row.created_at.getTime(),
});

export interface NewSubscription {
  readonly tenant: TenantId;
  readonly id: SubscriptionId;
  readonly url: string;
  readonly label: string;
  readonly types: readonly string[];
  readonly encrypted: string;
  readonly by: string;
}

/** What a subscription's secret is encrypted for. */
export const secretOf = (of: { readonly tenant: TenantId; readonly id: SubscriptionId }): string =>
  `subscription/${of.tenant}/${of.id}`;

/** Told of what happens from now on. */
export async function insertSubscription(tx: Tx, made: NewSubscription): Promise<void> {
  await tx.query(
    `INSERT INTO writ.subscription (tenant, id, url, label, types, secret, created_by, next_seq)
     SELECT $1, $2, $3, $4, $5, $6, $7,
            coalesce((SELECT t.next_seq FROM writ.tenant_stream t WHERE t.tenant = $1), 0)`,
    [made.tenant, made.id, made.url, made.label, made.types, made.encrypted, made.by],
  );
}

export async function subscriptionById(tx: Tx, tenant: TenantId, id: string): Promise<Subscription | null> {
  const [row] = await tx.query<Row>(
    `SELECT ${COLUMNS} FROM writ.subscription s WHERE s.tenant = $1 AND s.id = $2 AND s.removed_at IS NULL`,
    [tenant, id],
  );
  return row ? toSubscription(row) : null;
}

/** Oldest first; `after` is the id of the last one before. */
export async function subscriptions(
  tx: Tx,
  query: { readonly tenant: TenantId; readonly limit: number; readonly after?: string },
): Promise<readonly Subscription[]> {
  const rows = await tx.query<Row>(
    `SELECT ${COLUMNS} FROM writ.subscription s
      WHERE s.tenant = $1 AND s.removed_at IS NULL AND ($2::text IS NULL OR s.id > $2) ORDER BY s.id LIMIT $3`,
    [query.tenant, query.after ?? null, query.limit],
  );
  return rows.map(toSubscription);
}

/** False when it stood so already, or there is none. What was not sent is tried at once. */
export async function setStatus(
  tx: Tx,
  of: { readonly tenant: TenantId; readonly id: string },
  to: { readonly status: SubscriptionStatus; readonly reason: string | null },
): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE writ.subscription SET status = $3, reason = $4, failures = 0, failing_since = NULL, due_at = clock_timestamp()
      WHERE tenant = $1 AND id = $2 AND removed_at IS NULL AND status <> $3 RETURNING id`,
    [of.tenant, of.id, to.status, to.reason],
  );
  return rows.length > 0;
}

export async function removeSubscription(tx: Tx, tenant: TenantId, id: string): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE writ.subscription SET removed_at = clock_timestamp(), status = 'paused', secret = ''
      WHERE tenant = $1 AND id = $2 AND removed_at IS NULL RETURNING id`,
    [tenant, id],
  );
  return rows.length > 0;
}

export async function deliveries(
  tx: Tx,
  of: { readonly tenant: TenantId; readonly id: string; readonly limit: number },
): Promise<readonly Delivery[]> {
  const rows = await tx.query<Omit<Delivery, 'at'> & { readonly at: Date }>(
    `SELECT event, type, attempt, at, status, error, took FROM writ.delivery
      WHERE tenant = $1 AND subscription = $2 ORDER BY n DESC LIMIT $3`,
    [of.tenant, of.id, of.limit],
  );
  return rows.map((row) => ({ ...row, at: row.at.getTime() }));
}

/** Subscriptions of any tenant that something is to be told to, and that nobody looks after: ids only. */
export const dueSubscriptions = (
  db: Database,
  most: number,
): Promise<{ readonly tenant: TenantId; readonly id: SubscriptionId }[]> =>
  db.platform((tx) => tx.query(`SELECT tenant, id FROM writ.find_due_subscriptions($1)`, [most]));

/** What a sender needs of a subscription that it holds. */
export interface Held {
  readonly url: string;
  readonly types: readonly string[];
  readonly encrypted: string;
  readonly nextSeq: number;
  readonly failures: number;
  /** Some of its dead letters are to be sent again. */
  readonly redeliver: boolean;
  /** Milliseconds since the message under way failed first; 0 when it has not. */
  readonly failingFor: number;
}

interface Key {
  readonly tenant: TenantId;
  readonly id: SubscriptionId;
  readonly worker: WorkerId;
}

/** Takes it for a while, by the database's clock; null when somebody else has it, or it is not due any more. */
export async function claim(tx: Tx, { tenant, id, worker }: Key, leaseMs: number): Promise<Held | null> {
  const [row] = await tx.query<Held>(
    `UPDATE writ.subscription SET lease_owner = $3, lease_until = clock_timestamp() + $4::int * interval '1 millisecond'
      WHERE tenant = $1 AND id = $2 AND status = 'active' AND removed_at IS NULL AND due_at <= clock_timestamp()
        AND (lease_until IS NULL OR lease_until < clock_timestamp())
     RETURNING url, types, secret AS encrypted, next_seq AS "nextSeq", failures, redeliver,
               coalesce(extract(epoch FROM clock_timestamp() - failing_since) * 1000, 0)::float8 AS "failingFor"`,
    [tenant, id, worker, leaseMs],
  );
  return row ?? null;
}

/** Goes on behind what was told, and keeps hold of it. False when the hold was lost: somebody else tells it from here. */
export async function advance(
  tx: Tx,
  { tenant, id, worker }: Key,
  to: { readonly nextSeq: number; readonly sent: boolean; readonly leaseMs: number },
): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE writ.subscription SET next_seq = $4, failures = 0, failing_since = NULL,
            last_sent_at = CASE WHEN $5 THEN clock_timestamp() ELSE last_sent_at END,
            lease_until = clock_timestamp() + $6::int * interval '1 millisecond'
      WHERE tenant = $1 AND id = $2 AND lease_owner = $3 RETURNING id`,
    [tenant, id, worker, to.nextSeq, to.sent, to.leaseMs],
  );
  return rows.length > 0;
}

/** A try failed: the same message again after a while, and nothing before it. */
export async function setBack(tx: Tx, { tenant, id, worker }: Key, delayMs: number): Promise<void> {
  await tx.query(
    `UPDATE writ.subscription SET failures = failures + 1, failing_since = coalesce(failing_since, clock_timestamp()),
            due_at = clock_timestamp() + $4::int * interval '1 millisecond', lease_owner = NULL, lease_until = NULL
      WHERE tenant = $1 AND id = $2 AND lease_owner = $3`,
    [tenant, id, worker, delayMs],
  );
}

/** Keeps hold of it, and leaves it as it is. False when the hold was lost. */
export async function holdOn(tx: Tx, { tenant, id, worker }: Key, leaseMs: number): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE writ.subscription SET lease_until = clock_timestamp() + $4::int * interval '1 millisecond'
      WHERE tenant = $1 AND id = $2 AND lease_owner = $3 RETURNING id`,
    [tenant, id, worker, leaseMs],
  );
  return rows.length > 0;
}

export async function letGo(tx: Tx, { tenant, id, worker }: Key): Promise<void> {
  await tx.query(
    `UPDATE writ.subscription SET lease_owner = NULL, lease_until = NULL
      WHERE tenant = $1 AND id = $2 AND lease_owner = $3`,
    [tenant, id, worker],
  );
}

/** Tries of one subscription that are kept. */
const KEPT = 200;

export async function noteDelivery(
  tx: Tx,
  of: { readonly tenant: TenantId; readonly id: SubscriptionId },
  made: Omit<Delivery, 'at'>,
): Promise<void> {
  const { event, type, attempt, status, error, took } = made;
  await tx.query(
    `INSERT INTO writ.delivery (tenant, subscription, event, type, attempt, status, error, took)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [of.tenant, of.id, event, type, attempt, status, error, Math.round(took)],
  );
  await tx.query(
    `DELETE FROM writ.delivery WHERE tenant = $1 AND subscription = $2
        AND n <= (SELECT max(n) - $3 FROM writ.delivery WHERE tenant = $1 AND subscription = $2)`,
    [of.tenant, of.id, KEPT],
  );
}

/** Events of the tenant's own stream from a sequence on, at most so many units of them. */
export async function readStream(
  tx: Tx,
  of: { readonly tenant: TenantId; readonly from: number; readonly units: number },
): Promise<readonly { readonly seq: number; readonly event: StreamEvent & { readonly id: EventId } }[]> {
  const rows = await tx.query<{ seq: number; events: string }>(
    `SELECT seq, writ.audit_lines(u) AS events FROM writ.audit_unit u
      WHERE tenant = $1 AND run = 'tenant'
        AND seq >= coalesce((SELECT max(seq) FROM writ.audit_unit
                              WHERE tenant = $1 AND run = 'tenant' AND seq <= $2), 0)
      ORDER BY seq LIMIT $3`,
    [of.tenant, of.from, of.units],
  );
  return rows
    .flatMap(({ seq, events }) =>
      events
        .split('\n')
        .map((line, i) => ({ seq: seq + i, event: JSON.parse(line) as StreamEvent & { readonly id: EventId } })),
    )
    .filter(({ seq }) => seq >= of.from);
}
