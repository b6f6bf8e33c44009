import type { MailId, RunId, TenantId } from '@writ/kernel';
import type { Database, Tx } from '../session/database';

export interface Mail {
  readonly tenant: TenantId;
  readonly run: RunId;
  readonly id: MailId;
  readonly kind:
    | 'signal'
    | 'cancel'
    | 'reconcile'
    | 'approval'
    | 'pause'
    | 'resume'
    | 'redrive'
    | 'child'
    | 'input'
    | 'note'
    | 'upgrade';
  /** Canonical JSON. */
  readonly body: string;
  /** The same letter is kept once per run under this; null keeps every one. */
  readonly dedup: string | null;
  readonly sender: string;
}

export type PolledMail = Omit<Mail, 'dedup'>;

/** Puts a letter in a run's mail. False when its like was there already. */
export async function insertMail(tx: Tx, mail: Mail): Promise<boolean> {
  const rows = await tx.query(
    `INSERT INTO writ.run_mail (tenant, id, run, kind, body, dedup, sender) VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (tenant, run, dedup) DO NOTHING RETURNING id`,
    [mail.tenant, mail.id, mail.run, mail.kind, mail.body, mail.dedup ?? mail.id, mail.sender],
  );
  return rows.length > 0;
}

/**
 * Unread mail of these runs, oldest first: one statement for all the runs of a process. `OFFSET 0` keeps it a look-up per
 * run: the planner would go through all unread mail of the tenants where it takes the table for small.
 */
export async function pollMail(
  db: Database,
  runs: readonly { readonly tenant: TenantId; readonly run: RunId }[],
): Promise<PolledMail[]> {
  if (runs.length === 0) return [];
  return db.withTenant([...new Set(runs.map((one) => one.tenant))], (tx) =>
    tx.query(
      `SELECT m.tenant, m.run, m.id, m.kind, m.body, m.sender
         FROM unnest($1::text[], $2::text[]) AS k (tenant, run)
         JOIN LATERAL (SELECT * FROM writ.run_mail m
                        WHERE m.tenant = k.tenant AND m.run = k.run AND m.consumed_seq IS NULL OFFSET 0) m ON true
        ORDER BY m.created_at, m.id`,
      [runs.map((one) => one.tenant), runs.map((one) => one.run)],
    ),
  );
}
