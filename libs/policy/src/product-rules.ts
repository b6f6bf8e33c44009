import type { Tx } from '@writ/database';
import { ok, type Result, type TenantId } from '@writ/kernel';
import { type Activation, activatePolicy, activePolicy, type RecordChange } from './activate';
import { mergeBundles, type PolicyBundle, validateBundle } from './bundle';
import { buildSnapshot } from './snapshot';

export interface ProductRules {
  readonly tenant: TenantId;
  /** The product's own rules, as this build ships them. */
  readonly product: PolicyBundle;
  /** Who gave the tenant its first policy, and brings what came since. */
  readonly author: string;
}

const BROUGHT = `SELECT body FROM writ.policy_bundle WHERE tenant = $1 AND author = $2`;

/**
 * Brings a tenant the rules of the product that came with newer builds: without them nobody there, the administrator
 * included, is granted the actions that came with them. Adds them to the policy in force and activates the whole, as a
 * change of record; null when there is nothing to bring. Refused when the two cannot be merged or built.
 *
 * INVARIANT: a rule is brought once. One that somebody has taken out since stays out.
 */
export async function bringProductRules(
  tx: Tx,
  { tenant, product, author }: ProductRules,
  record?: RecordChange,
): Promise<Result<Activation | null>> {
  const active = await activePolicy(tx, tenant);
  if (!active) return ok(null);
  const built = await buildSnapshot(product);
  if (!built.ok) return built;
  const known = new Set(linesOf(JSON.stringify(active.bundle)));
  for (const { body } of await tx.query<{ body: string }>(BROUGHT, [tenant, author])) {
    for (const line of linesOf(body)) known.add(line);
  }
  const since = linesOf(built.value.body).filter((line) => !known.has(line));
  if (since.length === 0) return ok(null);
  const held = validateBundle(active.bundle);
  if (!held.ok) return held;
  const bundle = mergeBundles(held.value, { ...product, rules: since.join('\n') });
  if (!bundle.ok) return bundle;
  return activatePolicy(tx, { tenant, bundle: bundle.value, author, expected: active.digest }, record);
}

/** A stored bundle keeps its rules as one canonical line each. */
const linesOf = (body: string): string[] =>
  (JSON.parse(body) as { readonly rules: string }).rules.split('\n').filter((line) => line.trim() !== '');
