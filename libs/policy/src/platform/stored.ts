import type { Tx } from '@writ/database';
import { canonicalJson, digestOf, type Json, type JsonObject } from '@writ/kernel';
import type { PolicyBundle } from '../bundle';
import { NO_PLATFORM } from './document';

/**
 * Held until the transaction ends: `alone` by whoever changes what the platform adds, `beside` by whoever changes the bundle
 * of a tenant, so that no bundle is composed with what is just being replaced. Taken before any lock of a tenant.
 */
export async function lockPlatform(tx: Tx, how: 'alone' | 'beside'): Promise<void> {
  const lock = how === 'alone' ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared';
  await tx.query(`SELECT ${lock}(hashtextextended('writ.policy *', 0))`);
}

/** What the platform adds to every policy. */
export interface PlatformInForce {
  /** Of the text; null where nothing was ever added. */
  readonly digest: string | null;
  /** Canonical JSON. */
  readonly text: string | null;
  /** The platform's authority epoch. */
  readonly epoch: number;
}

export async function platformInForce(tx: Tx): Promise<PlatformInForce> {
  const [row] = await tx.query<{ digest: string | null; text: string | null; epoch: string }>(
    `SELECT b.digest, b.body AS text, a.epoch
       FROM writ.authority_head a
       LEFT JOIN writ.policy_head h ON h.tenant = a.tenant
       LEFT JOIN writ.policy_bundle b ON b.tenant = h.tenant AND b.digest = h.digest
      WHERE a.tenant = '*'`,
  );
  if (!row) throw new Error('the authority of the platform is not visible in this transaction');
  return { digest: row.digest, text: row.text, epoch: Number(row.epoch) };
}

const NOTHING = canonicalJson(NO_PLATFORM as unknown as Json);

/** A tenant's own stored bundle with what the platform adds, as it is stored and decided by; itself, where nothing is added. */
export function composed(
  own: { readonly own: string; readonly body: string },
  platform: string | null,
): { readonly digest: string; readonly body: string } {
  if (platform === null || platform === NOTHING) return { digest: own.own, body: own.body };
  const bundle = JSON.parse(own.body) as JsonObject;
  const body = canonicalJson({ ...bundle, platform: JSON.parse(platform) as Json });
  return { digest: digestOf(body), body };
}

/** A stored policy taken apart again: what its author wrote, under the digest of that, and what the platform adds to it. */
export function apart(body: string): {
  readonly digest: string;
  readonly bundle: JsonObject;
  readonly platform: PolicyBundle['platform'] | null;
} {
  const { platform = null, ...bundle } = JSON.parse(body) as JsonObject & Pick<PolicyBundle, 'platform'>;
  return { digest: digestOf(canonicalJson(bundle as JsonObject)), bundle: bundle as JsonObject, platform };
}
