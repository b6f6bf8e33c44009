import { canonicalJson, type Json } from '@writ/kernel';
import type { Comparison, Condition } from './condition';
import { rootOf, type TemplateScope, valueAt } from './template';

/** A comparison that could not be made: where in the condition, which value, and why. */
export interface ConditionFault {
  readonly at: string;
  readonly pointer: string;
  readonly reason: 'missing' | 'type_mismatch';
}

export interface ConditionResult {
  readonly holds: boolean;
  readonly faults: readonly ConditionFault[];
}

/** True, false, or not to be said. */
type Truth = boolean | null;

/**
 * Evaluates a condition over what a run has recorded. Total: never throws, never computes, reads nothing else. A missing
 * value or a comparison of unlike types is a fault: it is neither true nor false, so that `not` does not make it true, and
 * a condition that hangs on it does not hold. `all` with one false part is false and `any` with one true part is true
 * whatever the others are. `exists` is false where nothing is, without a fault.
 */
export function evaluateCondition(condition: Condition, scope: TemplateScope): ConditionResult {
  const faults: ConditionFault[] = [];
  const root = rootOf(scope);
  return { holds: truth(condition, { root, at: '', faults }) === true, faults };
}

interface Place {
  readonly root: Json;
  readonly at: string;
  readonly faults: ConditionFault[];
}

function truth(condition: Condition, place: Place): Truth {
  if ('not' in condition) {
    const inner = truth(condition.not, { ...place, at: `${place.at}/not` });
    return inner === null ? null : !inner;
  }
  if ('all' in condition) return settled(condition.all, { ...place, at: `${place.at}/all` }, false);
  if ('any' in condition) return settled(condition.any, { ...place, at: `${place.at}/any` }, true);
  const pointer = condition.value.$from;
  const value = valueAt(place.root, pointer);
  if (condition.op === 'exists') return value !== undefined;
  const fault = (missing: string, reason: ConditionFault['reason']): null => {
    place.faults.push({ at: place.at, pointer: missing, reason });
    return null;
  };
  if (value === undefined) return fault(pointer, 'missing');
  const other = referenceIn(condition.to);
  const to = other === null ? condition.to : valueAt(place.root, other);
  if (to === undefined) return fault(other ?? '', 'missing');
  return compare(condition.op, value, to) ?? fault(pointer, 'type_mismatch');
}

/** Every part is evaluated, so that the faults named do not depend on the order the parts are written in. */
function settled(parts: readonly Condition[], place: Place, by: boolean): Truth {
  const found = parts.map((part, i) => truth(part, { ...place, at: `${place.at}/${i}` }));
  if (found.includes(by)) return by;
  return found.includes(null) ? null : !by;
}

/** The pointer of a comparison's right side when that is a recorded value too. */
export function referenceIn(to: Json): string | null {
  if (to === null || typeof to !== 'object' || Array.isArray(to)) return null;
  const pointer = (to as { readonly [key: string]: Json })['$from'];
  return typeof pointer === 'string' && Object.keys(to).length === 1 ? pointer : null;
}

function compare(op: Comparison, value: Json, to: Json): Truth {
  switch (op) {
    case 'equals':
      return same(value, to);
    case 'not_equals':
      return !same(value, to);
    case 'in':
      return Array.isArray(to) ? to.some((one: Json) => same(one, value)) : null;
    case 'contains':
      if (Array.isArray(value)) return value.some((one: Json) => same(one, to));
      return typeof value === 'string' && typeof to === 'string' ? value.includes(to) : null;
    case 'less':
    case 'at_most':
    case 'greater':
    case 'at_least':
      return ordered(op, value, to);
  }
}

function ordered(op: 'less' | 'at_most' | 'greater' | 'at_least', value: Json, to: Json): Truth {
  const numbers = typeof value === 'number' && typeof to === 'number';
  if (!numbers && !(typeof value === 'string' && typeof to === 'string')) return null;
  const order = value < to ? -1 : value > to ? 1 : 0;
  switch (op) {
    case 'less':
      return order < 0;
    case 'at_most':
      return order <= 0;
    case 'greater':
      return order > 0;
    case 'at_least':
      return order >= 0;
  }
}

/** Equal as JSON: member order does not count. */
function same(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  return canonicalJson(a) === canonicalJson(b);
}
