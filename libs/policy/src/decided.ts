import { canonicalJson, type JsonObject } from '@writ/kernel';
import { type Reach, reachOf } from './stops';
import type { Action, Decision, DecisionRequest } from './types';

/** What an allow was given for, kept beside it where no caller can write. */
export interface Decided {
  readonly action: Action;
  readonly object: DecisionRequest['object'];
  readonly reach: Reach;
  /** Canonical JSON of the arguments as they stood when decided; null when the decision saw none. */
  readonly argsText: string | null;
}

const allowed = new WeakMap<Decision, Decided>();

/**
 * Notes what was allowed. The arguments are taken as text now: an object changed between the decision and its effect
 * then no longer fits. Throws `CanonicalError` for arguments that have no canonical form.
 */
export function remember(decision: Decision, request: DecisionRequest): void {
  const { action, object } = request;
  allowed.set(decision, { action, object, reach: reachOf(request), argsText: argsText(request.args) });
}

const argsText = (args: JsonObject | undefined): string | null => (args === undefined ? null : canonicalJson(args));

/** What `decide` allowed with exactly this value; undefined for every other value, however alike. */
export const recall = (decision: Decision): Decided | undefined => allowed.get(decision);
