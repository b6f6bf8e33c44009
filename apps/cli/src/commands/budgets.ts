import type { OperationId, RequestOf } from '@writ/contract';
import { BUDGET_DIMENSIONS, BUDGET_PERIODS, BUDGET_SCOPES, CROSSINGS } from '@writ/words';
import { usage } from '../cli-error';
import type { Command, Given } from '../command';
import { members, type Row } from '../output/output';
import { wholeNumber } from './read-value';
import { asRow, asRows } from './rows';

type SetBudget = NonNullable<RequestOf<Extract<OperationId, 'setBudget'>>['body']>;

const SCOPES = BUDGET_SCOPES.filter((scope) => scope !== 'tenant');

const COLUMNS = members('id', 'scope', 'target', 'dimension', 'period', 'spent', 'reserved', 'limit', 'crossing');

/** The tenant as a whole, unless one thing in it is named. */
function scopeOf(call: Given): Pick<SetBudget, 'scope' | 'target'> {
  const named = SCOPES.flatMap((scope) => {
    const target = call.text(scope);
    return target === undefined ? [] : [{ scope, target }];
  });
  if (named.length > 1) {
    throw usage(
      'A budget limits one thing.',
      'More than one was named.',
      'Give one of --workflow, --agent, --tool, --model.',
    );
  }
  return named[0] ?? { scope: 'tenant', target: null };
}

const oneOf = <T extends string>(known: readonly T[], value: string): T => {
  const found = known.find((one) => one === value);
  if (found !== undefined) return found;
  throw usage(
    `${value} is not something to limit.`,
    'It is not one of the dimensions.',
    `Give one of ${known.join(', ')}.`,
  );
};

const set: Command = {
  name: 'budgets set',
  summary: 'Limit what a tenant, a workflow, an agent, a tool or a model may use',
  description:
    'Changes the budget of the same scope, dimension and period where there is one. What is spent stays spent. A run that crosses it is told budget_exhausted, which is no denial.',
  args: [
    { usage: '<dimension>', description: BUDGET_DIMENSIONS.join(', ') },
    { usage: '<limit>', description: 'how much; cost_micros are millionths of the model’s currency' },
  ],
  options: [
    ...SCOPES.map((scope) => ({ flags: `--${scope} <name>`, description: `limit this ${scope} only` })),
    { flags: '--per <period>', description: 'begin anew each minute, day or month (total)', choices: BUDGET_PERIODS },
    { flags: '--warn-at <amount>', description: 'say so in the log when it comes to this' },
    { flags: '--crossing <what>', description: 'what a step without room does (fail)', choices: CROSSINGS },
    { flags: '--fallback <name>', description: 'the cheaper model to degrade to, or the agent to hand off to' },
    { flags: '--reason <text>', description: 'why, for the record' },
  ],
  examples: [
    'budgets set tool_calls 10000 --per day',
    'budgets set cost_micros 50000000 --workflow refund-desk --per day --warn-at 40000000',
    'budgets set concurrent_runs 20 --workflow refund-desk',
  ],
  calls: ['POST /v1/budgets'],
  async run(context, call) {
    const body: SetBudget = {
      ...scopeOf(call),
      dimension: oneOf(BUDGET_DIMENSIONS, call.arg(0)),
      period: oneOf(BUDGET_PERIODS, call.text('per') ?? 'total'),
      limit: wholeNumber('<limit>', call.arg(1), 0) ?? 0,
      warn_at: wholeNumber('--warn-at', call.text('warn-at')) ?? null,
      crossing: oneOf(CROSSINGS, call.text('crossing') ?? 'fail'),
      fallback: call.text('fallback') ?? null,
      reason: call.text('reason') ?? 'set with the command line',
    };
    const budget = await context.client().budgets.set(body, { signal: context.signal });
    return { output: { kind: 'one', row: asRow(budget), id: budget.id } };
  },
};

const list: Command = {
  name: 'budgets list',
  summary: 'List budgets and how they stand',
  examples: ['budgets list', 'budgets list -o json'],
  calls: ['GET /v1/budgets'],
  run(context) {
    const rows = asRows(context.client().budgets.list({}, { signal: context.signal }));
    const id = (row: Row): string => String(row['id']);
    return Promise.resolve({ output: { kind: 'list', rows, columns: COLUMNS, id, empty: 'Nothing is limited.' } });
  },
};

const remove: Command = {
  name: 'budgets remove',
  summary: 'Lift a budget',
  args: [{ usage: '<budget>', description: 'id of the budget, bud_…' }],
  options: [{ flags: '--reason <text>', description: 'why, for the record' }],
  examples: ['budgets remove bud_01k8x0q3wsf5z8k2m4n6p8r0t6 --reason "the trial is over"'],
  calls: ['POST /v1/budgets/{id}/remove'],
  async run(context, call) {
    const reason = call.text('reason') ?? 'lifted with the command line';
    const budget = await context.client().budgets.remove(call.arg(0), { reason }, { signal: context.signal });
    return { output: { kind: 'one', row: asRow(budget), id: budget.id } };
  },
};

const effective: Command = {
  name: 'budgets effective',
  summary: 'What limits a run now, why, and what is left',
  description:
    'Lists the budgets and the limits that apply to a run: by dimension, the tightest first. The one marked binding is reached first.',
  args: [{ usage: '<run>', description: 'id of the run, run_…' }],
  examples: ['budgets effective run_01k8x0q3wsf5z8k2m4n6p8r0t2'],
  calls: ['GET /v1/budgets/effective'],
  async run(context, call) {
    const { limits } = await context.client().budgets.effective(call.arg(0), { signal: context.signal });
    const columns = members('dimension', 'level', 'of', 'limit', 'spent', 'reserved', 'left', 'binding', 'why');
    const id = (row: Row): string => String(row['budget'] ?? row['level']);
    return { output: { kind: 'list', rows: limits.map(asRow), columns, id, empty: 'Nothing limits this run.' } };
  },
};

export const BUDGET_COMMANDS: readonly Command[] = [set, list, remove, effective];
