import { RISK_TIERS } from '@writ/words';
import { z } from 'zod';
import { id, named, page, pageQuery, time } from './fields';
import { route } from './route';

export const tier = z.enum(RISK_TIERS).describe('Risk tier.');
const verdict = z
  .enum(['fine', 'concern'])
  .describe('`fine`: nothing to object to; `concern`: something has to follow, which the note says.');

const Review = named(
  'Review',
  z
    .object({
      id: id('review'),
      run: id('run'),
      workflow: z.string(),
      run_status: z.string().describe('How the run ended.'),
      run_ended_at: time,
      initiator: z.string().describe('Whom the run was for.'),
      tier,
      why: z.enum(['share', 'always']).describe('`always`: every run of the tier that ends so is looked at.'),
      share: z.number().describe('Of 1: how many runs of the tier were drawn, as the policy said then.'),
      seed: z
        .string()
        .describe('What the draw went by: hash of the event before the one that says that the run ended.'),
      policy: z.string().describe('Digest of the policy it was drawn under.'),
      drawn_at: time,
      due_at: time.describe('Somebody should have looked by then.'),
      overdue: z.boolean(),
      claimed_by: z.string().nullable(),
      claim_ends_at: time.nullable().describe('From then on somebody else may take it.'),
      may_review: z.boolean().describe('Whether you may.'),
      barred: z
        .enum(['not_a_person', 'is_requester', 'claimed', 'decided'])
        .nullable()
        .describe('Why you may not: `is_requester`: you started the run, or it was for you.'),
      verdict: verdict.nullable(),
      note: z.string().nullable(),
      decided_by: z.string().nullable(),
      decided_at: time.nullable(),
    })
    .describe('A run that was drawn for people to look at once it was over.'),
);

const example = {
  id: 'rev_01k8x0q3wsf5z8k2m4n6p8r0v1',
  run: 'run_01k8x0q3wsf5z8k2m4n6p8r0t2',
  workflow: 'refund_order',
  run_status: 'succeeded',
  run_ended_at: '2026-11-22T09:31:07.402Z',
  initiator: 'user:7f3a',
  tier: 'high',
  why: 'share',
  share: 0.25,
  seed: 'b7'.repeat(32),
  policy: `sha256:${'9c'.repeat(32)}`,
  drawn_at: '2026-11-22T09:31:07.398Z',
  due_at: '2026-12-06T09:31:07.398Z',
  overdue: false,
  claimed_by: null,
  claim_ends_at: null,
  may_review: true,
  barred: null,
  verdict: null,
  note: null,
  decided_by: null,
  decided_at: null,
} as const;

const params = z.strictObject({ id: id('review') });
const claimed = {
  ...example,
  claimed_by: 'user:91bc',
  claim_ends_at: '2026-11-23T17:00:00.000Z',
} as const;
const after = (description: string, shown: object) => ({ 200: { description, schema: Review, example: shown } });

export const reviewRoutes = {
  listReviews: route({
    method: 'GET',
    path: '/v1/reviews',
    area: 'reviews',
    summary: 'List runs that were drawn for people to look at',
    description: 'What is open, that which is due first; otherwise newest first.',
    access: ['review.read'],
    query: z.strictObject({
      ...pageQuery,
      state: z.enum(['open', 'decided', 'all']).default('open'),
      tier: tier.exactOptional(),
      verdict: verdict.exactOptional(),
      run: id('run').exactOptional(),
    }),
    responses: {
      200: {
        description: 'A page of reviews.',
        schema: page('ReviewPage', Review),
        example: { data: [example], has_more: false, next_cursor: null },
      },
    },
    problems: [],
    etag: 'content',
  }),
  getReview: route({
    method: 'GET',
    path: '/v1/reviews/{id}',
    area: 'reviews',
    summary: 'Read one review',
    access: ['review.read'],
    params,
    responses: after('The review as it stands.', example),
    problems: ['not_found'],
    etag: 'content',
  }),
  claimReview: route({
    method: 'POST',
    path: '/v1/reviews/{id}/claim',
    area: 'reviews',
    summary: 'Take a review for yourself',
    description: 'Of several who do, one has it; it is yours for eight hours, or until you give it back.',
    access: ['review.decide'],
    params,
    responses: after('It is yours.', claimed),
    problems: ['not_found', 'not_eligible', 'state_conflict'],
    idempotency: 'stored',
  }),
  releaseReview: route({
    method: 'POST',
    path: '/v1/reviews/{id}/release',
    area: 'reviews',
    summary: 'Give a review back',
    access: ['review.decide'],
    params,
    responses: after('Anybody may take it.', example),
    problems: ['not_found', 'not_eligible', 'state_conflict'],
    idempotency: 'stored',
  }),
  decideReview: route({
    method: 'POST',
    path: '/v1/reviews/{id}/decide',
    area: 'reviews',
    summary: 'Say what you found',
    description:
      'Whoever started the run, or whom it was for, does not; nor does anybody while somebody else has claimed it. What was said stands.',
    access: ['review.decide'],
    params,
    body: {
      schema: named('DecideReview', z.strictObject({ verdict, note: z.string().trim().min(1).max(4000) })),
      example: { verdict: 'concern', note: 'It paid twice what the order cost; the agent never read the order.' },
    },
    responses: after('The review as it is from now on.', {
      ...example,
      may_review: false,
      barred: 'decided',
      verdict: 'concern',
      note: 'It paid twice what the order cost; the agent never read the order.',
      decided_by: 'user:91bc',
      decided_at: '2026-11-23T09:00:00.000Z',
    }),
    problems: ['not_found', 'not_eligible', 'state_conflict'],
    idempotency: 'stored',
  }),
};
