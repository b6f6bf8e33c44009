import type { Failure } from '@writ/kernel';
import { type EffectClass, isRepeatable, type Landed } from '@writ/words';
import type { StepKind } from './events';

const BASE_MS = 200;
const MAX_MS = 30_000;

/** A run whose step was lost this often is taken out: something about it kills its workers. */
export const MAX_LOST_ATTEMPTS = 50;

export type AfterFailure = 'retry' | 'give_up' | 'unknown';

/**
 * What follows a failed attempt, by its class and by whether it may have landed (I5). Pure.
 * - it landed, or trying again cannot help: give up       - it did not land and the fault is passing: retry
 * - it may have landed: retry what is repeatable, otherwise its outcome is unknown
 */
export function afterFailure(attempt: {
  readonly kind: StepKind;
  readonly effect: EffectClass;
  readonly failure: Failure;
  readonly landed: Landed;
  readonly number: number;
  readonly max: number;
}): AfterFailure {
  const { failure, landed } = attempt;
  const repeatable = attempt.kind !== 'tool' || isRepeatable(attempt.effect);
  if (landed === 'maybe' && !repeatable) return 'unknown';
  if (landed === 'yes') return 'give_up';
  // Nobody is asked twice about the same content: no answer is an answer.
  if (attempt.kind === 'check' && failure.code === 'permit_stopped') return 'give_up';
  // A permit that did not open in time, or met a stop, sent nothing: decide again.
  if (failure.code === 'permit_expired' || failure.code === 'permit_stopped') return 'retry';
  if (failure.class !== 'transient' && failure.class !== 'unknown') return 'give_up';
  return attempt.number < attempt.max ? 'retry' : 'give_up';
}

/**
 * Milliseconds before the next attempt: exponential with full jitter, or what the other side asked for.
 * `random` is in [0, 1).
 */
export function backoffMs(failure: Failure, attempt: number, random: number): number {
  if (failure.code === 'permit_expired' || failure.code === 'permit_stopped') return 0;
  const asked = failure.details?.['retry_after_ms'];
  if (typeof asked === 'number' && asked >= 0) return Math.min(asked, MAX_MS);
  return Math.floor(random * Math.min(MAX_MS, BASE_MS * 2 ** Math.min(attempt - 1, 10)));
}
