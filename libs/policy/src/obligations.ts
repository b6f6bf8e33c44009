import { ASKING_OBLIGATIONS } from '@writ/rules';
import type { Obligation } from './types';

/**
 * Obligations this build can honour. An obligation is a promise on which an allow depends, so one that the enforcing
 * side does not know turns the allow into a denial (I7).
 */
export const KNOWN_OBLIGATIONS: ReadonlySet<string> = new Set(['require_approval']);

export const asks = (obligations: readonly Obligation[]): boolean =>
  obligations.some((obligation) => ASKING_OBLIGATIONS.has(obligation.type));

export const unknownObligation = (
  obligations: readonly Obligation[],
  known: ReadonlySet<string>,
): Obligation | undefined => obligations.find((obligation) => !known.has(obligation.type));
