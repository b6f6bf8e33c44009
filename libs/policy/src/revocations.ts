import { raiseAuthority, type Tx } from '@writ/database';
import type { DelegationId, RunId, TenantId } from '@writ/kernel';
import { type RecordChange, wakeAsked } from './activate';

/** A delegation that was taken back. It stays so: whoever wants to give the right again hands over again. */
export interface RevokedDelegation {
  readonly delegation: DelegationId;
  readonly run: RunId;
  readonly reason: string;
  /** Opaque principal id. */
  readonly by: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

interface Row {
  readonly delegation: string;
  readonly run: string;
  readonly reason: string;
  readonly revoked_by: string;
  readonly revoked_at: Date;
}

const COLUMNS = 'delegation, run, reason, revoked_by, revoked_at';

export interface RevokeInput {
  readonly tenant: TenantId;
  /** The run it was made in, and the delegation, both known to be there. */
  readonly run: RunId;
  readonly delegation: DelegationId;
  readonly reason: string;
  /** Opaque principal id. */
  readonly author: string;
}

/**
 * Takes a delegation back in the caller's transaction. Once that commits, no intent of the agent it was given to, or of
 * anybody below, commits any more, in this run or in the runs it started (I3, I6). Revoking twice is revoking once: the
 * first revocation is answered, and nothing is recorded again.
 */
export async function revokeDelegation(
  tx: Tx,
  { tenant, run, delegation, reason, author }: RevokeInput,
  record: RecordChange = async () => undefined,
): Promise<RevokedDelegation> {
  const inserted = await tx.query<Row>(
    `INSERT INTO writ.delegation_revoked (tenant, delegation, run, reason, revoked_by) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (tenant, delegation) DO NOTHING RETURNING ${COLUMNS}`,
    [tenant, delegation, run, reason, author],
  );
  if (inserted.length === 0) {
    const [held] = await tx.query<Row>(
      `SELECT ${COLUMNS} FROM writ.delegation_revoked WHERE tenant = $1 AND delegation = $2`,
      [tenant, delegation],
    );
    return revokedOf(held!);
  }
  const object = { type: 'delegation', id: delegation } as const;
  // The stream's lock before authority's, as everybody takes them, and its event after, since that tells the epoch.
  await tx.query(`SELECT 1 FROM writ.tenant_stream WHERE tenant = $1 FOR UPDATE`, [tenant]);
  const epoch = await raiseAuthority(tx, tenant);
  await record({ type: 'delegation.revoked', tenant, actor: author, object, detail: { run, reason, epoch } });
  // An act below it that people are asked about is refused now, and they are asked no more.
  await wakeAsked(tx, tenant);
  return revokedOf(inserted[0]!);
}

/** What was taken back of a run's delegations. */
export async function revokedDelegations(tx: Tx, tenant: TenantId, run: RunId): Promise<readonly RevokedDelegation[]> {
  const rows = await tx.query<Row>(
    `SELECT ${COLUMNS} FROM writ.delegation_revoked WHERE tenant = $1 AND run = $2 ORDER BY revoked_at, delegation`,
    [tenant, run],
  );
  return rows.map(revokedOf);
}

const revokedOf = (row: Row): RevokedDelegation => ({
  delegation: row.delegation as DelegationId,
  run: row.run as RunId,
  reason: row.reason,
  by: row.revoked_by,
  at: row.revoked_at.getTime(),
});
