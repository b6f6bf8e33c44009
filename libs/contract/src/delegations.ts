import { PRINCIPAL_KINDS } from '@writ/kernel';
import { z } from 'zod';
import { digest, id, json, name, named, time } from './fields';
import { route } from './route';
import { Budget } from './run';

const revocation = z.object({ by: z.string(), at: time, reason: z.string() });

const Delegation = named(
  'Delegation',
  z
    .object({
      id: id('delegation'),
      run: id('run'),
      parent: id('delegation').nullable().describe('The one it hangs from; what ends that ends this.'),
      root: z.object({ kind: z.enum(PRINCIPAL_KINDS), id: z.string() }).describe('For whom it all is.'),
      from: name.nullable().describe('Null where the workflow itself chose.'),
      to: z.object({ agent: name, digest }),
      how: z.enum(['handoff', 'work', 'question', 'choice']),
      mode: z
        .enum(['attenuate', 'service'])
        .describe('A service acts by its own grants; every other acts by what all before it are granted as well.'),
      purpose: z.string(),
      tools: z
        .array(
          z.object({
            tool: name,
            only: z.record(z.string(), z.array(json).readonly()).exactOptional(),
            at_most: z.record(z.string(), z.number()).exactOptional(),
          }),
        )
        .readonly()
        .nullable()
        .describe('The only tools it is for; null where that is not bounded.'),
      depth: z.int().nullable().describe('How often it may be passed on, one below the other.'),
      expires_at: time.nullable(),
      labels: z
        .array(z.string())
        .readonly()
        .nullable()
        .describe('The only labels that what is handed on, or brought in, may carry; null where that is not bounded.'),
      budget: Budget.nullable(),
      used: z.int().nullable().describe('Tool calls made under it; null where they are not limited.'),
      policy: digest.describe('The policy it was made under. It is asked again at every use.'),
      step: z.int(),
      path: z.string(),
      made_at: time,
      state: z.enum(['active', 'over', 'expired', 'revoked']),
      revoked: revocation.nullable(),
    })
    .describe('What one agent gave another to do.'),
);

const example = {
  id: 'dlg_01k8x0q3wsf5z8k2m4n6p8r0t4',
  run: 'run_01k8x0q3wsf5z8k2m4n6p8r0t2',
  parent: null,
  root: { kind: 'user', id: 'user:7f3a' },
  from: 'lead',
  to: { agent: 'finder', digest: `sha256:${'1f'.repeat(32)}` },
  how: 'work',
  mode: 'attenuate',
  purpose: 'find the order',
  tools: [{ tool: 'get_order' }],
  depth: 0,
  expires_at: '2026-11-23T10:00:00.000Z',
  labels: ['untrusted'],
  budget: { tool_calls: 5 },
  used: 2,
  policy: `sha256:${'9c'.repeat(32)}`,
  step: 2,
  path: 'desk',
  made_at: '2026-11-23T09:30:00.000Z',
  state: 'active',
  revoked: null,
} as const;

export const delegationRoutes = {
  listRunDelegations: route({
    method: 'GET',
    path: '/v1/runs/{id}/delegations',
    area: 'runs',
    summary: 'Who gave whom what to do in a run',
    access: ['run.read'],
    params: z.strictObject({ id: id('run') }),
    responses: {
      200: {
        description: 'In the order they were made.',
        schema: named(
          'RunDelegations',
          z.object({
            under: z
              .array(id('delegation'))
              .readonly()
              .describe('Those the run itself is under, made by runs above it.'),
            data: z.array(Delegation).readonly(),
          }),
        ),
        example: { under: [], data: [example] },
      },
    },
    problems: ['not_found'],
  }),
  revokeDelegation: route({
    method: 'POST',
    path: '/v1/runs/{id}/delegations/{delegation}/revoke',
    area: 'runs',
    summary: 'Take back what an agent was given to do',
    description:
      'From the commit of this call on nothing commits that it was given for: not by the agent it was given to, not by anybody who received it from there, in this run or in runs started below. It cannot be undone; to give it again, hand over again. Taking back what was taken back answers the first time.',
    access: ['run.revoke'],
    params: z.strictObject({ id: id('run'), delegation: id('delegation') }),
    body: {
      schema: named('RevokeDelegation', z.strictObject({ reason: z.string().min(1).max(500) })),
      example: { reason: 'the finder was sent after the wrong order' },
    },
    responses: {
      200: {
        description: 'It is taken back.',
        schema: Delegation,
        example: {
          ...example,
          state: 'revoked',
          revoked: { by: 'user:5c1d', at: '2026-11-23T09:31:00.000Z', reason: 'wrong order' },
        },
      },
    },
    problems: ['not_found'],
    idempotency: 'stored',
  }),
};
