import { z } from 'zod';
import { jsonObject, named } from './fields';
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

export const policyRoutes = {
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
