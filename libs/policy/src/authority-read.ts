import type { Tx } from '@writ/database';
import type { DelegationId, StopId, TenantId } from '@writ/kernel';
import type { StopMode, StopScope } from '@writ/words';
import type { Budget } from './budgets/budget';
import type { Stop } from './stops';

/** A tenant's authority as it stood at one moment: the answer of a single statement. */
export interface AuthorityRead {
  readonly epochs: { readonly tenant: number; readonly platform: number };
  /** Digest of the policy in force; null when the tenant has none. */
  readonly digest: string | null;
  /** Its text, unless the caller holds that digest already. */
  readonly body: string | null;
  readonly stops: readonly Stop[];
  readonly budgets: readonly Budget[];
  readonly revoked: readonly DelegationId[];
}

interface Row {
  readonly tenant_epoch: string | null;
  readonly platform_epoch: string | null;
  readonly digest: string | null;
  readonly body: string | null;
  readonly stops: readonly StopJson[];
  readonly budgets: readonly Budget[];
  readonly revoked: readonly DelegationId[];
}

interface StopJson {
  readonly tenant: string;
  readonly id: string;
  readonly scope: string;
  readonly target: string;
  readonly mode: string;
  readonly reason: string;
  readonly set_by: string;
  /** Epoch milliseconds. */
  readonly set_at: number;
}

/**
 * Epochs, policy, stops, budgets and revocations in ONE statement: READ COMMITTED gives each statement its own view, and
 * epochs read before a change beside stops read after it would be an authority that never was.
 */
const READ = `
  SELECT
    (SELECT epoch FROM writ.authority_head WHERE tenant = $1) AS tenant_epoch,
    (SELECT epoch FROM writ.authority_head WHERE tenant = '*') AS platform_epoch,
    head.digest,
    CASE WHEN head.digest IS DISTINCT FROM $2 THEN bundle.body END AS body,
    (SELECT coalesce(json_agg(json_build_object(
         'tenant', s.tenant, 'id', s.id, 'scope', s.scope, 'target', s.target, 'mode', s.mode, 'reason', s.reason, 'set_by', s.set_by,
         'set_at', floor(extract(epoch FROM s.set_at) * 1000)) ORDER BY s.id), '[]')
       FROM writ.stop s WHERE s.tenant IN ($1, '*') AND s.released_at IS NULL) AS stops,
    (SELECT coalesce(json_agg(json_build_object(
         'id', b.id, 'scope', b.scope, 'target', b.target, 'dimension', b.dimension, 'period', b.period,
         'crossing', b.crossing, 'fallback', b.fallback) ORDER BY b.scope <> 'tenant', b.id), '[]')
       FROM writ.budget b WHERE b.tenant = $1 AND b.removed_at IS NULL) AS budgets,
    (SELECT coalesce(json_agg(r.delegation), '[]') FROM writ.delegation_revoked r WHERE r.tenant = $1) AS revoked
  FROM (SELECT 1) AS one
  LEFT JOIN writ.policy_head head ON head.tenant = $1
  LEFT JOIN writ.policy_bundle bundle ON bundle.tenant = head.tenant AND bundle.digest = head.digest`;

/** Reads a tenant's authority; null when there is no such tenant. `held` is the digest whose text is not needed. */
export async function readAuthority(tx: Tx, tenant: TenantId, held: string | null): Promise<AuthorityRead | null> {
  const [row] = await tx.query<Row>(READ, [tenant, held]);
  if (!row || row.tenant_epoch === null || row.platform_epoch === null) return null;
  return {
    epochs: Object.freeze({ tenant: Number(row.tenant_epoch), platform: Number(row.platform_epoch) }),
    digest: row.digest,
    body: row.body,
    stops: row.stops.length === 0 ? NONE : Object.freeze(row.stops.map(toStop)),
    budgets: row.budgets.length === 0 ? NONE : Object.freeze(row.budgets.map((budget) => Object.freeze(budget))),
    revoked: row.revoked,
  };
}

/** One list for all tenants that have nothing: every decision looks at it. */
const NONE: readonly never[] = Object.freeze([]);

const toStop = (row: StopJson): Stop =>
  Object.freeze({
    id: row.id as StopId,
    tenant: row.tenant as TenantId | '*',
    scope: row.scope as StopScope,
    target: row.target,
    mode: row.mode as StopMode,
    reason: row.reason,
    setBy: row.set_by,
    setAt: row.set_at,
  });

const EPOCHS = `SELECT tenant, epoch FROM writ.authority_head WHERE tenant = ANY ($1)`;

/** The present epochs of tenants, and of the platform under `*`. */
export async function readEpochs(tx: Tx, tenants: readonly TenantId[]): Promise<ReadonlyMap<string, number>> {
  const rows = await tx.query<{ tenant: string; epoch: string }>(EPOCHS, [[...tenants, '*']]);
  return new Map(rows.map((row) => [row.tenant, Number(row.epoch)]));
}
