import { appendTenantEvent } from '@writ/audit';
import { createTenant, type Tx } from '@writ/database';
import { ok, type Result, type TenantId } from '@writ/kernel';
import { createKey, type NewKey } from './keys';

export interface BootstrapInput {
  readonly tenant: TenantId;
  readonly name: string;
  /** Whom the first key is for: the only key that is not given by somebody who holds as much. */
  readonly administrator: NewKey;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Puts the tenant's first policy in force; called once, inside the same transaction. */
  readonly activatePolicy: (tx: Tx) => Promise<Result<unknown>>;
}

export interface Bootstrapped {
  /** False when the tenant stood already: then nothing was changed that was there. */
  readonly created: boolean;
  /** The first administrator's token, the first time; null ever after. */
  readonly token: string | null;
}

const BOOTSTRAP = 'service:bootstrap';

/**
 * A tenant that can be used: its row and authority head, a policy in force, and a first administrator key. Idempotent:
 * what exists stays as it is. A refusal of the policy is returned; the caller's transaction must then be given up.
 */
export async function bootstrapTenant(tx: Tx, input: BootstrapInput): Promise<Result<Bootstrapped>> {
  const { tenant } = input;
  // Two processes may start at once: the second waits here, then finds everything in place.
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('writ.bootstrap ' || $1, 0))`, [tenant]);
  const [known] = await tx.query(`SELECT 1 FROM writ.tenant WHERE tenant = $1`, [tenant]);
  if (!known) {
    await createTenant(tx, { tenant, name: input.name });
    await appendTenantEvent(tx, tenant, {
      type: 'tenant.created',
      actor: BOOTSTRAP,
      object: { type: 'tenant', id: tenant },
    });
  }
  const [policy] = await tx.query(`SELECT 1 FROM writ.policy_head WHERE tenant = $1`, [tenant]);
  if (!policy) {
    const activated = await input.activatePolicy(tx);
    if (!activated.ok) return activated;
  }
  const [key] = await tx.query(`SELECT 1 FROM writ.api_key WHERE tenant = $1 LIMIT 1`, [tenant]);
  if (key) return ok({ created: !known, token: null });
  const { administrator, now } = input;
  // The first administrator's creator is this function, which holds exactly what it gives.
  const creator = { id: BOOTSTRAP, roles: administrator.roles, scopes: administrator.scopes };
  const made = await createKey(tx, tenant, { key: administrator, creator, now });
  if (!made.ok) return made;
  return ok({ created: !known, token: made.value.token });
}
