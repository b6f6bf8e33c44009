import { z } from 'zod';
import { digest, id, json, name, named } from './fields';
import { route } from './route';
import { stepKind } from './timeline';
import { Budget, ForkEffects, RunFork, RunStatus, usage } from './run';

const effects = ForkEffects;

const side = z
  .object({
    step: z.int(),
    sequence: z.int(),
    attempts: z.int(),
    outcome: z.enum(['ok', 'error', 'denied', 'asked', 'open']),
    reason: z.string().describe('Code of the decision, or of the failure.'),
    tokens: z.int(),
    stubbed: z.boolean().describe('It was given back what another run came to.'),
    inherited: z.boolean().describe('It stands in the past taken over from another run.'),
  })
  .nullable()
  .describe('How it went; null where the run has no such step.');

const comparedRun = z.object({
  id: id('run'),
  workflow: name,
  status: RunStatus,
  output: json.nullable(),
  usage,
  fork: RunFork.nullable(),
});

const RunDiff = named(
  'RunDiff',
  z
    .object({
      a: comparedRun,
      b: comparedRun,
      same_input: z.boolean(),
      same_output: z.boolean(),
      definitions: z
        .array(z.object({ kind: z.string(), name: z.string(), a: digest.nullable(), b: digest.nullable() }))
        .readonly()
        .describe('What the two are pinned to in different versions.'),
      steps: z
        .array(
          z.object({
            path: z.string(),
            kind: stepKind,
            target: z.string(),
            a: side,
            b: side,
            differs: z.array(z.enum(['target', 'arguments', 'outcome', 'result'])).readonly(),
          }),
        )
        .readonly(),
      first_difference: z.int().nullable().describe('Index of the first step in which they are not the same.'),
    })
    .describe('Two runs, step by step, matched by place and turn.'),
);

const used = { model_calls: 2, tool_calls: 1, tokens: 812, cost_micros: 3_140 };
const run = { workflow: 'refund_order', status: 'succeeded', output: { refunded: true }, usage: used } as const;
const ids = { a: 'run_01k8x0q3wsf5z8k2m4n6p8r0t2', b: 'run_01k8x0q3wsf5z8k2m4n6p8r0t9' };
const shown = { step: 1, sequence: 3, attempts: 1, outcome: 'ok', reason: 'ok', tokens: 0 } as const;

export const runForkRoutes = {
  forkRun: route({
    method: 'POST',
    path: '/v1/runs/{id}/fork',
    area: 'runs',
    summary: 'Start a run that goes on from an event of another',
    description:
      'The new run has the past of the other one up to that event, and is yours: its steps are decided under your rights and the policy of now, under keys of its own. With stubbed effects it sends nothing: each step is given the outcome on record for the very same step, and one without fails as `not_recorded`. Live effects need `run.fork_live` and the right to start the workflow.',
    access: ['run.read', 'run.fork', 'run.fork_live', 'run.start'],
    params: z.strictObject({ id: id('run') }),
    body: {
      schema: named(
        'ForkRun',
        z.strictObject({
          at: z.int().min(0).exactOptional().describe('The last event to share; the newest when neither is given.'),
          step: z.int().min(1).exactOptional().describe('In place of `at`: the first step to be done again.'),
          effects: effects.default('stubbed'),
          reason: z.string().min(1).max(500),
          budget: Budget.exactOptional(),
        }),
      ),
      example: { step: 3, effects: 'stubbed', reason: 'What would the policy of today have said?' },
    },
    responses: {
      201: {
        description: 'The run exists.',
        schema: named('ForkedRun', z.object({ id: id('run'), of: id('run'), effects })),
        example: { id: ids.b, of: ids.a, effects: 'stubbed' },
      },
    },
    problems: ['not_found', 'state_conflict', 'stop_active', 'approval_required', 'budget_exhausted', 'busy'],
    idempotency: 'own',
  }),
  diffRuns: route({
    method: 'GET',
    path: '/v1/runs/diff',
    area: 'runs',
    summary: 'Compare two runs step by step',
    access: ['run.read'],
    query: z.strictObject({ a: id('run'), b: id('run') }),
    responses: {
      200: {
        description: 'What they have in common, and where they part.',
        schema: RunDiff,
        example: {
          a: { id: ids.a, ...run, fork: null },
          b: { id: ids.b, ...run, status: 'denied', output: null, fork: { run: ids.a, at: 4, effects: 'stubbed' } },
          same_input: true,
          same_output: false,
          definitions: [],
          steps: [
            {
              path: 'refund',
              kind: 'tool',
              target: 'refund',
              a: { ...shown, stubbed: false, inherited: false },
              b: { ...shown, outcome: 'denied', reason: 'agent_not_granted', stubbed: false, inherited: false },
              differs: ['outcome'],
            },
          ],
          first_difference: 0,
        },
      },
    },
    problems: ['not_found', 'state_conflict'],
  }),
};
