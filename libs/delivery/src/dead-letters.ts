import type { Tx } from '@writ/database';
import type { EventId, SubscriptionId, TenantId } from '@writ/kernel';
import type { DeadLetter } from './types';

interface Of {
  readonly tenant: TenantId;
  readonly id: SubscriptionId;
}

/** Puts a message aside, once: what comes after it is told. */
export async function putAside(
  tx: Tx,
  { tenant, id }: Of,
  message: {
    readonly seq: number;
    readonly event: EventId;
    readonly type: string;
    readonly attempts: number;
    readonly error: string;
  },
): Promise<void> {
  const { seq, event, type, attempts, error } = message;
  await tx.query(
    `INSERT INTO writ.dead_letter (tenant, subscription, seq, event, type, attempts, error)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
    [tenant, id, seq, event, type, attempts, error],
  );
}

/** Oldest first. */
export async function deadLetters(
  tx: Tx,
  of: { readonly tenant: TenantId; readonly id: string; readonly limit: number },
): Promise<readonly DeadLetter[]> {
  const rows = await tx.query<Omit<DeadLetter, 'at'> & { readonly at: Date }>(
    `SELECT event, type, attempts, error, at, again FROM writ.dead_letter
      WHERE tenant = $1 AND subscription = $2 ORDER BY seq LIMIT $3`,
    [of.tenant, of.id, of.limit],
  );
  return rows.map((row) => ({ ...row, at: row.at.getTime() }));
}

/** All that is put aside is to be sent again. Answers how many messages that are. */
export async function sendAgain(tx: Tx, tenant: TenantId, id: string): Promise<number> {
  const rows = await tx.query(
    `UPDATE writ.dead_letter SET again = true WHERE tenant = $1 AND subscription = $2 RETURNING seq`,
    [tenant, id],
  );
  if (rows.length > 0) {
    await tx.query(
      `UPDATE writ.subscription SET redeliver = true, due_at = clock_timestamp() WHERE tenant = $1 AND id = $2`,
      [tenant, id],
    );
  }
  return rows.length;
}

/** The next message that is to be sent again, by its place in the stream; null, and no more is due, when there is none. */
export async function nextAgain(
  tx: Tx,
  { tenant, id }: Of,
): Promise<{ readonly seq: number; readonly attempts: number } | null> {
  const [row] = await tx.query<{ seq: number; attempts: number }>(
    `SELECT seq, attempts FROM writ.dead_letter WHERE tenant = $1 AND subscription = $2 AND again ORDER BY seq LIMIT 1`,
    [tenant, id],
  );
  if (row) return row;
  await tx.query(`UPDATE writ.subscription SET redeliver = false WHERE tenant = $1 AND id = $2`, [tenant, id]);
  return null;
}

/** It was taken after all (`error` is null), or stays aside. */
export async function settleAgain(
  tx: Tx,
  { tenant, id }: Of,
  tried: { readonly seq: number; readonly error: string | null },
): Promise<void> {
  const { seq, error } = tried;
  if (error === null) {
    await tx.query(`DELETE FROM writ.dead_letter WHERE tenant = $1 AND subscription = $2 AND seq = $3`, [
      tenant,
      id,
      seq,
    ]);
    return;
  }
  await tx.query(
    `UPDATE writ.dead_letter SET again = false, attempts = attempts + 1, error = $4, at = clock_timestamp()
      WHERE tenant = $1 AND subscription = $2 AND seq = $3`,
    [tenant, id, seq, error],
  );
}

/** Nothing is to be sent again any more. */
export async function leaveAside(tx: Tx, { tenant, id }: Of): Promise<void> {
  await tx.query(`UPDATE writ.dead_letter SET again = false WHERE tenant = $1 AND subscription = $2 AND again`, [
    tenant,
    id,
  ]);
}

export async function removeDeadLetters(tx: Tx, tenant: TenantId, id: string): Promise<void> {
  await tx.query(`DELETE FROM writ.dead_letter WHERE tenant = $1 AND subscription = $2`, [tenant, id]);
}
