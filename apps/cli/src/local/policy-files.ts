import type { JsonObject } from '@writ/kernel';
import { mergeBundles, policiesDirectory, readBundle } from '@writ/policy';
import { fromFailure } from '../cli-error';

/**
 * A policy as the API takes it: what lies at `place`, and the roles the product ships. Without those nobody could
 * administer the tenant any more, whoever applies it included.
 */
export async function readPolicy(place: string): Promise<JsonObject> {
  const own = await readBundle(place);
  if (!own.ok) throw fromFailure('The policy cannot be read.', own.failure);
  const product = await readBundle(policiesDirectory());
  if (!product.ok) throw fromFailure('The product’s own roles cannot be read.', product.failure);
  const merged = mergeBundles(product.value, own.value);
  if (!merged.ok) throw fromFailure('The policy cannot be merged with the product’s own roles.', merged.failure);
  return merged.value as unknown as JsonObject;
}
