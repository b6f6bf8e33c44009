import { ok, refuse, type Result } from '@writ/kernel';
import { policyFailure, type PolicyBundle } from './bundle';
import { KNOWN_OBLIGATIONS, obligationFault } from './obligations';
import type { Obligation } from './types';

/**
 * The obligations of a document by the ids they have there; in decisions they stand with the prefix before them. `flow`:
 * whether the policy keeps account of labels. Fails with `unknown_obligation_type` or `bad_obligation`.
 */
export function namedObligations(
  written: PolicyBundle['obligations'],
  { flow, prefix = '' }: { readonly flow: boolean; readonly prefix?: string },
): Result<ReadonlyMap<string, Obligation>> {
  const obligations = new Map<string, Obligation>();
  for (const [id, { type, values }] of Object.entries(written)) {
    if (!KNOWN_OBLIGATIONS.has(type)) {
      const known = [...KNOWN_OBLIGATIONS].join(', ');
      return refuse(
        policyFailure('unknown_obligation_type', `Obligation ${id} is of the unknown type ${type}; known: ${known}.`),
      );
    }
    const fault = obligationFault(type, values) ?? (flow ? null : unkeptLabels(type, values));
    if (fault !== null) return refuse(policyFailure('bad_obligation', `Obligation ${id}: ${fault}.`));
    // A private deep copy: what the author's object becomes later must not reach the snapshot.
    const copy = JSON.parse(JSON.stringify(values)) as Obligation['values'];
    obligations.set(id, deepFreeze({ id: `${prefix}${id}`, type, values: copy }));
  }
  return ok(obligations);
}

/** Labels that nobody keeps account of bound nothing, or everything: neither is what was meant. */
const unkeptLabels = (type: string, values: object): string | null =>
  type === 'bound_delegation' && 'labels' in values
    ? 'it speaks of labels, and the bundle keeps no account of them (flow)'
    : null;

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
