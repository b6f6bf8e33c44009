import { VERDICTS } from '@writ/words';
import { z } from 'zod';
import { Decision, decisionExample } from './decisions';
import { id, json, jsonObject, named, role } from './fields';
import { route } from './route';
import { Mandate } from './run';

/** `tool:refund`: a kind and a name. */
const thing = z.strictObject({ type: z.string().min(1).max(64), id: z.string().min(1).max(256) });
const subject = z
  .string()
  .regex(/^(user|service|agent):[^\s,|"'`{}\\*]{1,190}$/, 'somebody, such as user:ann, service:shop or agent:orders');
const holder = z
  .string()
  .regex(/^(user|service|agent|role):[^\s,|"'`{}\\*]{1,190}$/, 'somebody or a role, such as user:ann or role:customer');

/** What is asked about, apart from who does it. */
const act = {
  action: z.string().min(1).max(64).describe('An action of the policy, such as `tool.invoke`.'),
  object: thing.describe('What it is done with, such as `{ "type": "tool", "id": "refund" }`.'),
  resource: thing.exactOptional().describe('The business object it touches.'),
  args: jsonObject.exactOptional(),
  attributes: z
    .record(z.string(), json)
    .exactOptional()
    .describe('`<type>.<attribute>` → its value. What is not given counts as not known.'),
  purpose: z.string().max(200).exactOptional().describe('Of a handoff.'),
};

const Change = named(
  'Change',
  z
    .object({
      kind: z.enum([
        'value',
        'mandate',
        'role',
        'release',
        'rule',
        'remove',
        'said',
        'again',
        'give',
        'asking',
        'answered',
      ]),
      rid: z.string().optional(),
      what: z.string().optional(),
      effect: z.string().optional(),
      subject: z.string().optional(),
      role: z.string().optional(),
      line: z.string().optional(),
      stop: z.string().optional(),
      delegation: z.string().optional(),
      to: z.string().optional(),
      bound: z.string().optional(),
      obligation: z.string().optional(),
    })
    .describe('One thing that could be otherwise. Nothing of it is done.'),
);

const Explanation = named(
  'Explanation',
  z.object({
    decision: Decision.omit({ id: true })
      .extend({ id: id('decision').nullable().describe('Null for an act that nobody asked to do.') })
      .describe('As it was recorded, or as it would be.'),
    now: z
      .object({ verdict: z.enum(VERDICTS), reason: z.string(), sentence: z.string() })
      .nullable()
      .describe('What the policy in force says to the same; null where what was asked cannot be had any more.'),
    chain: z
      .array(
        z.object({
          subject: z.string(),
          part: z.enum(['initiator', 'agent']),
          mode: z
            .enum(['attenuate', 'service'])
            .nullable()
            .describe('How it came to act; of an act asked about, null also where nobody lets it be passed on to.'),
          asked: z.boolean().describe('Whether its own rights bounded this act.'),
          verdict: z.enum(VERDICTS).nullable(),
          paths: z
            .array(z.array(z.string()).readonly())
            .readonly()
            .describe('From the name over its roles to each rule that spoke.'),
        }),
      )
      .readonly(),
    needs: z
      .array(z.object({ name: z.string(), resource: thing }))
      .readonly()
      .describe('Values the decision would read and nobody gave.'),
    remedies: z
      .array(
        z.object({
          sentence: z.string(),
          verdict: z.enum(['allow', 'ask']),
          changes: z.array(Change).readonly(),
        }),
      )
      .readonly()
      .describe('What would allow it, smallest change first. Each was decided anew with its changes made.'),
    approvers: z
      .array(
        z.object({
          obligation: z.string(),
          count: z.int(),
          roles: z.array(z.string()).readonly(),
          people: z.array(z.string()).readonly(),
        }),
      )
      .readonly()
      .describe('Who could approve it, of those the tenant knows.'),
  }),
);

const Permission = named(
  'Permission',
  z.object({
    rid: z.string(),
    effect: z.enum(['allow', 'deny']),
    action: z.string(),
    object: z.string().describe('A name, a prefix or a class, as the rule writes it.'),
    condition: z.string().nullable(),
    obligations: z.array(z.string()).readonly(),
    path: z.array(z.string()).readonly().describe('From the name over its roles to the rule.'),
    line: z.string(),
  }),
);

const WhoCan = named(
  'WhoCan',
  z.object({
    subject: z.string(),
    verdict: z.enum(['allow', 'ask', 'perhaps']).describe('`perhaps`: it depends on values that were not given.'),
    paths: z.array(z.array(z.string()).readonly()).readonly(),
    when: z.string().nullable(),
    sentence: z.string(),
  }),
);

const asked = {
  initiator: 'user:7f3a',
  chain: ['orders'],
  action: 'tool.invoke',
  object: { type: 'tool', id: 'refund' },
};
const explained = {
  decision: decisionExample,
  now: { verdict: 'deny', reason: 'agent_not_granted', sentence: decisionExample.sentence },
  chain: [
    {
      subject: 'agent:refund_agent',
      part: 'agent',
      mode: null,
      asked: true,
      verdict: 'deny',
      paths: [],
    },
  ],
  needs: [],
  remedies: [
    {
      sentence: 'To allow it: give agent:refund_agent the role order_agent (rule orders-2).',
      verdict: 'allow',
      changes: [{ kind: 'role', subject: 'agent:refund_agent', role: 'role:order_agent', rid: 'orders-2' }],
    },
  ],
  approvers: [],
} as const;

const allowed = {
  ...explained,
  decision: {
    ...decisionExample,
    id: null,
    run: null,
    step: null,
    verdict: 'allow',
    reason: 'allowed',
    explicit: true,
    near_misses: [],
    sentence: 'Allowed: by rule orders-2 for initiator user:7f3a.',
  },
  now: { verdict: 'allow', reason: 'allowed', sentence: 'Allowed: by rule orders-2 for initiator user:7f3a.' },
  remedies: [],
} as const;

export const explainRoutes = {
  explainDecision: route({
    method: 'GET',
    path: '/v1/decisions/{id}/explanation',
    area: 'decisions',
    summary: 'Say all about one decision',
    description:
      'The decision as it was recorded, the chain of those acting, what the policy in force says to the same now, what would allow it and who could approve.',
    access: ['decision.explain'],
    params: z.strictObject({ id: id('decision') }),
    responses: { 200: { description: 'All there is to say.', schema: Explanation, example: explained } },
    problems: ['not_found'],
  }),
  explainAct: route({
    method: 'POST',
    path: '/v1/explain',
    area: 'decisions',
    summary: 'Ask whether somebody may, and why',
    description:
      'Decides an act that nobody is about to do, under the policy in force. It is recorded nowhere and allows nothing.',
    access: ['decision.explain'],
    body: {
      schema: named(
        'ExplainAct',
        z.strictObject({
          initiator: subject.describe('Whom it is for.'),
          roles: z.array(role).max(32).exactOptional().describe('Roles by a credential, beside those of the policy.'),
          chain: z.array(z.string().min(1).max(128)).max(32).default([]).describe('Agents acting, first to current.'),
          mandate: Mandate.exactOptional(),
          ...act,
        }),
      ),
      example: asked,
    },
    responses: {
      200: {
        description: 'All there is to say.',
        schema: Explanation,
        example: allowed,
      },
    },
    problems: ['schema_violation'],
    idempotency: 'none',
  }),
  whoCan: route({
    method: 'POST',
    path: '/v1/who-can',
    area: 'decisions',
    summary: 'List who may do something',
    description:
      'Everybody whom the policy, a key of the tenant or its directory names, and who may do it in their own name; and the roles and patterns that rules name, for whoever holds a role by a credential or is covered. What an agent may it may at most: it never exceeds whom it acts for. An action of the vocabulary is asked about for each subject of the directory, with what that knows of them and of the thing.',
    access: ['decision.explain'],
    body: {
      schema: named('AskWhoCan', z.strictObject(act)),
      example: { action: 'tool.invoke', object: { type: 'tool', id: 'refund' } },
    },
    responses: {
      200: {
        description: 'Those who may, by name.',
        schema: named('WhoCanAnswer', z.object({ data: z.array(WhoCan).readonly() })),
        example: {
          data: [
            {
              subject: 'user:7f3a',
              verdict: 'allow',
              paths: [['user:7f3a', 'role:clerk', 'orders-2']],
              when: null,
              sentence: 'Allowed: by rule orders-2 for initiator user:7f3a.',
            },
          ],
        },
      },
    },
    problems: ['schema_violation'],
    idempotency: 'none',
  }),
  listPermissions: route({
    method: 'GET',
    path: '/v1/permissions',
    area: 'decisions',
    summary: 'List what somebody may do',
    description: 'Every rule that speaks of them, by their name or a role of theirs. One’s own needs no right to see.',
    access: ['decision.explain'],
    query: z.strictObject({
      subject: holder.exactOptional().describe('You, when absent; a role for whoever holds it.'),
    }),
    responses: {
      200: {
        description: 'Their rules, as they are written.',
        schema: named('Permissions', z.object({ subject: z.string(), data: z.array(Permission).readonly() })),
        example: {
          subject: 'user:7f3a',
          data: [
            {
              rid: 'orders-2',
              effect: 'allow',
              action: 'tool.invoke',
              object: 'class:orders',
              condition: null,
              obligations: [],
              path: ['user:7f3a', 'role:clerk', 'orders-2'],
              line: 'p, role:clerk, {tenant}, class:orders, tool.invoke, , allow, , orders-2',
            },
          ],
        },
      },
    },
    problems: [],
  }),
};
