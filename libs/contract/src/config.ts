import { z } from 'zod';
import { digest, jsonObject, name, named, page, pageQuery, time } from './fields';
import { route } from './route';

const Published = named(
  'PublishedDefinition',
  z.object({
    kind: z.string(),
    name,
    version: z.int(),
    digest,
    changed: z.boolean().describe('False when this very definition was the newest already.'),
  }),
);

const ApplyConfig = named(
  'ApplyConfig',
  z
    .strictObject({
      documents: z.array(jsonObject).max(1000).default([]).describe('Definitions, published together or not at all.'),
      policy: z
        .strictObject({ bundle: jsonObject.describe('A policy bundle, as `GET /v1/policies/active` shows it.') })
        .exactOptional(),
      dry_run: z.boolean().default(false).describe('Check and compare everything, change nothing.'),
    })
    .refine((config) => config.documents.length > 0 || config.policy !== undefined, {
      message: 'nothing to apply: give documents, a policy, or both',
    }),
);

const digestExample = `sha256:${'9c'.repeat(32)}`;

export const configRoutes = {
  applyConfig: route({
    method: 'POST',
    path: '/v1/config/apply',
    area: 'config',
    summary: 'Publish definitions and activate a policy, in one transaction',
    description:
      'Each document is decided on its own (`agent.change`, `tool.change`, `model.change`, `workflow.change`), a policy as `policy.change`. A policy is only replaced with the `If-Match` of the one that is active.',
    access: ['agent.change', 'tool.change', 'model.change', 'workflow.change', 'policy.change'],
    body: {
      schema: ApplyConfig,
      example: {
        documents: [{ kind: 'model', name: 'default', model: 'gpt-4o-mini' }],
        dry_run: true,
      },
    },
    responses: {
      200: {
        description: 'What was applied, or with `dry_run` would be.',
        schema: named(
          'AppliedConfig',
          z.object({
            dry_run: z.boolean(),
            documents: z.array(Published).readonly(),
            policy: z
              .object({
                digest: z.string(),
                changed: z.boolean(),
                warnings: z
                  .array(z.string())
                  .readonly()
                  .describe('Names in rules that nobody has published: a rule may be there first, or be misspelled.'),
              })
              .nullable(),
          }),
        ),
        example: {
          dry_run: true,
          documents: [{ kind: 'model', name: 'default', version: 1, digest: digestExample, changed: true }],
          policy: null,
        },
      },
    },
    problems: ['schema_violation', 'precondition_required', 'version_mismatch'],
    idempotency: 'stored',
    ifMatch: true,
  }),
  listWorkflows: route({
    method: 'GET',
    path: '/v1/workflows',
    area: 'config',
    summary: 'List the newest version of each workflow, by name',
    access: ['run.read'],
    query: z.strictObject(pageQuery),
    responses: {
      200: {
        description: 'A page of workflows.',
        schema: page(
          'WorkflowPage',
          named(
            'Workflow',
            z.object({
              name,
              version: z.int(),
              digest,
              owner: z.string(),
              purpose: z.string(),
              input: jsonObject.describe('JSON Schema of what a run takes.'),
              author: z.string(),
              created_at: time,
            }),
          ),
        ),
        example: {
          data: [
            {
              name: 'refund_order',
              version: 3,
              digest: digestExample,
              owner: 'team:payments',
              purpose: 'Refund orders that qualify.',
              input: { type: 'object' },
              author: 'service:deploys',
              created_at: '2026-11-22T09:00:00.000Z',
            },
          ],
          has_more: false,
          next_cursor: null,
        },
      },
    },
    problems: [],
    etag: 'content',
  }),
  getActivePolicy: route({
    method: 'GET',
    path: '/v1/policies/active',
    area: 'policy',
    summary: 'Read the policy in force',
    access: ['policy.read'],
    responses: {
      200: {
        description: 'The active policy; its `ETag` is what `If-Match` takes.',
        schema: named(
          'ActivePolicy',
          z.object({
            digest: z.string().describe('Of the bundle: what its author wrote.'),
            in_force: z
              .string()
              .describe(
                'What decisions name: the bundle with the guardrails of the platform; the same where there are none.',
              ),
            activated_at: time,
            activated_by: z.string(),
            bundle: jsonObject,
          }),
        ),
        example: {
          digest: digestExample,
          in_force: digestExample,
          activated_at: '2026-11-22T09:00:00.000Z',
          activated_by: 'user:7f3a',
          bundle: { rules: [] },
        },
      },
    },
    problems: ['not_found'],
    etag: 'digest',
  }),
};
