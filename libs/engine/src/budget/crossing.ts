import type { BudgetId, Failure } from '@writ/kernel';
import type { Budget, TenantAuthority } from '@writ/policy';
import type { Proposal } from '../proposal';
import type { EngineContext } from '../context';
import type { HeldRun } from '../held-run';
import type { Act, CallModel } from '../next-step';
import { recordWait } from '../outcomes';
import { branchOf } from '../path';
import type { OpenStep } from '../state';
import { type Bound, handoffBound, type Hold, holdsOf, modelBound, tokenBound, toolBound } from './bounds';

/** What a step would hold of the tenant's budgets. A tenant without budgets pays the first line. */
export function holdsFor(held: HeldRun, authority: TenantAuthority, proposed: Proposal): readonly Hold[] | Failure {
  if (!authority.budgets || proposed.details.stubbed || proposed.kind === 'start') return NONE;
  const { kind, target, agent } = proposed;
  const { workflow, batch } = held.state.started;
  const asksModel = kind === 'check' && proposed.callee?.definition.kind === 'model';
  const isTool = kind === 'tool' || kind === 'data' || (kind === 'check' && !asksModel);
  const at = kind === 'model' || asksModel ? { model: target } : isTool ? { tool: target } : {};
  return holdsOf(authority.budgets, {
    spending: { workflow, batch: batch?.id, agent, ...at },
    bound: boundOf(held, proposed),
  });
}

const NONE: readonly Hold[] = [];

/** What one attempt of a step may use at most. */
export function boundOf(held: HeldRun, { kind, target, argsText, args, callee }: Proposal): Bound {
  const { models, tools } = held.planner.bill;
  if (kind === 'finish') return {};
  if (kind === 'check') {
    const asked = callee?.definition;
    // What a guardrail asks is no call of an agent: what a model of it takes is charged, and its time.
    return asked?.kind === 'model'
      ? { ...modelBound(tokenBound(argsText, args), asked.price, asked.timeout_ms), model_calls: 0 }
      : { ...toolBound(asked?.timeout_ms ?? 0), tool_calls: 0 };
  }
  if (kind === 'handoff' || kind === 'delegate') return handoffBound;
  // What agents share stays inside the run; a run that is started, and a framework that is called, are charged for what
  // they do: a step, and no call.
  if (kind === 'board' || kind === 'message' || kind === 'run' || kind === 'agent') return {};
  if (kind !== 'model') {
    const bound = toolBound(tools.get(target)?.definition.timeout_ms ?? 0);
    // A read that a decision asks for is no call of an agent: it takes time and counts as a step, and as nothing else.
    return kind === 'data' ? { ...bound, tool_calls: 0 } : bound;
  }
  const model = models.get(target)!.definition;
  return modelBound(tokenBound(argsText, args), model.price, model.timeout_ms);
}

/** The unit of a step was refused: this budget had no room. */
export interface OverBudget {
  readonly kind: 'over_budget';
  readonly budget: BudgetId;
}

export const isOver = (tried: { readonly kind: string } | 'stale' | 'moved' | null): tried is OverBudget =>
  typeof tried === 'object' && tried !== null && tried.kind === 'over_budget';

/** How a step goes on that a budget has no room for. */
export type Crossed =
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** The branch waits; it is looked at again by itself, and at once when somebody grants more. */
  | { readonly kind: 'waits' }
  /** The run itself found no place. */
  | { readonly kind: 'no_place'; readonly failure: Failure }
  /** Another act in its place: with the cheaper model, or a handoff to the declared agent. Decided like any other. */
  | { readonly kind: 'instead'; readonly act: Act };

/** Runs that wait for room look again this often; when more is granted they are woken. */
const LOOK_MS = 2_000;

export function cross(
  ctx: EngineContext,
  held: HeldRun,
  over: {
    readonly budget: BudgetId;
    readonly authority: TenantAuthority;
    readonly proposed: Proposal;
    readonly act: Act;
    readonly step: number;
  },
): Crossed {
  const { proposed, act, authority } = over;
  const budget = authority.budgets?.find(({ id }) => id === over.budget);
  if (!budget) return { kind: 'failed', failure: spentBudget(over.budget, undefined, proposed.target) };
  const failure = spentBudget(budget.id, budget, proposed.target);
  if (budget.dimension === 'concurrent_runs') return { kind: 'no_place', failure };
  switch (budget.crossing) {
    case 'fail':
      return { kind: 'failed', failure };
    case 'ask':
    case 'wait':
      waitForRoom(ctx, held, { budget, step: over.step, proposed });
      return { kind: 'waits' };
    case 'degrade': {
      const cheaper = act.type === 'call_model' ? withModel(held, act, budget.fallback) : null;
      return cheaper ? { kind: 'instead', act: cheaper } : { kind: 'failed', failure };
    }
    case 'hand_off': {
      const to = budget.fallback === null ? undefined : held.planner.bill.agents.get(budget.fallback);
      if (!to || act.type !== 'call_model' || to.definition.name === proposed.agent) return { kind: 'failed', failure };
      const { path, chain } = act;
      const message = `A budget of ${budget.dimension} is spent; go on from here.`;
      return {
        kind: 'instead',
        act: { type: 'hand_off', path, chain, to, purpose: 'budget', message, call: null, returns: false },
      };
    }
  }
}

/** Another attempt of a turn that was made with a cheaper model is made with that model. */
export function asBefore(held: HeldRun, wanted: Act, again: OpenStep | null): Act {
  if (again?.intent.kind !== 'model' || wanted.type !== 'call_model') return wanted;
  return withModel(held, wanted, again.intent.target) ?? wanted;
}

/** The same turn with another model of the run's bill; null when the bill has no such model, or it is the same one. */
function withModel(held: HeldRun, act: CallModel, model: string | null): CallModel | null {
  const { agent } = act;
  if (model === null || agent.definition.model === model || !held.planner.bill.models.has(model)) return null;
  return { ...act, agent: { ...agent, definition: { ...agent.definition, model } } };
}

function waitForRoom(
  ctx: EngineContext,
  held: HeldRun,
  { budget, step, proposed }: { readonly budget: Budget; readonly step: number; readonly proposed: Proposal },
): void {
  const branch = branchOf(proposed.path);
  const { wait } = held.state.branches.get(branch) ?? {};
  const now = ctx.clock.now();
  held.crew.park(branch, now + LOOK_MS);
  if (wait?.for === 'budget' && wait.budget === budget.id && wait.target === proposed.target) return;
  const asks = budget.crossing === 'ask';
  recordWait(held, { wait: { for: 'budget', step, target: proposed.target, budget: budget.id, asks }, branch, now });
}

/** The refusal a run or a caller sees: neither a denial nor a full machine. */
export function spentBudget(id: string, budget: Budget | undefined, target: string): Failure {
  const what = budget
    ? `${budget.dimension} of ${budget.scope === 'tenant' ? 'the tenant' : `${budget.scope} ${budget.target}`}`
    : 'a budget';
  return {
    code: 'budget_exhausted',
    class: 'budget',
    message: `budget ${id} (${what}) has no room for ${target}`,
    next: 'Wait for its period to end, or ask somebody who may grant more.',
    details: {
      budget: id,
      ...(budget && { dimension: budget.dimension, scope: budget.scope, target: budget.target, period: budget.period }),
    },
  };
}
