import { z } from 'zod';
import { digest, id, name, named } from './fields';
import { route } from './route';

const UpgradeChoice = named(
  'UpgradeChoice',
  z
    .object({
      run: id('run'),
      workflow: name,
      version: z.int().describe('The version of the workflow that it would be moved to.'),
      choice: z
        .enum(['none', 'move', 'finish'])
        .describe(
          'none: it has these versions already. move: it may be moved. finish: its journal does not fit them, so it finishes on its own.',
        ),
      because: z.string().nullable().describe('Why it cannot be moved, from the first event that does not fit.'),
      changes: z
        .array(z.object({ kind: z.string(), name: z.string(), from: digest.nullable(), to: digest.nullable() }))
        .readonly()
        .describe('What it would have in another version.'),
    })
    .describe('What can be done about a run whose definitions have newer versions.'),
);

const params = z.strictObject({ id: id('run') });

export const runUpgradeRoutes = {
  getRunUpgrade: route({
    method: 'GET',
    path: '/v1/runs/{id}/upgrade',
    area: 'runs',
    summary: 'Whether a run could go on by newer versions of its definitions',
    description:
      'A run keeps the versions it began with. This plays its journal against the newer ones; it changes nothing.',
    access: ['run.read'],
    params,
    query: z.strictObject({
      version: z.coerce
        .number<number>()
        .int()
        .min(1)
        .exactOptional()
        .describe('Of the workflow; the newest when absent.'),
    }),
    responses: {
      200: {
        description: 'The choice there is.',
        schema: UpgradeChoice,
        example: {
          run: 'run_01k8x0q3wsf5z8k2m4n6p8r0t2',
          workflow: 'refund_order',
          version: 4,
          choice: 'finish',
          because: 'event 12: tool refund at pay, where the other version wants tool check at pay',
          changes: [
            {
              kind: 'workflow',
              name: 'refund_order',
              from: `sha256:${'4f'.repeat(32)}`,
              to: `sha256:${'5a'.repeat(32)}`,
            },
          ],
        },
      },
    },
    problems: ['not_found', 'unknown_workflow', 'state_conflict'],
  }),
  upgradeRun: route({
    method: 'POST',
    path: '/v1/runs/{id}/upgrade',
    area: 'runs',
    summary: 'Move a run to newer versions of its definitions',
    description:
      'It moves at the next moment at which nothing of it is under way, if its journal is one that the newer versions lead to; what is on record stays. Otherwise it is refused, and finishes on its own versions.',
    access: ['run.upgrade'],
    params,
    body: {
      schema: named(
        'UpgradeRun',
        z.strictObject({
          version: z.int().min(1).exactOptional().describe('Of the workflow; the newest when absent.'),
          reason: z.string().min(1).max(500),
        }),
      ),
      example: { reason: 'The prompt of the clerk was wrong.' },
    },
    responses: {
      202: {
        description: 'The run will move at its next safe moment.',
        schema: named('UpgradeAccepted', z.object({ accepted: z.boolean() })),
        example: { accepted: true },
      },
    },
    problems: ['not_found', 'unknown_workflow', 'state_conflict', 'upgrade_refused'],
    idempotency: 'stored',
  }),
};
