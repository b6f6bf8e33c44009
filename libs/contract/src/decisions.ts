import { VERDICTS } from '@writ/words';
import { z } from 'zod';
import { id, jsonObject, named, time } from './fields';
import { route } from './route';

export const Decision = named(
  'Decision',
  z.object({
    id: id('decision'),
    run: id('run').nullable().describe('Null for a decision about a call of this API.'),
    step: z.int().nullable(),
    action: z.string(),
    object: jsonObject,
    verdict: z.enum(VERDICTS),
    reason: z.string().describe('Stable reason code: all that an agent is told.'),
    stage: z.string().describe('The stage that settled it.'),
    explicit: z.boolean().describe('True when a rule said so, false when silence denied.'),
    stages: z.array(jsonObject).readonly(),
    obligations: z.array(jsonObject).readonly(),
    near_misses: z
      .array(jsonObject)
      .readonly()
      .describe('Rules that nearly allowed it; empty for callers who may not `decision.explain`.'),
    snapshot: z.string().describe('Digest of the policy it was decided under.'),
    time,
    sentence: z.string().describe('The decision in one sentence.'),
  }),
);

export const decisionExample = {
  id: 'dec_01k8x0q3wsf5z8k2m4n6p8r0t3',
  run: 'run_01k8x0q3wsf5z8k2m4n6p8r0t2',
  step: 2,
  action: 'tool.invoke',
  object: { type: 'tool', id: 'cancel_order' },
  verdict: 'deny',
  reason: 'agent_not_granted',
  stage: 'agent',
  explicit: false,
  stages: [{ stage: 'agent', subject: 'agent:refund_agent', verdict: 'deny', explicit: false, matches: [] }],
  obligations: [],
  near_misses: [{ rid: 'orders-2', missing: 'needs role order_agent' }],
  snapshot: `sha256:${'9c'.repeat(32)}`,
  time: '2026-11-22T09:30:01.120Z',
  sentence: 'agent:refund_agent may not tool.invoke cancel_order: no rule grants it.',
};

export const decisionRoutes = {
  getDecision: route({
    method: 'GET',
    path: '/v1/decisions/{id}',
    area: 'decisions',
    summary: 'Explain one decision',
    description: 'Near misses are shown only to callers whom the policy also allows `decision.explain`.',
    access: ['run.read', 'decision.explain'],
    params: z.strictObject({ id: id('decision') }),
    responses: { 200: { description: 'The decision and its reasons.', schema: Decision, example: decisionExample } },
    problems: ['not_found'],
    etag: 'content',
  }),
};
