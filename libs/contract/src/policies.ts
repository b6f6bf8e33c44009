import { VERDICTS } from '@writ/words';
import { z } from 'zod';
import { digest, id, jsonObject, named, page, pageQuery, time } from './fields';
import { route } from './route';

const type = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/, 'a type: a letter, then letters, digits, _ . -, at most 64');

const ImportPolicy = named(
  'ImportPolicy',
  z.strictObject({
    model: z.string().min(1).max(65_536).describe('A Casbin model: the text of `model.conf`.'),
    policy: z.string().max(1_048_576).describe('A Casbin policy: the text of `policy.csv`.'),
    domain: z
      .string()
      .max(200)
      .exactOptional()
      .describe('Which domain is meant, where the model has domains: each becomes a tenant of its own.'),
    subject_type: type.default('user').describe('What the subjects are called here.'),
    resource_type: type.default('resource').describe('What the objects are called here.'),
    actions: z
      .array(z.string().min(1).max(64))
      .max(500)
      .default([])
      .describe('Actions of the application beside those the policy names.'),
  }),
);

const ImportNote = named(
  'ImportNote',
  z.object({
    line: z.int().nullable().describe('The line of the policy, from 1; null for what is about the model.'),
    kind: z
      .enum(['left_out', 'stricter', 'no_effect', 'noted'])
      .describe(
        '`left_out`: it grants less here than in Casbin. `stricter`: it denies more here. `no_effect`: it changed no answer in Casbin either. `noted`: it means the same, with something to know.',
      ),
    text: z.string(),
    why: z.string(),
  }),
);

const version = {
  digest: z.string(),
  author: z.string().describe('Who first put it in force.'),
  created_at: time,
  active: z.boolean().describe('Whether it is the one in force.'),
};
const PolicyVersion = named('PolicyVersion', z.object(version));
const versionExample = {
  digest: `sha256:${'9c'.repeat(32)}`,
  author: 'user:7f3a',
  created_at: '2026-11-22T09:00:00.000Z',
  active: true,
};

const ComparePolicy = named(
  'ComparePolicy',
  z
    .strictObject({
      bundle: jsonObject.exactOptional().describe('A bundle, as `POST /v1/config/apply` takes it.'),
      digest: digest.exactOptional().describe('Or a policy the tenant had before.'),
      against: digest.exactOptional().describe('What it is compared with; the policy in force unless told.'),
      replay: z
        .int()
        .min(0)
        .max(1000)
        .default(0)
        .describe('How many of the newest decisions of runs are decided again under both.'),
    })
    .refine(({ bundle, digest: one }) => (bundle === undefined) !== (one === undefined), {
      message: 'give a bundle or a digest',
    }),
);

const verdict = z.enum(VERDICTS);

const PolicyDifference = named(
  'PolicyDifference',
  z.object({
    part: z.enum([
      'rule',
      'role',
      'class',
      'condition',
      'obligation',
      'attribute',
      'limit',
      'vocabulary',
      'flow',
      'guardrail',
      'absolute',
      'tier',
    ]),
    name: z.string().describe('Id of the rule, the condition, the guardrail and so on.'),
    change: z.enum(['added', 'removed', 'changed']),
    leads: z
      .enum(['more', 'less', 'either'])
      .describe('Whether anybody may more by it, or less; `either` where that depends on what refers to it.'),
    words: z.string().describe('What it says, or said, in words.'),
    before: z.string().nullable().describe('As it was written.'),
    after: z.string().nullable(),
  }),
);

const PolicyReplay = named(
  'PolicyReplay',
  z
    .object({
      runs: z.int().describe('Runs that were looked at, the newest first.'),
      complete: z
        .boolean()
        .describe('False when there were more decisions than were asked for, or than could be read in time.'),
      replayed: z.int(),
      skipped: z.int().describe('Decisions whose question cannot be had any more.'),
      comparable: z.int().describe('Of those replayed, the ones that were made under the policy compared with.'),
      faithful: z
        .int()
        .describe(
          'Of the comparable, the ones this replay decides as they were: all, unless facts have changed since.',
        ),
      moved: z
        .array(
          z.object({
            id: id('decision'),
            run: id('run').nullable(),
            action: z.string(),
            target: z.string(),
            time,
            before: verdict,
            after: verdict,
            sentence: z.string().describe('What the other policy says to it.'),
          }),
        )
        .readonly()
        .describe('Decisions that would be others, what would be allowed first.'),
    })
    .describe('The newest decisions, decided again. Nothing of it is recorded or done.'),
);

export const policyRoutes = {
  listPolicies: route({
    method: 'GET',
    path: '/v1/policies',
    area: 'policy',
    summary: 'List every policy the tenant ever had, newest first',
    access: ['policy.read'],
    query: z.strictObject(pageQuery),
    responses: {
      200: {
        description: 'A page of policies.',
        schema: page('PolicyPage', PolicyVersion),
        example: { data: [versionExample], has_more: false, next_cursor: null },
      },
    },
    problems: [],
    etag: 'content',
  }),
  getPolicy: route({
    method: 'GET',
    path: '/v1/policies/{digest}',
    area: 'policy',
    summary: 'Read a policy the tenant has or had, as decisions name it',
    access: ['policy.read'],
    params: z.strictObject({ digest }),
    responses: {
      200: {
        description: 'The policy.',
        schema: named('Policy', z.object({ ...version, bundle: jsonObject })),
        example: { ...versionExample, bundle: { rules: '' } },
      },
    },
    problems: ['not_found'],
    etag: 'digest',
  }),
  comparePolicy: route({
    method: 'POST',
    path: '/v1/policies/compare',
    area: 'policy',
    summary: 'Say what another policy would change, in words and by what was decided lately',
    description:
      'Checks a bundle as `POST /v1/config/apply` would and compares it with the policy in force, or an earlier one. With `replay` the newest decisions of runs are decided again under both, which also takes `decision.explain`; stops count for neither. Changes nothing.',
    access: ['policy.read', 'decision.explain'],
    body: { schema: ComparePolicy, example: { digest: `sha256:${'4b'.repeat(32)}`, replay: 200 } },
    responses: {
      200: {
        description: 'What differs.',
        schema: named(
          'PolicyComparison',
          z.object({
            digest: z.string(),
            against: z.string().nullable().describe('Null while no policy is in force.'),
            rules: z.int().describe('Rules in the policy that was given.'),
            changes: z.array(PolicyDifference).readonly().describe('What gives anybody more comes first.'),
            warnings: z
              .array(z.string())
              .readonly()
              .describe(
                'Names in rules that nobody has published; and that the caller could change the policy no more.',
              ),
            replay: PolicyReplay.nullable(),
          }),
        ),
        example: {
          digest: `sha256:${'4b'.repeat(32)}`,
          against: `sha256:${'9c'.repeat(32)}`,
          rules: 41,
          changes: [
            {
              part: 'rule',
              name: 'customers-refund',
              change: 'added',
              leads: 'more',
              words: 'role:customer may tool.invoke tool:refund, if small',
              before: null,
              after: 'p, role:customer, {tenant}, tool:refund, tool.invoke, small, allow, , customers-refund',
            },
          ],
          warnings: [],
          replay: {
            runs: 12,
            complete: true,
            replayed: 96,
            skipped: 0,
            comparable: 96,
            faithful: 96,
            moved: [
              {
                id: 'dec_01k8x0q3wsf5z8k2m4n6p8r0t3',
                run: 'run_01k8x0q3wsf5z8k2m4n6p8r0t2',
                action: 'tool.invoke',
                target: 'refund',
                time: '2026-11-22T09:00:00.000Z',
                before: 'deny',
                after: 'allow',
                sentence: 'Allowed: customers-refund for user:ann.',
              },
            ],
          },
        },
      },
    },
    problems: ['not_found', 'schema_violation'],
    idempotency: 'none',
  }),
  importPolicy: route({
    method: 'POST',
    path: '/v1/policies/import',
    area: 'policy',
    summary: 'Carry a Casbin model and policy over into a bundle, with what could not be carried over',
    description:
      'Changes nothing: the bundle is for `POST /v1/config/apply`, once somebody has read it. What has no exact counterpart here is written so that nothing is allowed that Casbin denies, and is reported line by line. What has no counterpart at all is refused.',
    access: ['policy.change'],
    body: {
      schema: ImportPolicy,
      example: {
        model:
          '[request_definition]\nr = sub, obj, act\n[policy_definition]\np = sub, obj, act\n[policy_effect]\ne = some(where (p.eft == allow))\n[matchers]\nm = r.sub == p.sub && r.obj == p.obj && r.act == p.act\n',
        policy: 'p, alice, data1, read\n',
      },
    },
    responses: {
      200: {
        description: 'The bundle, and notes on what differs.',
        schema: named(
          'ImportedPolicy',
          z.object({
            bundle: jsonObject,
            rules: z.int().describe('Rules in the bundle.'),
            exact: z.boolean().describe('True when nothing was left out and nothing became stricter.'),
            notes: z.array(ImportNote).readonly(),
          }),
        ),
        example: {
          bundle: { rules: 'p, user:alice, {tenant}, resource:data1, read, , allow' },
          rules: 1,
          exact: true,
          notes: [],
        },
      },
    },
    problems: ['schema_violation'],
    idempotency: 'none',
  }),
};
