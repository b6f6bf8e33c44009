import type { Database } from '@writ/database';
import { bootstrapTenant, type Bootstrapped, type NewKey } from '@writ/identity';
import { type Failure, refuse, type Result, type TenantId } from '@writ/kernel';
import {
  activatePolicy,
  bringProductRules,
  mergeBundles,
  policiesDirectory,
  type PolicyBundle,
  readBundle,
} from '@writ/policy';
import { recordChangeIn } from './authority/change-events';

const FIRST_KEY_MS = 90 * 86_400_000;

export interface TenantOpening {
  readonly tenant: TenantId;
  readonly name: string;
  /** Rules beside the product's own, for a tenant that has no policy yet. */
  readonly policy?: PolicyBundle;
  /** Epoch milliseconds. */
  readonly now: number;
  /** The first key; an administrator's with every scope, for 90 days, unless told. */
  readonly administrator?: NewKey;
}

const firstKey = (now: number): NewKey => ({
  label: 'first administrator',
  principal: 'user:administrator',
  kind: 'user',
  roles: ['administrator'],
  scopes: ['*'],
  expiresAt: now + FIRST_KEY_MS,
});

/** Rolls the bootstrap back: a tenant stands whole or not at all. */
class Refused extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

/**
 * A tenant with the product's policy in force and a first administrator, in one transaction. Opening it again brings
 * the product's rules that came with a newer build, and changes nothing else; the administrator's token is in the first
 * answer only.
 */
export async function openTenant(database: Database, opening: TenantOpening): Promise<Result<Bootstrapped>> {
  const { tenant, name, now } = opening;
  const product = await readBundle(policiesDirectory());
  if (!product.ok) return product;
  const bundle = mergeBundles(product.value, ...(opening.policy ? [opening.policy] : []));
  if (!bundle.ok) return bundle;
  const author = 'service:bootstrap';
  try {
    return await database.withTenant(tenant, async (tx) => {
      const made = await bootstrapTenant(tx, {
        tenant,
        name,
        now,
        administrator: opening.administrator ?? firstKey(now),
        activatePolicy: (within) =>
          activatePolicy(within, { tenant, bundle: bundle.value, author }, recordChangeIn(within)),
      });
      if (!made.ok) throw new Refused(made.failure);
      const rules = { tenant, product: product.value, author };
      const brought = await bringProductRules(tx, rules, recordChangeIn(tx));
      if (!brought.ok) throw new Refused(brought.failure);
      return made;
    });
  } catch (error) {
    if (error instanceof Refused) return refuse(error.failure);
    throw error;
  }
}
