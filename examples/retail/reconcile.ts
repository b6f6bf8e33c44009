import type { Json, RunId } from '@writ/kernel';
import type { Stack } from './stack';

interface Reconciliation {
  readonly for?: string;
  readonly step?: number;
  /** Epoch milliseconds before which the call may still be under way. */
  readonly not_before?: number;
}

/**
 * Does what a person does with a call whose outcome was lost and that must not simply be made again: looks at the other
 * side's books once the call can no longer be under way, and says whether it happened.
 */
export async function answerLostCalls(stack: Stack, run: RunId): Promise<void> {
  const { tenant, storefront: caller, engine, state } = stack;
  const detail = await engine.queries.get(tenant, run);
  const wait = detail?.wait as Reconciliation | null | undefined;
  if (wait?.for !== 'reconciliation' || wait.step === undefined) return;
  if (wait.not_before !== undefined && Date.now() < wait.not_before) return;
  const { step } = wait;
  const logged = (await state.calls(run)).find((call) => call.key.endsWith(`.${step}`));
  const answer = logged?.answer ?? null;
  const outcome =
    answer === null
      ? ({ verdict: 'did_not_happen', note: 'the shop has no such call in its log' } as const)
      : ({ verdict: 'happened', result: answer as Json, note: 'the shop’s log has the call and its answer' } as const);
  const done = await engine.commands.reconcile({ tenant, caller, run, step, ...outcome });
  if (!done.ok && done.failure.code !== 'state_conflict') {
    throw new Error(`${run} could not be reconciled: ${done.failure.message}`);
  }
}
