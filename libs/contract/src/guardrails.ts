import { z } from 'zod';
import { digest, json, name, named } from './fields';
import { route } from './route';

const boundary = z.enum(['input', 'output']);
const then = z.enum(['deny', 'ask', 'redact']);
const setBy = z
  .enum(['tenant', 'platform'])
  .describe('`platform`: it holds for every tenant, and no policy can take it away.');

const Guardrail = named(
  'Guardrail',
  z
    .object({
      id: z.string(),
      rid: z.string().describe('How it stands in decisions and evidence.'),
      set_by: setBy,
      version: z.string().describe('Of its definition: evidence says which one looked.'),
      at: z.array(boundary).readonly(),
      agents: z.array(z.string()).readonly(),
      tools: z.array(z.string()).readonly().describe('At `output`: which calls.'),
      answers: z.boolean().describe('At `output`: whether the answers of runs have to pass it too.'),
      looks_for: z.enum(['detect', 'words', 'longer_than', 'labels', 'call']),
      what: z.array(z.string()).readonly().describe('Detectors, labels, a number of characters, or whom it asks.'),
      words: z.int().describe('How many words and phrases it lists.'),
      then,
      ask: z.string().nullable().describe('The obligation under which content may pass all the same.'),
      on_error: z.enum(['closed', 'open']).describe('`open` counts where the risk is `low`; elsewhere it is closed.'),
    })
    .describe('A check that content has to pass at a boundary of an agent or of a run.'),
);

const AbsoluteRule = named(
  'AbsoluteRule',
  z
    .object({
      id: z.string(),
      rid: z.string(),
      set_by: setBy,
      actions: z.array(z.string()).readonly(),
      objects: z.array(z.string()).readonly(),
      when: z.string().nullable().describe('A condition of the policy; null where it always denies.'),
    })
    .describe('A denial for everybody that nothing overrides.'),
);

const TryGuardrails = named(
  'TryGuardrails',
  z.strictObject({
    boundary,
    agent: name.exactOptional().describe('Whose content it is.'),
    tool: name.exactOptional().describe('At `output`: the tool it goes to. Without one it is the answer of a run.'),
    content: json.describe('A text, or arguments as a JSON object.'),
    labels: z.array(z.string().max(32)).max(64).default([]).describe('Labels that would have entered the run.'),
  }),
);

const example = {
  id: 'no_cards',
  rid: 'guard:no_cards',
  set_by: 'tenant' as const,
  version: '9c12ab34cd56',
  at: ['output' as const],
  agents: ['*'],
  tools: ['*'],
  answers: true,
  looks_for: 'detect' as const,
  what: ['payment_card'],
  words: 0,
  then: 'deny' as const,
  ask: null,
  on_error: 'closed' as const,
};

export const guardrailRoutes = {
  listGuardrails: route({
    method: 'GET',
    path: '/v1/guardrails',
    area: 'policy',
    summary: 'The guardrails in force, and what is forbidden absolutely',
    description:
      'They are a part of the policy and change with it (`POST /v1/config/apply`); those of the platform stand before them, and only its operators change them. What they said of content is in the audit log as `guardrail.checked`, and in the decision of each act that took content over a boundary.',
    access: ['policy.read'],
    responses: {
      200: {
        description: 'All of them.',
        schema: named(
          'Guardrails',
          z.object({
            policy: digest,
            checks: z.array(Guardrail).readonly(),
            absolute: z.array(AbsoluteRule).readonly(),
          }),
        ),
        example: {
          policy: `sha256:${'9c'.repeat(32)}`,
          checks: [example],
          absolute: [
            {
              id: 'platform:no_drop',
              rid: 'absolute:platform:no_drop',
              set_by: 'platform',
              actions: ['tool.invoke'],
              objects: ['tool:drop_*'],
              when: null,
            },
          ],
        },
      },
    },
    problems: ['not_found'],
  }),
  tryGuardrails: route({
    method: 'POST',
    path: '/v1/guardrails/try',
    area: 'policy',
    summary: 'What the guardrails in force would say of some content',
    description:
      'Nothing is kept of the content, and nobody is asked: a guardrail that asks a tool or a model answers `not_asked`.',
    access: ['policy.read'],
    idempotency: 'none',
    body: {
      schema: TryGuardrails,
      example: { boundary: 'output', tool: 'mail_send', content: { text: 'pay with 4111 1111 1111 1111' } },
    },
    responses: {
      200: {
        description: 'What each of them says, and what would go on.',
        schema: named(
          'TriedGuardrails',
          z.object({
            policy: digest,
            verdict: z.enum(['allow', 'ask', 'deny']),
            checks: z
              .array(
                z.object({
                  guardrail: z.string(),
                  outcome: z.enum(['passed', 'fired', 'redacted', 'failed', 'not_asked']),
                  what: z
                    .record(z.string(), z.union([z.number(), z.string()]))
                    .describe('What was found, and how often; never what it was.'),
                }),
              )
              .readonly(),
            content: json.describe('The content without what was taken out of it.'),
          }),
        ),
        example: {
          policy: `sha256:${'9c'.repeat(32)}`,
          verdict: 'allow',
          checks: [{ guardrail: 'no_cards', outcome: 'redacted', what: { payment_card: 1 } }],
          content: { text: 'pay with [redacted: payment_card]' },
        },
      },
    },
    problems: ['not_found'],
  }),
};
