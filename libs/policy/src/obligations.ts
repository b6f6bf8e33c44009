import { ASKING_OBLIGATIONS, passesOn } from '@writ/rules';
import { approvalFault, APPROVAL, STEP_UP } from './approvals/terms';
import { dutyFault, isDuty } from './honour/terms';
import type { DecisionRequest, Obligation } from './types';

/** What holds of every act that is decided: people can be asked first. */
const ASKING: ReadonlySet<string> = new Set([APPROVAL, STEP_UP]);
/** What the engine does besides around a call of a tool, and around a turn of a model. */
const OF_TOOL: ReadonlySet<string> = new Set([
  ...ASKING,
  'redact',
  'mask_output',
  'watermark',
  'rate_limit',
  'notify',
  'record_full',
  'sandbox',
]);
/** What goes along with a handoff is narrowed where it is made. */
const OF_PASSING: ReadonlySet<string> = new Set([...ASKING, 'bound_delegation']);
const OF_MODEL: ReadonlySet<string> = new Set([...ASKING, 'rate_limit', 'notify', 'record_full', 'budget']);

/**
 * Obligations that can be honoured where an act of this kind is enforced. An obligation is a promise on which an allow
 * depends, so one that the enforcing side does not know turns the allow into a denial (I7): to redact what a policy
 * change answers, say, is a promise nobody would keep.
 */
export function honouredFor({ action, outside }: Pick<DecisionRequest, 'action' | 'outside'>): ReadonlySet<string> {
  if (outside !== undefined) return ASKING;
  if (action === 'tool.invoke') return OF_TOOL;
  if (action === 'model.invoke') return OF_MODEL;
  return passesOn(action) ? OF_PASSING : ASKING;
}

/** Every type a policy may write, whatever it is written on. */
export const KNOWN_OBLIGATIONS: ReadonlySet<string> = new Set([...OF_TOOL, ...OF_MODEL, ...OF_PASSING]);

/** What is wrong with the values of an obligation of a known type, in words; null when nothing is. */
export function obligationFault(type: string, values: Obligation['values']): string | null {
  if (type === APPROVAL || type === STEP_UP) return approvalFault(type, values);
  return isDuty(type) ? dutyFault(type, values) : `there is no obligation of the type ${type}`;
}

export const asks = (obligations: readonly Obligation[]): boolean =>
  obligations.some((obligation) => ASKING_OBLIGATIONS.has(obligation.type));

export const unknownObligation = (
  obligations: readonly Obligation[],
  known: ReadonlySet<string>,
): Obligation | undefined => obligations.find((obligation) => !known.has(obligation.type));
