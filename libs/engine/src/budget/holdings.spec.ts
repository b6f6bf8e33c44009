import type { BudgetId } from '@writ/kernel';
import type { Budget } from '@writ/policy';
import type { RunEvent } from '../events';
import { type Hold, holdsOf, modelBound, toolBound } from './bounds';
import { Holdings } from './holdings';

const BUDGET = 'bud_1' as BudgetId;
const budget = (part: Partial<Budget> = {}): Budget => ({
  id: BUDGET,
  scope: 'tenant',
  target: '',
  dimension: 'tokens',
  period: 'total',
  crossing: 'fail',
  fallback: null,
  ...part,
});

const intended = (step: number, attempt = 1, holds: readonly Hold[] = [[BUDGET, 'tokens', 40]]): RunEvent =>
  ({ type: 'step_intended', at: 1_000, step, attempt, path: '', kind: 'model', holds }) as unknown as RunEvent;
const settled = (step: number, part: object = {}): RunEvent =>
  ({ type: 'step_settled', at: 1_500, step, attempt: 1, outcome: 'ok', final: true, tokens: 12, ...part }) as RunEvent;
const finished = { type: 'run_finished', at: 9, output: null } as RunEvent;
const started = { type: 'run_started', workflow: 'desk' } as RunEvent;

const after = (budgets: readonly Budget[], ...events: readonly RunEvent[]): Holdings => {
  const holdings = new Holdings(() => budgets);
  holdings.apply(events);
  return holdings;
};

describe('what a run holds of the tenant’s budgets', () => {
  it('costs a run that nothing limits not even an entry in its units', () => {
    const holdings = new Holdings(() => []);
    expect(holdings.unit([started, intended(1, 1, []), settled(1), finished])).toBeUndefined();
  });

  it('[I13] is reserved with the intent and settled with what was used', () => {
    const holdings = after([budget()]);
    expect(holdings.unit([intended(1)])?.reserve).toEqual([{ budget: BUDGET, step: 1, attempt: 1, amount: 40 }]);
    holdings.apply([intended(1)]);
    expect(holdings.unit([settled(1), intended(2)])).toMatchObject({
      settle: [{ step: 1, actual: 12 }],
      reserve: [{ step: 2, amount: 40 }],
    });
    holdings.apply([settled(1), intended(2)]);
    expect(holdings.unit([settled(1)])).toBeUndefined();
  });

  it.each<[string, object, number | null]>([
    ['never arrived', { outcome: 'error', landed: 'no' }, 0],
    ['may have arrived', { outcome: 'error', landed: 'maybe' }, null],
    ['failed there', { outcome: 'error', landed: 'yes' }, null],
    ['says nothing of its use', { tokens: undefined }, null],
  ])('[I5] [I13] of a call that %s is charged accordingly', (_what, part, actual) => {
    const [one] = after([budget()], intended(1)).unit([settled(1, part)])!.settle;
    expect(one!.actual).toBe(actual);
  });

  it('[I5] [I13] of a lost attempt stays charged in full when the step is tried again', () => {
    const unit = after([budget()], intended(1)).unit([intended(1, 2)]);
    expect(unit).toMatchObject({ settle: [{ step: 1, attempt: 1, actual: null }], reserve: [{ attempt: 2 }] });
  });

  it.each<[string, number | null]>([
    ['did_not_happen', 0],
    ['happened', null],
    ['abandon', null],
  ])('of an unknown outcome is kept until a person says "%s"', (verdict, actual) => {
    const holdings = after([budget()], intended(1));
    const unknown = { type: 'step_unknown', at: 1, step: 1, attempt: 1, reason: 'lost' } as RunEvent;
    expect(holdings.unit([unknown])).toBeUndefined();
    holdings.apply([unknown]);
    const said = { type: 'step_reconciled', at: 2, step: 1, verdict } as RunEvent;
    expect(holdings.unit([said])?.settle).toMatchObject([{ step: 1, attempt: 1, actual }]);
  });

  it('ends with the run, also what it holds without having taken it itself', () => {
    expect(after([budget()], intended(1)).unit([finished])).toEqual({ reserve: [], settle: [], settleRest: true });
    expect(after([budget({ dimension: 'concurrent_runs' })]).unit([finished])?.settleRest).toBe(true);
  });

  it('is a place among the runs at once of its tenant and its workflow', () => {
    const places = [
      budget({ dimension: 'concurrent_runs' }),
      budget({ id: 'bud_2' as BudgetId, dimension: 'concurrent_runs', scope: 'workflow', target: 'desk' }),
      budget({ id: 'bud_3' as BudgetId, dimension: 'concurrent_runs', scope: 'workflow', target: 'other' }),
      budget({ id: 'bud_4' as BudgetId }),
    ];
    const unit = new Holdings(() => places).unit([started]);
    expect(unit?.reserve.map((one) => [one.budget, one.step, one.amount])).toEqual([
      [BUDGET, 0, 1],
      ['bud_2', 0, 1],
    ]);
  });

  it('is the same for whoever folds the journal', () => {
    const journal = [started, intended(1), settled(1), intended(2)];
    const live = after([budget()]);
    for (const event of journal) live.apply([event]);
    expect(live.unit([settled(2)])).toEqual(after([budget()], ...journal).unit([settled(2)]));
  });
});

describe('the bound of a step', () => {
  const price = { input_micros: 1_000_000, output_micros: 2_000_000 };
  const spending = { workflow: 'desk', agent: 'a', model: 'm' };

  it('holds of each budget that covers it what it may use at most', () => {
    const budgets = [
      budget(),
      budget({ dimension: 'cost_micros', scope: 'model', target: 'm' }),
      budget({ dimension: 'tool_calls' }),
      budget({ dimension: 'steps', scope: 'agent', target: 'a' }),
      budget({ dimension: 'model_calls', scope: 'workflow', target: 'elsewhere' }),
    ];
    const bound = modelBound({ input: 100, output: 50 }, price, 1_000);
    expect(holdsOf(budgets, { spending, bound })).toEqual([
      [BUDGET, 'tokens', 150],
      [BUDGET, 'cost_micros', 200],
      [BUDGET, 'steps', 1],
    ]);
    expect(holdsOf(budgets, { spending: { workflow: 'desk', tool: 't' }, bound: toolBound(9) })).toEqual([
      [BUDGET, 'tool_calls', 1],
    ]);
  });

  it('that has no price does not begin where money is limited', () => {
    const bound = modelBound({ input: 1, output: 1 }, null, 1);
    expect(holdsOf([budget()], { spending, bound })).toHaveLength(1);
    expect(holdsOf([budget({ dimension: 'cost_micros' })], { spending, bound })).toMatchObject({
      code: 'price_unknown',
      class: 'budget',
    });
  });
});
