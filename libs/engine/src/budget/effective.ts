import type { BudgetId, RunId } from '@writ/kernel';
import type { BudgetRecord } from '@writ/policy';
import { RUN_DIMENSIONS, type RunDimension } from '@writ/words';
import { heldBack } from '../budget';
import type { RunState } from '../state';
import type { ScopeLevel } from './scope-ledger';

type Level = BudgetRecord['scope'] | ScopeLevel;

/** One limit that applies to a run, and how it stands. Amounts are in the unit of the dimension. */
export interface EffectiveLimit {
  readonly level: Level;
  /** Name of what is limited, or path of the part of the run; null for the tenant and for the run as a whole. */
  readonly of: string | null;
  /** Id of the budget; null for a limit of the run itself. */
  readonly budget: BudgetId | null;
  readonly dimension: BudgetRecord['dimension'] | RunDimension;
  readonly period: BudgetRecord['period'] | null;
  readonly limit: number;
  readonly spent: number;
  /** Held by steps under way, at the most they may use. Parts of a run count it as spent. */
  readonly reserved: number;
  readonly left: number;
  readonly crossing: BudgetRecord['crossing'];
  readonly fallback: string | null;
  /** RFC 3339. */
  readonly resets_at: string | null;
  /** Why it applies, in one sentence. */
  readonly why: string;
  /** Of its dimension, the one that is reached first as things stand. */
  readonly binding: boolean;
}

export interface EffectiveLimits {
  readonly run: RunId;
  readonly workflow: string;
  /** RFC 3339. */
  readonly at: string;
  readonly deadline_at: string | null;
  /** By dimension, the tightest first. */
  readonly limits: readonly EffectiveLimit[];
}

type Unmarked = Omit<EffectiveLimit, 'binding'>;

/** Everything that limits a run now: the tenant's budgets that cover it or what it is made of, and its own limits. */
export function effectiveLimits(
  run: RunId,
  state: RunState,
  { budgets, now }: { readonly budgets: readonly BudgetRecord[]; readonly now: number },
): EffectiveLimits {
  const { workflow, deadline_at: deadline } = state.started;
  const found = [...budgets.flatMap((budget) => covering(budget, state)), ...ofRun(state), ...ofParts(state, now)];
  found.sort((a, b) => ORDER.indexOf(a.dimension) - ORDER.indexOf(b.dimension) || a.left - b.left);
  const limits = found.map((one, i) => ({ ...one, binding: found[i - 1]?.dimension !== one.dimension }));
  const time = (ms: number): string => new Date(ms).toISOString();
  return { run, workflow, at: time(now), deadline_at: deadline === null ? null : time(deadline), limits };
}

const ORDER: readonly string[] = [...RUN_DIMENSIONS, 'steps', 'concurrent_runs'];

const WHY: { readonly [S in BudgetRecord['scope']]: (target: string) => string } = {
  tenant: () => 'It covers every run of the tenant.',
  workflow: (target) => `The run is one of ${target}.`,
  batch: (target) => `All runs of ${target} share it.`,
  agent: (target) => `It counts while ${target} acts.`,
  tool: (target) => `It counts when ${target} is called.`,
  model: (target) => `It counts when ${target} is asked.`,
};

function covering(budget: BudgetRecord, { started, pinned }: RunState): readonly Unmarked[] {
  const { scope, target, dimension, period, limit, spent, reserved, crossing, fallback, resetsAt } = budget;
  const covers =
    scope === 'tenant' ||
    (scope === 'workflow'
      ? target === started.workflow
      : scope === 'batch'
        ? target === started.batch?.id
        : pinned.bill.some(([kind, name]) => kind === scope && name === target));
  if (!covers) return [];
  return [
    {
      level: scope,
      of: scope === 'tenant' ? null : target,
      budget: budget.id,
      dimension,
      period,
      limit,
      spent,
      reserved,
      left: Math.max(0, limit - spent - reserved),
      crossing,
      fallback,
      resets_at: resetsAt === null ? null : new Date(resetsAt).toISOString(),
      why: WHY[scope](target),
    },
  ];
}

const OWN = { budget: null, period: null, crossing: 'fail', fallback: null, resets_at: null } as const;

/** Calls and tokens of the run as a whole, and how deep its tree may still grow. */
function ofRun(state: RunState): readonly Unmarked[] {
  const { budget, parent } = state.started;
  const back = heldBack(state);
  const why = parent ? 'It was given to the run by the one that started it, or by its workflow.' : OF_RUN;
  const whole = (['model_calls', 'tool_calls', 'tokens'] as const).flatMap((dimension): readonly Unmarked[] => {
    const limit = budget[dimension];
    if (limit === undefined) return [];
    const [spent, reserved] = [state.usage[dimension], back[dimension]];
    const left = Math.max(0, limit - spent - reserved);
    return [{ ...OWN, level: 'run', of: null, dimension, limit, spent, reserved, left, why }];
  });
  const { depth } = budget;
  if (depth === undefined) return whole;
  return [
    ...whole,
    { ...OWN, level: 'run', of: null, dimension: 'depth', limit: depth, spent: 0, reserved: 0, left: depth, why },
  ];
}

const OF_RUN = 'The workflow, or whoever started the run, limits it.';

const PART: { readonly [L in ScopeLevel]: string } = {
  run: OF_RUN,
  delegation: 'Whoever gave this work away limited it.',
  branch: 'The branch has a limit of its own.',
};

function ofParts({ ledger }: RunState, now: number): readonly Unmarked[] {
  return ledger.standing().flatMap(({ path, level, limits, taken, since }) =>
    (Object.entries(limits) as [RunDimension, number][]).map(([dimension, limit]): Unmarked => {
      const spent = dimension === 'wall_ms' ? Math.max(0, now - since) : (taken[dimension] ?? 0);
      return {
        ...OWN,
        level,
        of: path === '' ? null : path,
        dimension,
        limit,
        spent,
        reserved: 0,
        left: Math.max(0, limit - spent),
        why: PART[level],
      };
    }),
  );
}
