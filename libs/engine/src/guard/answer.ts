import type { TenantAuthority } from '@writ/policy';
import type { HeldRun } from '../held-run';
import type { Finish, NextStep } from '../next-step';
import { withOpenStep } from '../plan/recover';
import { guardsAnswers } from './pass';

/** Where the answer of a run stands while guardrails look at it: beside the workflow's nodes. */
const ANSWER = '@answer';

/** Whether guardrails stand before an answer that has not passed them. */
export const isBeforeAnswer = (held: HeldRun, { snapshot }: TenantAuthority): boolean =>
  snapshot !== null && guardsAnswers(snapshot, held) && !held.state.results.has(ANSWER);

/**
 * What a run does that has its answer: it ends with it, or, where guardrails stand before that, it gives the answer as an act
 * of its own, which is looked at and decided like any other. Refused, the run ends as denied and its answer goes nowhere.
 */
export function withAnswerGiven(
  held: HeldRun,
  authority: TenantAuthority,
  { end, now }: { readonly end: Finish; readonly now: number },
): readonly NextStep[] {
  const { state } = held;
  const given = state.results.get(ANSWER);
  if (given?.done) return [{ ...end, output: given.output }];
  if (given) return [{ type: 'fail', status: given.status, failure: given.failure }];
  if (!isBeforeAnswer(held, authority)) return [end];
  const act = { type: 'give_answer', path: ANSWER, chain: [], output: end.output } as const;
  const planned = withOpenStep({ next: [act] }, { path: ANSWER, state, now });
  return 'next' in planned ? planned.next : [end];
}
