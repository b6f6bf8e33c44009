import type { UnitBudget } from '@writ/database';
import { type Budget, coversSpending } from '@writ/policy';
import { neverLanded, type RunEvent, type StepIntended, type StepSettled } from '../events';
import { LateMap } from '../late';
import type { Hold } from './bounds';

type Reservation = UnitBudget['reserve'][number];
type Settlement = UnitBudget['settle'][number];

export interface Held {
  readonly intent: StepIntended;
  readonly holds: readonly Hold[];
}

const keyOf = (step: number, attempt: number): string => `${step}.${attempt}`;

/**
 * What a run's steps hold of the tenant's budgets (I13): a fold over its journal, like its state, so whoever leads the run
 * next settles what the one before it reserved. A hold ends when its step is settled, when a person says what became of
 * it, when the step is tried again without an outcome (it then stays charged in full), or with the run.
 */
export class Holdings {
  readonly #held: Map<string, Held>;

  /**
   * `budgets` answers those of the tenant in force: a run that began before them may hold a place all the same. `held` is
   * what a snapshot says its steps hold.
   */
  constructor(
    private readonly budgets: () => readonly Budget[],
    held?: ReadonlyMap<string, Held>,
  ) {
    this.#held = held ? new Map(held) : new LateMap();
  }

  /** By step and attempt, for a snapshot. */
  get held(): ReadonlyMap<string, Held> {
    return this.#held;
  }

  /** What the unit of these events takes and gives back; undefined when no budget is concerned. Changes nothing. */
  unit(events: readonly RunEvent[]): UnitBudget | undefined {
    // A tenant without budgets pays this line.
    if (this.#held.size === 0 && this.budgets().length === 0 && !events.some(holdsSomething)) return undefined;
    const reserve: Reservation[] = [];
    const settle: Settlement[] = [];
    let settleRest = false;
    const here = new Map(this.#held);
    for (const event of events) {
      if (event.type === 'run_started') reserve.push(...this.#place(event.workflow));
      if (event.type === 'step_intended') {
        settle.push(...lostBefore(here, event));
        for (const [budget, , amount] of event.holds ?? []) {
          reserve.push({ budget, step: event.step, attempt: event.attempt, amount });
        }
      }
      settle.push(...settled(here, event));
      follow(here, event);
      settleRest ||= isEnd(event) && (here.size > 0 || this.budgets().length > 0);
    }
    if (reserve.length + settle.length === 0 && !settleRest) return undefined;
    return { ...cancelled(reserve, settle), settleRest };
  }

  /** The events are in. */
  apply(events: readonly RunEvent[]): void {
    for (const event of events) if (this.#held.size > 0 || holdsSomething(event)) follow(this.#held, event);
  }

  /** A run takes a place of every budget on runs at once, and gives it back with its end. */
  #place(workflow: string): Reservation[] {
    return this.budgets()
      .filter((budget) => budget.dimension === 'concurrent_runs' && coversSpending(budget, { workflow }))
      .map(({ id }) => ({ budget: id, step: 0, attempt: 0, amount: 1 }));
  }
}

const holdsSomething = (event: RunEvent): boolean =>
  event.type === 'step_intended' && event.holds !== undefined && event.holds.length > 0;

const isEnd = ({ type }: RunEvent): boolean =>
  type === 'run_finished' || type === 'run_failed' || type === 'run_cancelled';

function follow(held: Map<string, Held>, event: RunEvent): void {
  if (event.type === 'step_intended') {
    held.delete(keyOf(event.step, event.attempt - 1));
    const { holds } = event;
    if (holds && holds.length > 0) held.set(keyOf(event.step, event.attempt), { intent: event, holds });
  }
  for (const key of endedBy(held, event)) held.delete(key);
}

function endedBy(held: ReadonlyMap<string, Held>, event: RunEvent): string[] {
  if (event.type === 'step_settled') return [keyOf(event.step, event.attempt)];
  if (event.type === 'step_reconciled') return [...held.keys()].filter((key) => key.startsWith(`${event.step}.`));
  return [];
}

function settled(held: ReadonlyMap<string, Held>, event: RunEvent): Settlement[] {
  if (event.type === 'step_settled') {
    const one = held.get(keyOf(event.step, event.attempt));
    return one ? settlements(one, (dimension) => usedOf(one.intent, event, dimension)) : [];
  }
  if (event.type === 'step_reconciled') {
    const used = event.verdict === 'did_not_happen' ? 0 : null;
    return endedBy(held, event).flatMap((key) => settlements(held.get(key)!, () => used));
  }
  return [];
}

/** Tried again without an outcome: nobody knows what the attempt before used. */
function lostBefore(held: ReadonlyMap<string, Held>, { step, attempt }: StepIntended): Settlement[] {
  const before = held.get(keyOf(step, attempt - 1));
  return before ? settlements(before, () => null) : [];
}

const settlements = ({ intent, holds }: Held, used: (dimension: Budget['dimension']) => number | null): Settlement[] =>
  holds.map(([budget, dimension]) => ({
    budget,
    step: intent.step,
    attempt: intent.attempt,
    actual: used(dimension),
  }));

/** Null: it was used up as far as anybody knows. */
function usedOf(intent: StepIntended, ended: StepSettled, dimension: Budget['dimension']): number | null {
  if (neverLanded(ended)) return 0;
  if (dimension === 'wall_ms') return Math.max(0, ended.at - intent.at);
  if (ended.outcome === 'error') return null;
  const usage = (ended.result as { usage?: { inputTokens?: number; outputTokens?: number } } | null | undefined)?.usage;
  switch (dimension) {
    case 'tokens':
      return ended.tokens ?? null;
    case 'input_tokens':
      return usage?.inputTokens ?? null;
    case 'output_tokens':
      return usage?.outputTokens ?? null;
    case 'cost_micros':
      return ended.cost_micros ?? null;
    default:
      return null;
  }
}

/** A step that is intended and settled in one and the same unit was never out: it neither takes nor gives. */
function cancelled(
  reserve: readonly Reservation[],
  settle: readonly Settlement[],
): { readonly reserve: readonly Reservation[]; readonly settle: readonly Settlement[] } {
  const name = (one: Reservation | Settlement): string => `${one.budget} ${one.step} ${one.attempt}`;
  const taken = new Set(reserve.map(name));
  const both = new Set(settle.map(name).filter((one) => taken.has(one)));
  if (both.size === 0) return { reserve, settle };
  return {
    reserve: reserve.filter((one) => !both.has(name(one))),
    settle: settle.filter((one) => !both.has(name(one))),
  };
}
