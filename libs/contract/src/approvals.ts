import { APPROVAL_STATUSES } from '@writ/words';
import { z } from 'zod';
import { digest, id, json, jsonObject, named, page, pageQuery, time } from './fields';
import { route } from './route';
import { filter } from './search';

const ApprovalStatus = named(
  'ApprovalStatus',
  z
    .enum(APPROVAL_STATUSES)
    .describe(
      '`approved`: granted and not used yet; `withdrawn`: `reason` says why; `replaced`: the arguments were edited.',
    ),
);

const Requirement = named(
  'ApprovalRequirement',
  z.object({
    obligation: z.string().describe('Id of the obligation in the policy.'),
    of: z.int().describe('How many different people it takes.'),
    by: z.array(z.string()).readonly().describe('Who counts towards it, of those who are eligible now.'),
    roles: z
      .array(z.string())
      .readonly()
      .describe('Holders of any of these; empty for all whom the policy lets decide.'),
    escalates_to: z.array(z.string()).readonly().describe('Roles that count as well from `escalates_at` on.'),
    initiator: z.boolean().describe('Only the one the act is for meets it, by saying yes to it.'),
    proof_within_ms: z
      .int()
      .nullable()
      .describe(
        'How old a proof of who says yes may be when the act is done (`POST /v1/identity/proofs`); null: none is needed.',
      ),
  }),
);

const Vote = named(
  'ApprovalVote',
  z.object({
    voter: z.string(),
    verdict: z.enum(['approve', 'reject', 'comment']),
    comment: z.string(),
    decision: id('decision').describe('The decision that let them.'),
    time,
  }),
);

const Approval = named(
  'Approval',
  z
    .object({
      id: id('approval'),
      run: id('run').nullable().describe('Null for access to a thing of an application (AuthZEN).'),
      workflow: z.string(),
      path: z.string().describe('Node of the workflow that waits; empty for the root.'),
      status: ApprovalStatus,
      reason: z.string().nullable().describe('Why it was withdrawn, or how it expired.'),
      sentence: z.string().describe('What is asked, in one sentence.'),
      why: z.string().describe('Why the policy asks, in one sentence.'),
      rules: z
        .array(z.object({ rid: z.string(), words: z.string(), line: z.string(), condition: json.nullable() }))
        .readonly()
        .describe('The rules that ask.'),
      action: z.string(),
      target: z.string().describe('What is called: a tool, a model, an agent.'),
      resource: z.object({ type: z.string(), id: z.string() }).nullable(),
      initiator: z.string().describe('Whom the act is for.'),
      agent: z.string().nullable().describe('Who wants to act; null for the workflow itself.'),
      chain: z.array(z.string()).readonly().describe('Agents from the first to the one acting.'),
      args: jsonObject,
      args_digest: digest,
      definition_digest: z.string(),
      chain_digest: digest,
      basis: digest.describe('Digest of the rules and obligations the question rests on.'),
      policy: z.string().describe('Digest of the policy it was asked under.'),
      decision: id('decision').describe('The decision that asked.'),
      requirements: z.array(Requirement).readonly(),
      votes: z.array(Vote).readonly(),
      editable: z.boolean(),
      comment_required: z.boolean(),
      may_decide: z.boolean().describe('Whether you may.'),
      barred: z
        .enum([
          'not_a_person',
          'is_requester',
          'in_chain',
          'wrote_the_rule',
          'not_the_initiator',
          'lacks_role',
          'decided',
        ])
        .nullable()
        .describe('Why you may not; `decided`: you have.'),
      in_place_of: z
        .array(z.string())
        .readonly()
        .describe('Those who are away and by whose right alone you may; empty where it is your own.'),
      requested_at: time,
      expires_at: time,
      escalates_at: time.nullable(),
      escalated_at: time.nullable(),
      resolved_at: time.nullable(),
      resolved_by: z.string().nullable(),
      access: z
        .object({
          enforcer: z.string().describe('Who asked, for its application.'),
          reason: z.string().describe('Why, as it says.'),
          requested_until: time.nullable(),
          good_until: time.nullable().describe('Of a granted one: evaluations are allowed by it until then.'),
        })
        .nullable()
        .describe('Of a request for access to a thing of an application.'),
      used_at: time.nullable().describe('When the act it was for was put on record.'),
      replaced_by: id('approval').nullable(),
      edit_of: id('approval').nullable(),
      edited_by: z.string().nullable(),
      original_args: jsonObject.nullable().describe('Of an edited request: what the run asked with.'),
    })
    .describe('A request to people: what is asked, why, who may decide, and what they said.'),
);

const Voted = named(
  'ApprovalAnswer',
  z.object({
    approval: id('approval').describe('After an edit: the request with the new arguments.'),
    status: ApprovalStatus,
    counted: z.boolean().describe('False when the answer was there before.'),
    resolved_by: z.string().nullable(),
  }),
);

const hex = (digit: string): string => `sha256:${digit.repeat(32)}`;

const approvalExample = {
  id: 'apr_01k8x0q3wsf5z8k2m4n6p8r0t7',
  run: 'run_01k8x0q3wsf5z8k2m4n6p8r0t2',
  workflow: 'refund_order',
  path: '',
  status: 'pending',
  reason: null,
  sentence: 'refund_agent wants to call refund on order W1001 for user:7f3a',
  why: 'Approval required: by rule large-refund for initiator user:7f3a.',
  rules: [
    {
      rid: 'large-refund',
      words: 'role:customer may tool.invoke tool:refund, when large, after ask_payments',
      line: 'p, role:customer, {tenant}, tool:refund, tool.invoke, large, allow, ask_payments, large-refund',
      condition: { amount: { of: 'args./amount', at_least: '500.00' } },
    },
  ],
  action: 'tool.invoke',
  target: 'refund',
  resource: { type: 'order', id: 'W1001' },
  initiator: 'user:7f3a',
  agent: 'refund_agent',
  chain: ['refund_agent'],
  args: { order: 'W1001', amount: '640.00' },
  args_digest: hex('1a'),
  definition_digest: hex('2b'),
  chain_digest: hex('3c'),
  basis: hex('4d'),
  policy: hex('9c'),
  decision: 'dec_01k8x0q3wsf5z8k2m4n6p8r0t3',
  requirements: [
    {
      obligation: 'ask_payments',
      of: 1,
      by: [],
      roles: ['payments'],
      escalates_to: [],
      initiator: false,
      proof_within_ms: null,
    },
  ],
  votes: [],
  editable: true,
  comment_required: false,
  may_decide: true,
  barred: null,
  in_place_of: [],
  requested_at: '2026-11-22T09:30:01.120Z',
  expires_at: '2026-11-23T09:30:01.120Z',
  escalates_at: null,
  escalated_at: null,
  resolved_at: null,
  resolved_by: null,
  access: null,
  used_at: null,
  replaced_by: null,
  edit_of: null,
  edited_by: null,
  original_args: null,
} as const;

const params = z.strictObject({ id: id('approval') });
const comment = z.string().max(2000).default('').describe('Why; some policies require it.');
const answered = (description: string) => ({
  200: {
    description,
    schema: Voted,
    example: { approval: approvalExample.id, status: 'approved', counted: true, resolved_by: 'user:91bc' },
  },
});
const SAYS = named('SayOnApproval', z.strictObject({ comment }));
const problems = ['not_found', 'state_conflict', 'not_eligible', 'comment_required', 'stop_active'] as const;
const yesProblems = [...problems, 'proof_required'] as const;

export const approvalRoutes = {
  listApprovals: route({
    method: 'GET',
    path: '/v1/approvals',
    area: 'approvals',
    summary: 'Search what people are, and were, asked',
    description:
      'With `waiting_on=me` only what you may decide about and have not; such a page may be short of `limit`. Whoever may not read them all is shown what they are asked because it is for them.',
    access: ['approval.read'],
    query: z.strictObject({
      ...pageQuery,
      filter: filter('approvals'),
      waiting_on: z.enum(['me', 'anybody']).default('anybody'),
      sort: z.enum(['expires', '-requested', 'requested', '-resolved']).default('expires'),
    }),
    responses: {
      200: {
        description: 'A page of requests.',
        schema: page('ApprovalPage', Approval),
        example: { data: [approvalExample], has_more: false, next_cursor: null },
      },
    },
    problems: [],
    etag: 'content',
  }),
  countApprovals: route({
    method: 'GET',
    path: '/v1/approvals/count',
    area: 'approvals',
    summary: 'How much waits for you',
    access: 'caller',
    responses: {
      200: {
        description: 'The number, up to 100.',
        schema: named('ApprovalCount', z.object({ waiting_on_me: z.int(), at_least: z.boolean() })),
        example: { waiting_on_me: 3, at_least: false },
      },
    },
    problems: [],
  }),
  getApproval: route({
    method: 'GET',
    path: '/v1/approvals/{id}',
    area: 'approvals',
    summary: 'Read one request',
    access: ['approval.read'],
    params,
    responses: { 200: { description: 'The request as it stands.', schema: Approval, example: approvalExample } },
    problems: ['not_found'],
    etag: 'content',
  }),
  approve: route({
    method: 'POST',
    path: '/v1/approvals/{id}/approve',
    area: 'approvals',
    summary: 'Vote for it',
    description:
      'The vote that completes the quorum settles the request; everybody after it is told the answer. The act is decided again before it happens.',
    access: ['approval.decide'],
    params,
    body: { schema: SAYS, example: { comment: 'Checked with the customer.' } },
    responses: answered('The vote, and how the request stands.'),
    problems: yesProblems,
    idempotency: 'stored',
  }),
  reject: route({
    method: 'POST',
    path: '/v1/approvals/{id}/reject',
    area: 'approvals',
    summary: 'Reject it',
    description: 'One rejection settles the request, whoever voted for it.',
    access: ['approval.decide'],
    params,
    body: { schema: SAYS, example: { comment: 'The amount is wrong.' } },
    responses: answered('The request is rejected.'),
    problems,
    idempotency: 'stored',
  }),
  revokeApproval: route({
    method: 'POST',
    path: '/v1/approvals/{id}/revoke',
    area: 'approvals',
    summary: 'Take back what was granted and not used up',
    description:
      'The act it was for needs another approval; access it gave to an application ends. Whoever may decide about such requests may.',
    access: ['approval.decide'],
    params,
    body: { schema: SAYS, example: { comment: 'The customer withdrew.' } },
    responses: {
      200: {
        description: 'It is withdrawn.',
        schema: Voted,
        example: { approval: approvalExample.id, status: 'withdrawn', counted: true, resolved_by: 'user:91bc' },
      },
    },
    problems: ['not_found', 'state_conflict', 'stop_active'],
    idempotency: 'stored',
  }),
  commentApproval: route({
    method: 'POST',
    path: '/v1/approvals/{id}/comment',
    area: 'approvals',
    summary: 'Say something without deciding',
    access: ['approval.decide'],
    params,
    body: {
      schema: named('CommentOnApproval', z.strictObject({ comment: z.string().min(1).max(2000) })),
      example: { comment: 'Does the customer know?' },
    },
    responses: answered('The comment is kept.'),
    problems: ['not_found', 'stop_active'],
    idempotency: 'stored',
  }),
  editApproval: route({
    method: 'POST',
    path: '/v1/approvals/{id}/edit',
    area: 'approvals',
    summary: 'Approve it with other arguments',
    description:
      'The new arguments are checked against the tool’s schema and decided again; they are a request of their own, which this is the first vote for. The agent is told of the edit.',
    access: ['approval.decide'],
    params,
    body: {
      schema: named('EditApproval', z.strictObject({ args: jsonObject, comment })),
      example: { args: { order: 'W1001', amount: '600.00' }, comment: 'Shipping is not refunded.' },
    },
    responses: answered('The new request, and how it stands.'),
    problems: [...yesProblems, 'not_editable', 'schema_violation'],
    idempotency: 'stored',
  }),
};
