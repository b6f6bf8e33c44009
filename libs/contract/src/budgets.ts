import { BUDGET_DIMENSIONS, BUDGET_PERIODS, BUDGET_SCOPES, CROSSINGS } from '@writ/words';
import { z } from 'zod';
import { id, name, named, page, pageQuery, time } from './fields';
import { route } from './route';

const scope = z.enum([...BUDGET_SCOPES, 'batch']);
const dimension = z
  .enum(BUDGET_DIMENSIONS)
  .describe('`cost_micros` are millionths of a model’s currency; `wall_ms` the time calls take; `steps` any call.');
const period = z.enum(BUDGET_PERIODS).describe('Days and months are those of UTC.');
const crossing = z
  .enum(CROSSINGS)
  .describe(
    'What a step without room does: end with `budget_exhausted`, wait for a person, wait for room, take the cheaper model, pass on to the agent.',
  );
const amount = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const Budget = named(
  'Budget',
  z.object({
    id: id('budget'),
    scope,
    target: z.string().nullable().describe('Name of what is limited; null for the tenant as a whole.'),
    dimension,
    period,
    limit: amount,
    warn_at: amount.nullable(),
    crossing,
    fallback: z.string().nullable(),
    reserved: amount.describe('Held by steps that are not settled yet, at the most they may use.'),
    spent: amount.describe('In this period.'),
    resets_at: time.nullable(),
    set_by: z.string(),
    set_at: time,
  }),
);

const example = {
  id: 'bud_01k8x0q3wsf5z8k2m4n6p8r0t6',
  scope: 'workflow',
  target: 'refund-desk',
  dimension: 'cost_micros',
  period: 'day',
  limit: 50_000_000,
  warn_at: 40_000_000,
  crossing: 'fail',
  fallback: null,
  reserved: 120_000,
  spent: 7_450_000,
  resets_at: '2026-11-24T00:00:00.000Z',
  set_by: 'user:7f3a',
  set_at: '2026-11-23T05:00:00.000Z',
};

const EffectiveLimit = named(
  'EffectiveLimit',
  z.object({
    level: z.enum([...scope.options, 'run', 'delegation', 'branch']),
    of: z
      .string()
      .nullable()
      .describe('Name of what is limited, or path of the part of the run; null for the tenant or the whole run.'),
    budget: id('budget').nullable().describe('Null for a limit of the run itself.'),
    dimension: z.enum([...dimension.options, 'depth']),
    period: period.nullable(),
    limit: amount,
    spent: amount,
    reserved: amount.describe('Held by steps under way, at the most they may use. Parts of a run count it as spent.'),
    left: amount,
    crossing,
    fallback: z.string().nullable(),
    resets_at: time.nullable(),
    why: z.string().describe('Why it applies to this run, in one sentence.'),
    binding: z.boolean().describe('Of its dimension, the one that is reached first as things stand.'),
  }),
);

export const budgetRoutes = {
  getEffectiveLimits: route({
    method: 'GET',
    path: '/v1/budgets/effective',
    area: 'budgets',
    summary: 'What limits a run now, why, and what is left',
    description:
      'The tenant’s budgets that cover the run or what it is made of, and the limits of the run and its parts: by dimension, the tightest first.',
    access: ['budget.read', 'run.read'],
    query: z.strictObject({ run: id('run') }),
    responses: {
      200: {
        description: 'Every limit that applies.',
        schema: named(
          'EffectiveLimits',
          z.object({
            run: id('run'),
            workflow: z.string(),
            at: time,
            deadline_at: time.nullable(),
            limits: z.array(EffectiveLimit).readonly(),
          }),
        ),
        example: {
          run: 'run_01k8x0q3wsf5z8k2m4n6p8r0t2',
          workflow: 'refund-desk',
          at: '2026-11-23T09:30:00.000Z',
          deadline_at: null,
          limits: [
            {
              level: 'run',
              of: null,
              budget: null,
              dimension: 'model_calls',
              period: null,
              limit: 20,
              spent: 4,
              reserved: 0,
              left: 16,
              crossing: 'fail',
              fallback: null,
              resets_at: null,
              why: 'The workflow, or whoever started the run, limits it.',
              binding: true,
            },
          ],
        },
      },
    },
    problems: ['not_found'],
  }),
  listBudgets: route({
    method: 'GET',
    path: '/v1/budgets',
    area: 'budgets',
    summary: 'List budgets and how they stand',
    access: ['budget.read'],
    query: z.strictObject(pageQuery),
    responses: {
      200: {
        description: 'A page of budgets in force, oldest first.',
        schema: page('BudgetPage', Budget),
        example: { data: [example], has_more: false, next_cursor: null },
      },
    },
    problems: [],
  }),
  setBudget: route({
    method: 'POST',
    path: '/v1/budgets',
    area: 'budgets',
    summary: 'Set a budget, or change the one of the same scope, dimension and period',
    description:
      'In force when this is answered. What is spent stays spent: a lower limit refuses what comes next, and a higher one wakes the runs that wait for it.',
    access: ['budget.set'],
    body: {
      schema: named(
        'SetBudget',
        z
          .strictObject({
            scope,
            target: name.nullable().default(null).describe('Not with scope `tenant`.'),
            dimension,
            period: period.default('total'),
            limit: amount,
            warn_at: amount.nullable().default(null).describe('Told in the tenant’s log, once per period.'),
            crossing: crossing.default('fail'),
            fallback: name.nullable().default(null).describe('With `degrade` a model, with `hand_off` an agent.'),
            reason: z.string().min(1).max(500),
          })
          .refine((budget) => (budget.scope === 'tenant') === (budget.target === null), {
            path: ['target'],
            message: 'a target is named for every scope but `tenant`',
          })
          .refine((budget) => ['degrade', 'hand_off'].includes(budget.crossing) === (budget.fallback !== null), {
            path: ['fallback'],
            message: 'a fallback is named where the crossing is `degrade` or `hand_off`',
          }),
      ),
      example: {
        scope: 'workflow',
        target: 'refund-desk',
        dimension: 'cost_micros',
        period: 'day',
        limit: 50_000_000,
        warn_at: 40_000_000,
        reason: 'The desk may cost 50 a day.',
      },
    },
    responses: { 200: { description: 'The budget is in force.', schema: Budget, example } },
    problems: ['schema_violation'],
    idempotency: 'stored',
  }),
  removeBudget: route({
    method: 'POST',
    path: '/v1/budgets/{id}/remove',
    area: 'budgets',
    summary: 'Lift a budget',
    access: ['budget.set'],
    params: z.strictObject({ id: id('budget') }),
    body: {
      schema: named('RemoveBudget', z.strictObject({ reason: z.string().min(1).max(500) })),
      example: { reason: 'The trial is over.' },
    },
    responses: { 200: { description: 'The budget limits nothing any more.', schema: Budget, example } },
    problems: ['not_found'],
    idempotency: 'stored',
  }),
};
