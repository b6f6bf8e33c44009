import type { RunBudget } from '../run-budget';
import { type ChildEnded, neverLanded, type StepIntended, type StepSettled } from '../events';
import type { Amounts } from './amounts';

type ChildUsage = ChildEnded['usage'];
type Share = Pick<StepIntended, 'kind' | 'attempt'> & {
  readonly reserve?: number | undefined;
  readonly cost_bound?: number | undefined;
  readonly child?: StepIntended['child'] | undefined;
};

/** What an attempt takes of the limits around it, until it is settled. Another try of a tool is the same call. */
export function shareOf({ kind, attempt, reserve, cost_bound: cost, child }: Share): Amounts {
  // All that a child run may use is set aside until it reports what it used.
  if (child) return attempt === 1 ? child.budget : {};
  switch (kind) {
    case 'model':
      return { model_calls: 1, tokens: reserve ?? 0, ...(cost !== undefined && { cost_micros: cost }) };
    case 'tool':
      return { tool_calls: attempt === 1 ? 1 : 0 };
    case 'handoff':
    case 'delegate':
      return { handoffs: attempt === 1 ? 1 : 0 };
    case 'check':
      return { tokens: reserve ?? 0 };
    default:
      return {};
  }
}

/** What a settled attempt really took; null where nobody knows, and it stays charged at its bound (I5). */
export function usedBy(intent: StepIntended, settled: StepSettled): Amounts | null {
  const share = shareOf(intent);
  if (intent.kind === 'check') return settled.outcome === 'ok' ? { tokens: settled.tokens ?? 0 } : share;
  if (intent.kind !== 'model') return share;
  if (settled.outcome === 'error') return neverLanded(settled) ? { model_calls: 1 } : null;
  const { cost_bound: bound } = intent;
  return {
    model_calls: 1,
    tokens: settled.tokens ?? share.tokens ?? 0,
    ...(bound !== undefined && { cost_micros: settled.cost_micros ?? bound }),
  };
}

/** What a child run used of what was set aside for it; what it did not say stays charged. */
export function usedByChild(share: RunBudget, usage: ChildUsage): Amounts {
  return { ...share, ...usage };
}

/** The run's limits that the ledger counts: calls and tokens of the run, child runs among them, are counted apart. */
export function ownLimits({ cost_micros, wall_ms, handoffs }: RunBudget): Amounts {
  return {
    ...(cost_micros !== undefined && { cost_micros }),
    ...(wall_ms !== undefined && { wall_ms }),
    ...(handoffs !== undefined && { handoffs }),
  };
}
