import { z } from 'zod';
import { jsonObject, named } from './fields';
import { route } from './route';

/*
 * OpenID AuthZEN Authorization API 1.0. Here alone unknown fields of a request are ignored and errors are plain texts:
 * enforcement points of other makers call it, and the standard has the last word on its shapes.
 */

const type = z.string().min(1).max(64);
const entityId = z.string().min(1).max(512);
const properties = jsonObject.describe('Where the directory knows the same property, the directory counts.');

export const Subject = named('AccessSubject', z.object({ type, id: entityId, properties: properties.exactOptional() }));
export const Resource = named(
  'AccessResource',
  z.object({ type, id: entityId, properties: properties.exactOptional() }),
);
export const Action = named(
  'AccessAction',
  z.object({ name: z.string().min(1).max(64), properties: jsonObject.exactOptional() }),
);
export const context = jsonObject.describe('Read by conditions as `context./pointer`.');

/** One question: may this subject do this to that? */
const AccessEvaluation = named(
  'AccessEvaluation',
  z.object({ subject: Subject, action: Action, resource: Resource, context: context.exactOptional() }),
);

const SEMANTICS = ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'] as const;

const AccessEvaluations = named(
  'AccessEvaluations',
  z
    .object({
      subject: jsonObject.exactOptional(),
      action: jsonObject.exactOptional(),
      resource: jsonObject.exactOptional(),
      context: context.exactOptional(),
      evaluations: z
        .array(jsonObject)
        .max(100)
        .exactOptional()
        .describe(
          'Each with what differs from the members beside this list; without it, or empty, these are the question.',
        ),
      options: z
        .object({ evaluations_semantic: z.enum(SEMANTICS).default('execute_all') })
        .default({ evaluations_semantic: 'execute_all' }),
    })
    .superRefine((body, ctx) => {
      if (body.evaluations !== undefined && body.evaluations.length > 0) return;
      for (const issue of AccessEvaluation.safeParse(body, { reportInput: true }).error?.issues ?? []) {
        ctx.addIssue({ code: 'custom', message: issue.message, path: issue.path });
      }
    }),
);

const AccessDecision = named(
  'AccessDecision',
  z.object({
    decision: z.boolean(),
    context: jsonObject
      .exactOptional()
      .describe(
        '`evaluation_id`, `evaluated_at`, `reason` (a stable code), `reason_user`, `policy_version`; `obligations` where they were asked for; `access_request` where people can be asked, and `approval`, `next_action`, `retry_after` where one was presented (draft); `reason_admin` and `rules` for callers with `decision.explain`; `error` where the question itself is no question.',
      ),
  }),
);

const AccessDecisions = named(
  'AccessDecisions',
  z.object({
    decision: z.boolean().exactOptional(),
    context: jsonObject.exactOptional(),
    evaluations: z.array(AccessDecision).readonly().exactOptional().describe('In the order asked.'),
  }),
);

const pageAsked = z
  .object({
    token: z.string().max(4000).exactOptional().describe('`page.next_token` of the page before.'),
    next_token: z.string().max(4000).exactOptional().describe('Another name of `token`.'),
    limit: z.int().min(0).exactOptional().describe('50 unless told; at most 200 are given.'),
  })
  .exactOptional();

const pageGiven = z.object({
  next_token: z.string().describe('Empty at the end. A page may be empty and not be the last.'),
  count: z.int().min(0),
});

const searched = <S extends z.ZodType>(id: string, item: S) =>
  named(id, z.object({ results: z.array(item).readonly(), page: pageGiven }));

const Found = z.object({ type: z.string(), id: z.string() });
const anyOf = z.object({ type, properties: jsonObject.exactOptional() });

const SubjectSearch = named(
  'AccessSubjectSearch',
  z.object({ subject: anyOf, action: Action, resource: Resource, context: context.exactOptional(), page: pageAsked }),
);
const ResourceSearch = named(
  'AccessResourceSearch',
  z.object({ subject: Subject, action: Action, resource: anyOf, context: context.exactOptional(), page: pageAsked }),
);
const ActionSearch = named(
  'AccessActionSearch',
  z.object({ subject: Subject, resource: Resource, context: context.exactOptional(), page: pageAsked }),
);

export const url = z.string();
const Metadata = named(
  'AccessMetadata',
  z.object({
    policy_decision_point: url,
    issuer: url.describe('Its name in earlier drafts.'),
    access_evaluation_endpoint: url,
    access_evaluations_endpoint: url,
    search_subject_endpoint: url,
    search_resource_endpoint: url,
    search_action_endpoint: url,
    obligations_supported: z.array(z.string()).readonly(),
    access_request_endpoint: url.exactOptional().describe('Where access requests are switched on (draft).'),
    capabilities: z.array(z.string()).readonly().exactOptional(),
  }),
);

export const subject = { type: 'user', id: 'ann' };
export const resource = { type: 'record', id: '101', properties: { owner: 'ann' } };
export const decided = {
  evaluation_id: 'dec_01k8x0q3wsf5z8k2m4n6p8r0t4',
  evaluated_at: '2026-11-23T10:15:30.000Z',
  reason: 'allowed',
  policy_version: `sha256:${'9c'.repeat(32)}`,
};
export const base = 'https://writ.example.com';
const metadata = {
  policy_decision_point: base,
  issuer: base,
  access_evaluation_endpoint: `${base}/access/v1/evaluation`,
  access_evaluations_endpoint: `${base}/access/v1/evaluations`,
  search_subject_endpoint: `${base}/access/v1/search/subject`,
  search_resource_endpoint: `${base}/access/v1/search/resource`,
  search_action_endpoint: `${base}/access/v1/search/action`,
  obligations_supported: ['custom'],
};

const shared = {
  method: 'POST',
  area: 'access',
  access: ['decision.evaluate'],
  problems: [],
  idempotency: 'none',
  plainErrors: true,
} as const;

const searchProblems = ['invalid_cursor', 'cursor_mismatch'] as const;

export const accessRoutes = {
  evaluateAccess: route({
    ...shared,
    path: '/access/v1/evaluation',
    summary: 'Decide whether a subject may do something in an application',
    description:
      'AuthZEN access evaluation. A denial is an answer (200), and so is a word that the vocabulary of the policy does not have. Every answer is evidence.',
    body: { schema: AccessEvaluation, example: { subject, action: { name: 'view' }, resource } },
    responses: {
      200: {
        description: 'What was decided.',
        schema: AccessDecision,
        example: { decision: true, context: decided },
      },
    },
  }),
  evaluateAccesses: route({
    ...shared,
    path: '/access/v1/evaluations',
    summary: 'Decide up to a hundred such questions at once',
    description:
      'AuthZEN access evaluations, with `options.evaluations_semantic`: all of them, up to the first denial, or up to the first permit. A question that lacks something is answered `false` with an `error`; the others stand.',
    body: {
      schema: AccessEvaluations,
      example: {
        subject,
        action: { name: 'view' },
        evaluations: [{ resource }, { resource: { type: 'record', id: '102' } }],
      },
    },
    responses: {
      200: {
        description: 'What was decided, in the order asked.',
        schema: AccessDecisions,
        example: {
          evaluations: [
            { decision: true, context: decided },
            { decision: false, context: { ...decided, reason: 'initiator_not_granted' } },
          ],
        },
      },
    },
  }),
  searchSubjects: route({
    ...shared,
    path: '/access/v1/search/subject',
    summary: 'Find the subjects of a type that may do something to a resource',
    description: 'Among those the directory knows, in order of their ids.',
    problems: searchProblems,
    body: {
      schema: SubjectSearch,
      example: { subject: { type: 'user' }, action: { name: 'view' }, resource: { type: 'record', id: '101' } },
    },
    responses: {
      200: {
        description: 'A page of them.',
        schema: searched('AccessSubjects', Found),
        example: { results: [subject], page: { next_token: '', count: 1 } },
      },
    },
  }),
  searchResources: route({
    ...shared,
    path: '/access/v1/search/resource',
    summary: 'Find the resources of a type to which a subject may do something',
    description: 'Among those the directory knows, in order of their ids.',
    problems: searchProblems,
    body: { schema: ResourceSearch, example: { subject, action: { name: 'view' }, resource: { type: 'record' } } },
    responses: {
      200: {
        description: 'A page of them.',
        schema: searched('AccessResources', Found),
        example: { results: [{ type: 'record', id: '101' }], page: { next_token: '', count: 1 } },
      },
    },
  }),
  searchActions: route({
    ...shared,
    path: '/access/v1/search/action',
    summary: 'Find what a subject may do to a resource',
    description: 'Among the actions of the vocabulary, in its order.',
    problems: searchProblems,
    body: { schema: ActionSearch, example: { subject, resource: { type: 'record', id: '101' } } },
    responses: {
      200: {
        description: 'A page of them.',
        schema: searched('AccessActions', z.object({ name: z.string() })),
        example: { results: [{ name: 'view' }], page: { next_token: '', count: 1 } },
      },
    },
  }),
  getAccessMetadata: route({
    method: 'GET',
    path: '/.well-known/authzen-configuration',
    area: 'access',
    summary: 'Where this decision point answers, and what it can do',
    access: 'public',
    responses: { 200: { description: 'AuthZEN metadata.', schema: Metadata, example: metadata } },
    problems: [],
  }),
  getTenantAccessMetadata: route({
    method: 'GET',
    path: '/.well-known/authzen-configuration/{tenant}',
    area: 'access',
    summary: 'The same for one tenant',
    description:
      'Whose questions are answered follows from the credential; whether there is such a tenant is not told.',
    access: 'public',
    params: z.strictObject({ tenant: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, 'a tenant') }),
    responses: {
      200: {
        description: 'AuthZEN metadata of the tenant.',
        schema: Metadata,
        example: { ...metadata, policy_decision_point: `${base}/ten_1`, issuer: `${base}/ten_1` },
      },
    },
    problems: [],
  }),
};
