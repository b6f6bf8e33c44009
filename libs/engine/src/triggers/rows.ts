import { canonicalJson, type RunId, type TenantId, type TriggerId } from '@writ/kernel';
import type { Database, Tx } from '@writ/database';
import type { Schedule } from './schedule';
import type { Firing, NewTrigger, Trigger, TriggerKind, TriggerStart, TriggerStatus } from './types';

interface Row {
  readonly id: TriggerId;
  readonly name: string;
  readonly kind: TriggerKind;
  readonly principal: string;
  readonly roles: readonly string[];
  readonly start: string;
  readonly cron: string | null;
  readonly time_zone: string | null;
  readonly missed: Schedule['missed'] | null;
  readonly next_at: Date | null;
  readonly status: TriggerStatus;
  readonly created_by: string;
  readonly created_at: Date;
  readonly changed_by: string;
  readonly changed_at: Date;
  readonly last: FiringRow | null;
}

interface FiringRow {
  readonly key: string;
  readonly seq: string;
  readonly at: string;
  readonly due_at: string | null;
  readonly outcome: Firing['outcome'];
  readonly run: RunId | null;
  readonly code: string | null;
  readonly decision: string | null;
}

const FIRING = 'f.key, f.seq, f.at, f.due_at, f.outcome, f.run, f.code, f.decision';
const COLUMNS = `t.id, t.name, t.kind, t.principal, t.roles, t.start, t.cron, t.time_zone, t.missed, t.next_at, t.status,
  t.created_by, t.created_at, t.changed_by, t.changed_at`;
/** With the newest firing beside it: one look into the index of each trigger that is shown. */
const WITH_LAST = `SELECT ${COLUMNS}, to_jsonb(l) AS last FROM writ.trigger t
  LEFT JOIN LATERAL (SELECT ${FIRING} FROM writ.trigger_firing f WHERE f.tenant = t.tenant AND f.trigger = t.id
                      ORDER BY f.seq DESC LIMIT 1) l ON true`;

const ms = (time: Date | string | null): number | null => (time === null ? null : new Date(time).getTime());

const firingOf = (row: FiringRow): Firing => ({
  key: row.key,
  seq: String(row.seq),
  at: ms(row.at)!,
  dueAt: ms(row.due_at),
  outcome: row.outcome,
  run: row.run,
  code: row.code,
  decision: row.decision,
});

const triggerOf = (row: Row): Trigger => ({
  id: row.id,
  name: row.name,
  kind: row.kind,
  principal: row.principal,
  roles: row.roles,
  start: JSON.parse(row.start) as TriggerStart,
  schedule:
    row.cron !== null && row.time_zone !== null && row.missed !== null
      ? { cron: row.cron, timeZone: row.time_zone, missed: row.missed }
      : null,
  nextAt: ms(row.next_at),
  status: row.status,
  createdBy: row.created_by,
  createdAt: row.created_at.getTime(),
  changedBy: row.changed_by,
  changedAt: row.changed_at.getTime(),
  last: row.last && firingOf(row.last),
});

const principalOf = (name: string): string => `service:trigger.${name}`;

/** Null when the name was used before, also by one long retired. */
export async function insertTrigger(
  tx: Tx,
  made: {
    readonly tenant: TenantId;
    readonly id: TriggerId;
    readonly trigger: NewTrigger;
    readonly by: string;
    readonly encrypted: string | null;
    /** Epoch milliseconds. */
    readonly nextAt: number | null;
  },
): Promise<Trigger | null> {
  const { tenant, id, trigger, by, encrypted, nextAt } = made;
  const { schedule } = trigger;
  const [row] = await tx.query<Row>(
    `INSERT INTO writ.trigger AS t (tenant, id, name, kind, principal, roles, start, cron, time_zone, missed, next_at,
                                    secret, created_by, changed_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
     ON CONFLICT (tenant, name) DO NOTHING RETURNING ${COLUMNS}, NULL::jsonb AS last`,
    [
      tenant,
      id,
      trigger.name,
      schedule ? 'schedule' : 'webhook',
      principalOf(trigger.name),
      trigger.roles,
      canonicalJson(trigger.start),
      schedule?.cron ?? null,
      schedule?.timeZone ?? null,
      schedule?.missed ?? null,
      nextAt === null ? null : new Date(nextAt),
      encrypted,
      by,
    ],
  );
  return row ? triggerOf(row) : null;
}

export async function triggerRow(tx: Tx, tenant: TenantId, id: string): Promise<Trigger | null> {
  const [row] = await tx.query<Row>(`${WITH_LAST} WHERE t.tenant = $1 AND t.id = $2`, [tenant, id]);
  return row ? triggerOf(row) : null;
}

/** The same, and nobody else changes it until the transaction ends. */
export async function lockedTrigger(tx: Tx, tenant: TenantId, id: string): Promise<Trigger | null> {
  await tx.query(`SELECT 1 FROM writ.trigger WHERE tenant = $1 AND id = $2 FOR UPDATE`, [tenant, id]);
  return triggerRow(tx, tenant, id);
}

/** Newest first. */
export async function triggerRows(
  tx: Tx,
  tenant: TenantId,
  query: { readonly limit: number; readonly after?: string },
): Promise<Trigger[]> {
  const rows = await tx.query<Row>(
    `${WITH_LAST} WHERE t.tenant = $1 AND ($2::text IS NULL OR t.id < $2) ORDER BY t.id DESC LIMIT $3`,
    [tenant, query.after ?? null, query.limit],
  );
  return rows.map(triggerOf);
}

export async function updateStatus(
  tx: Tx,
  to: {
    readonly tenant: TenantId;
    readonly id: string;
    readonly status: TriggerStatus;
    readonly nextAt: number | null;
    readonly by: string;
  },
): Promise<void> {
  await tx.query(
    `UPDATE writ.trigger SET status = $3, next_at = $4, changed_by = $5, changed_at = clock_timestamp(),
            lease_owner = NULL, lease_until = NULL WHERE tenant = $1 AND id = $2`,
    [to.tenant, to.id, to.status, to.nextAt === null ? null : new Date(to.nextAt), to.by],
  );
}

export async function updateSecret(
  tx: Tx,
  to: { readonly tenant: TenantId; readonly id: string; readonly encrypted: string; readonly by: string },
): Promise<void> {
  await tx.query(
    `UPDATE writ.trigger SET secret_before = secret, rotated_until = clock_timestamp() + interval '1 day', secret = $3,
            changed_by = $4, changed_at = clock_timestamp() WHERE tenant = $1 AND id = $2`,
    [to.tenant, to.id, to.encrypted, to.by],
  );
}

/** False when this firing was recorded before. */
export async function insertFiring(
  tx: Tx,
  firing: Omit<Firing, 'seq' | 'at'> & { readonly tenant: TenantId; readonly trigger: TriggerId },
): Promise<boolean> {
  const rows = await tx.query(
    `INSERT INTO writ.trigger_firing (tenant, trigger, key, due_at, outcome, run, code, decision)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tenant, trigger, key) DO NOTHING RETURNING seq`,
    [
      firing.tenant,
      firing.trigger,
      firing.key,
      firing.dueAt === null ? null : new Date(firing.dueAt),
      firing.outcome,
      firing.run,
      firing.code,
      firing.decision,
    ],
  );
  return rows.length > 0;
}

export async function firingRows(
  tx: Tx,
  of: { readonly tenant: TenantId; readonly trigger: string; readonly limit: number; readonly after?: string },
): Promise<Firing[]> {
  const rows = await tx.query<FiringRow>(
    `SELECT ${FIRING} FROM writ.trigger_firing f
      WHERE f.tenant = $1 AND f.trigger = $2 AND ($3::bigint IS NULL OR f.seq < $3) ORDER BY f.seq DESC LIMIT $4`,
    [of.tenant, of.trigger, of.after ?? null, of.limit],
  );
  return rows.map(firingOf);
}

/** Schedules whose time has come and that no process looks after, over all tenants. */
export const dueTriggers = (
  db: Database,
  limit: number,
): Promise<{ readonly tenant: TenantId; readonly id: TriggerId }[]> =>
  db.platform((tx) => tx.query(`SELECT tenant, id FROM writ.find_due_triggers($1)`, [limit]));

/** How long a process may be busy with the firings of one look before another one may go on with them. */
const LEASE = `interval '60 seconds'`;

/** Takes a schedule that is due, with the database's time; null when another process was first, or it was paused. */
export async function claimTrigger(
  tx: Tx,
  claim: { readonly tenant: TenantId; readonly id: TriggerId; readonly worker: string },
): Promise<{ readonly trigger: Trigger; readonly now: number } | null> {
  const [row] = await tx.query<Row & { readonly now: Date }>(
    `UPDATE writ.trigger t SET lease_owner = $3, lease_until = clock_timestamp() + ${LEASE}
      WHERE t.tenant = $1 AND t.id = $2 AND t.next_at <= clock_timestamp()
        AND (t.lease_until IS NULL OR t.lease_until < clock_timestamp())
     RETURNING ${COLUMNS}, NULL::jsonb AS last, clock_timestamp() AS now`,
    [claim.tenant, claim.id, claim.worker],
  );
  return row ? { trigger: triggerOf(row), now: row.now.getTime() } : null;
}

/** Moves a schedule on while its lease holds; false when it was lost, and somebody else goes on from where it stood. */
export async function moveOn(
  tx: Tx,
  to: {
    readonly tenant: TenantId;
    readonly id: TriggerId;
    readonly worker: string;
    readonly nextAt: number | null;
    readonly release: boolean;
  },
): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE writ.trigger SET next_at = $4, lease_owner = CASE WHEN $5 THEN NULL ELSE lease_owner END,
            lease_until = CASE WHEN $5 THEN NULL ELSE clock_timestamp() + ${LEASE} END
      WHERE tenant = $1 AND id = $2 AND lease_owner = $3 AND status = 'active' RETURNING id`,
    [to.tenant, to.id, to.worker, to.nextAt === null ? null : new Date(to.nextAt), to.release],
  );
  return rows.length > 0;
}

/** What a webhook's secrets are encrypted for: the one in use, and the one before it. */
export const secretOf = (tenant: TenantId, id: string): string => `trigger/${tenant}/${id}`;

/** The tenant and secrets behind a webhook's id; null for any other id. */
export async function hookSecrets(
  db: Database,
  id: string,
): Promise<{ readonly tenant: TenantId; readonly secrets: readonly string[] } | null> {
  const [row] = await db.platform((tx) =>
    tx.query<{ tenant: TenantId; secret: string; secret_before: string | null }>(
      `SELECT tenant, secret, secret_before FROM writ.find_hook($1)`,
      [id],
    ),
  );
  if (!row) return null;
  const about = secretOf(row.tenant, id);
  const encrypted = row.secret_before === null ? [row.secret] : [row.secret, row.secret_before];
  return { tenant: row.tenant, secrets: encrypted.map((one) => db.secrets.decrypt(one, about)) };
}
