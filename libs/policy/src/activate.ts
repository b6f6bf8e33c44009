import { raiseAuthority, type Tx } from '@writ/database';
import { type Json, type JsonObject, ok, refuse, type Result, type TenantId } from '@writ/kernel';
import { policyFailure, type PolicyBundle } from './bundle';
import { buildWritten } from './bundle-faults';
import { composed, lockPlatform, platformInForce } from './platform/stored';

/** Something that changed what is allowed, for the caller's audit, in the transaction that changes it. */
export type RecordChange = (change: PolicyChange) => Promise<void>;

export interface PolicyChange {
  readonly type:
    | 'policy.activated'
    | 'stop.set'
    | 'stop.released'
    | 'stop.release_asked'
    | 'stop.drill'
    | 'budget.set'
    | 'budget.removed'
    | 'budget.warning'
    | 'delegation.revoked';
  readonly tenant: TenantId | '*';
  readonly actor: string;
  /** The policy's digest, or the id of the stop, the budget or the delegation. */
  readonly object: { readonly type: 'policy' | 'stop' | 'budget' | 'delegation'; readonly id: string };
  readonly detail: { readonly [key: string]: string | number | null };
}

export interface ActivationInput {
  readonly tenant: TenantId;
  readonly bundle: PolicyBundle;
  /** Opaque principal id. */
  readonly author: string;
  /** Digest the author has seen in force (null: none); refused as `version_mismatch` when another one is. */
  readonly expected?: string | null;
}

export interface Activation {
  /** Of the bundle as its author wrote it; what decisions name is this with what the platform adds, where it adds anything. */
  readonly digest: string;
  readonly previous: string | null;
  /** False when this policy was in force already: nothing was written and no epoch was raised. */
  readonly changed: boolean;
  readonly rules: number;
  /** The tenant's authority epoch from now on; null when nothing changed. */
  readonly epoch: number | null;
}

const INSERT = `
  INSERT INTO writ.policy_bundle (tenant, digest, body, author, own) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (tenant, digest) DO NOTHING`;
const PUT = `
  INSERT INTO writ.policy_head (tenant, digest, own, activated_by) VALUES ($1, $2, $3, $4)
  ON CONFLICT (tenant) DO UPDATE
     SET digest = excluded.digest, own = excluded.own, activated_by = excluded.activated_by, activated_at = now()`;

/**
 * Puts a policy in force in the caller's transaction, if it can be built: what workers could not build never becomes
 * the policy. What the platform adds to every policy goes with it. The epoch is raised late, since its lock holds up every
 * commit until this transaction ends.
 */
export async function activatePolicy(
  tx: Tx,
  input: ActivationInput,
  record: RecordChange = async () => undefined,
): Promise<Result<Activation>> {
  const { tenant, author, expected } = input;
  const { platform: _platform, ...bundle } = input.bundle;
  const built = await buildWritten(bundle);
  if (!built.ok) return built;
  const { digest, body, ruleCount: rules } = built.value;
  await lockPlatform(tx, 'beside');
  // Two first activations have no head row to meet on. Not the authority row: its lock comes after the one on authority.
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('writ.policy ' || $1, 0))`, [tenant]);
  const [head] = await tx.query<{ digest: string }>(
    `SELECT coalesce(own, digest) AS digest FROM writ.policy_head WHERE tenant = $1`,
    [tenant],
  );
  const previous = head?.digest ?? null;
  if (expected !== undefined && expected !== previous) {
    return refuse({
      ...policyFailure('version_mismatch', `The policy in force is ${previous ?? 'none'}, not ${expected ?? 'none'}.`),
      next: 'Read the policy in force, apply the change to it, and activate again.',
    });
  }
  if (previous === digest) return ok({ digest, previous, changed: false, rules, epoch: null });
  await tx.query(INSERT, [tenant, digest, body, author, null]);
  const added = await platformInForce(tx);
  const whole = composed({ own: digest, body }, added.text);
  const adds = whole.digest !== digest;
  if (adds) await tx.query(INSERT, [tenant, whole.digest, whole.body, author, digest]);
  await tx.query(PUT, [tenant, whole.digest, adds ? digest : null, author]);
  const object = { type: 'policy', id: digest } as const;
  const withPlatform = { in_force: whole.digest, platform: added.digest, platform_epoch: added.epoch };
  const detail = { previous, rules, ...(adds && withPlatform) };
  await record({ type: 'policy.activated', tenant, actor: author, object, detail });
  const epoch = await raiseAuthority(tx, tenant);
  await wakeAsked(tx, tenant);
  return ok({ digest, previous, changed: true, rules, epoch });
}

/**
 * Runs that wait for people are due now: their acts may be asked about no more, or somebody else may be. After the epoch was
 * raised: commits hold its lock while they wait for rows of runs, so the other order could wait in a ring.
 */
export async function wakeAsked(tx: Tx, tenant: TenantId): Promise<void> {
  await tx.query(
    `UPDATE writ.run SET wake_at = now()
      WHERE tenant = $1 AND wake_at > now() AND wake_at < 'infinity' AND lease_owner IS NULL
        AND wait LIKE '%"for":"approval"%'`,
    [tenant],
  );
}

export interface ActivePolicy {
  /** Of the bundle. */
  readonly digest: string;
  /** What decisions are made under: the bundle with what the platform adds. The same digest where it adds nothing. */
  readonly inForce: string;
  /** RFC 3339 UTC. */
  readonly activatedAt: string;
  readonly activatedBy: string;
  readonly bundle: JsonObject;
}

const ACTIVE = `
  SELECT bundle.digest, head.digest AS in_force, head.activated_at, head.activated_by, bundle.body
  FROM writ.policy_head head
  JOIN writ.policy_bundle bundle ON bundle.tenant = head.tenant AND bundle.digest = coalesce(head.own, head.digest)
  WHERE head.tenant = $1`;

/** The policy in force, as it would be parsed again; null when there is none. */
export async function activePolicy(tx: Tx, tenant: TenantId): Promise<ActivePolicy | null> {
  type Row = { digest: string; in_force: string; activated_at: Date; activated_by: string; body: string };
  const [row] = await tx.query<Row>(ACTIVE, [tenant]);
  if (!row) return null;
  return {
    digest: row.digest,
    inForce: row.in_force,
    activatedAt: row.activated_at.toISOString(),
    activatedBy: row.activated_by,
    bundle: JSON.parse(row.body) as { readonly [key: string]: Json },
  };
}
