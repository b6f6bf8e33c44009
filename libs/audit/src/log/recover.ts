import type { Database, Tx } from '@writ/database';
import type { Failure, TenantId } from '@writ/kernel';
import { appendTenantEvent } from '../tenant-stream';
import type { KeyRing } from './key-ring';
import { readHead, readKeys } from './log-rows';
import { generationOf, logOrigin } from './origin';
import type { OutsideCheckpoints } from './outside';
import { checkOutside, keptCheckpoint } from './outside-check';

export interface Recovery {
  /** Opaque id of who does it. */
  readonly operator: string;
  readonly reason: string;
  readonly outside: OutsideCheckpoints;
  readonly ring: KeyRing;
}

/** A log that was opened anew. */
export interface OpenedLog {
  readonly tenant: TenantId | '*';
  /** Name of the new log. */
  readonly origin: string;
  readonly generation: number;
  /** Why the old one could not go on. */
  readonly because: string;
  /** Events that were sealed in the database and, as the checkpoint outside says, before. */
  readonly databaseSize: number;
  readonly outsideSize: number | null;
}

interface LeaseRow {
  readonly elsewhere: boolean;
}

/**
 * Opens anew every log that can never be signed again under its old name: the database lost events that were sealed, was
 * rewritten, runs on another server than it was signed on, or the key is lost. A new generation begins with an event in
 * the tenant's stream that says what was lost and who decided, and seals again every event the database still holds. The
 * old generation's checkpoints stay what they are. Logs in good order are left alone.
 * `db` must be the owner's. One transaction; whoever leads is fenced by it.
 */
export async function recoverLogs(db: Database, recovery: Recovery): Promise<OpenedLog[]> {
  return db.platform(async (tx) => {
    await tx.query(`SET LOCAL lock_timeout = '10s'`);
    const [lease] = await tx.query<LeaseRow>(
      `UPDATE writ.log_lease l SET epoch = epoch + 1, owner = NULL, beat_at = 'epoch', refusal = NULL
         FROM pg_control_system() c
       RETURNING l.cluster IS DISTINCT FROM c.system_identifier::text
                 OR pg_snapshot_xmax(pg_current_snapshot()) < pg_snapshot_xmax(l.snapshot) AS elsewhere`,
    );
    const elsewhere = lease?.elsewhere === true;
    const opened: OpenedLog[] = [];
    for (const tenant of await tenantsToLookAt(tx, recovery, elsewhere)) {
      const because = await reasonToOpen(tx, tenant, { ...recovery, elsewhere });
      if (because) opened.push(await openAnew(tx, tenant, { ...recovery, because }));
    }
    if (elsewhere) await adoptServer(tx);
    return opened;
  });
}

async function tenantsToLookAt(
  tx: Tx,
  { outside }: Recovery,
  elsewhere: boolean,
): Promise<readonly (TenantId | '*')[]> {
  const rows = await tx.query<{ tenant: TenantId | '*' }>(
    elsewhere ? 'SELECT tenant FROM writ.tenant' : 'SELECT tenant FROM writ.log_head',
  );
  return [...new Set([...rows.map(({ tenant }) => tenant), ...outside.tenants()])].sort();
}

async function reasonToOpen(
  tx: Tx,
  tenant: TenantId | '*',
  of: Recovery & { readonly elsewhere: boolean },
): Promise<Failure | null> {
  const head = await readHead(tx, tenant);
  const check = await checkOutside(tx, tenant, of.outside);
  if (!check.ok) return check.failure;
  if (head?.refusal) return head.refusal;
  if (of.elsewhere) return { code: 'log_elsewhere', class: 'permanent', message: 'the database is on another server' };
  if (!head) return null;
  const active = (await readKeys(tx, head)).findLast(({ fromSize }) => fromSize !== null);
  const known = !active || of.ring.find(logOrigin(head), active.keyId) !== null;
  return known ? null : { code: 'log_key_missing', class: 'permanent', message: `key ${active.keyId} is lost` };
}

async function openAnew(
  tx: Tx,
  tenant: TenantId | '*',
  of: Recovery & { readonly because: Failure },
): Promise<OpenedLog> {
  const head = await readHead(tx, tenant);
  const kept = keptCheckpoint(of.outside, tenant);
  const before = Math.max(head?.generation ?? 0, kept ? (generationOf(tenant, kept.origin) ?? 0) : 0);
  // A log that never signed anything has no name to protect.
  const fresh = (head?.size ?? 0) === 0 && kept === null;
  const generation = fresh ? Math.max(before, 1) : before + 1;
  await tx.query(
    `INSERT INTO writ.log_head AS h (tenant, generation, rescan_from, rescan_run, rescan_seq)
     VALUES ($1, $2, pg_current_snapshot(), '', -1)
     ON CONFLICT (tenant) DO UPDATE SET generation = excluded.generation, state = 'open', refusal = NULL,
        size = CASE WHEN h.generation = excluded.generation THEN h.size ELSE 0 END, changed_at = now(),
        rescan_from = excluded.rescan_from, rescan_run = excluded.rescan_run, rescan_seq = excluded.rescan_seq`,
    [tenant, generation],
  );
  const origin = logOrigin({ tenant, generation });
  const sizes = { databaseSize: head?.size ?? 0, outsideSize: kept?.size ?? null };
  await appendTenantEvent(tx, tenant as TenantId, {
    type: 'log.opened',
    actor: of.operator,
    object: { type: 'audit', id: origin },
    detail: {
      origin,
      generation,
      reason: of.reason,
      because: of.because.code,
      database_size: sizes.databaseSize,
      outside_origin: kept?.origin ?? null,
      outside_size: sizes.outsideSize,
      outside_root: kept ? Buffer.from(kept.root).toString('base64') : null,
    },
  });
  return { tenant, origin, generation, because: of.because.code, ...sizes };
}

/** What was sealed before was named by another server's transaction numbers; every log is sealed anew from here. */
async function adoptServer(tx: Tx): Promise<void> {
  await tx.query(
    `UPDATE writ.log_lease l SET cluster = c.system_identifier::text, snapshot = pg_current_snapshot()
       FROM pg_control_system() c`,
  );
}
