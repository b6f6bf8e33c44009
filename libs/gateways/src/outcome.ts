import type { Failure, FailureClass } from '@writ/kernel';
import type { PermitRefusal } from '@writ/policy';
import { type EffectClass, isRepeatable, type Landed } from '@writ/words';
import type { CallOutcome } from './types';

export type Failed = Extract<CallOutcome<never>, { kind: 'failed' }>;

interface Fault {
  readonly code: string;
  readonly class: FailureClass;
  readonly message: string;
  readonly landed: Landed;
  readonly next?: string;
  readonly details?: NonNullable<Failure['details']>;
}

export function failed(fault: Fault): Failed {
  const { landed, ...failure } = fault;
  return { kind: 'failed', failure, landed };
}

/** A refused permit: nothing was written, so nothing landed. */
export function refusedBy(refusal: PermitRefusal): Failed {
  return { kind: 'failed', failure: refusal, landed: 'no' };
}

/**
 * The class of a call whose answer was lost. `unknown` when repeating it could do the thing twice (I5), `transient` when
 * trying again is harmless; nothing was written means it is harmless for every effect class.
 */
export function lostClass(effect: EffectClass, landed: Landed): FailureClass {
  return landed === 'no' || isRepeatable(effect) ? 'transient' : 'unknown';
}

/** A call that must run confined, and would not: nothing was begun. */
export const unconfined = (why: string): Failed =>
  failed({
    code: 'sandbox_unavailable',
    class: 'permanent',
    landed: 'no',
    message: `the call must run confined: ${why}`,
    next: 'register the function with `fromModule`, on a machine that can confine it',
  });
