import { PRINCIPAL_KINDS } from '@writ/kernel';
import { z } from 'zod';
import { id, named, page, pageQuery, principalId, role, scope, time } from './fields';
import { route } from './route';

const roles = z.array(role).max(64).readonly();
const scopes = z.array(scope).min(1).max(64).readonly();

const ApiKey = named(
  'ApiKey',
  z.object({
    id: id('key'),
    label: z.string(),
    principal: z.string(),
    kind: z.enum(PRINCIPAL_KINDS),
    roles,
    scopes,
    created_by: z.string(),
    created_at: time,
    expires_at: time,
    revoked_at: time.nullable(),
    last_used_at: time.nullable(),
  }),
);

const example = {
  id: 'key_01k8x0q3wsf5z8k2m4n6p8r0t7',
  label: 'deploy pipeline',
  principal: 'service:deploys',
  kind: 'service',
  roles: ['operator'],
  scopes: ['run.*', 'workflow.change'],
  created_by: 'user:7f3a',
  created_at: '2026-11-22T09:00:00.000Z',
  expires_at: '2027-02-20T09:00:00.000Z',
  revoked_at: null,
  last_used_at: null,
};

export const Me = named(
  'Me',
  z.object({
    tenant: id('tenant'),
    principal: z.string(),
    kind: z.enum(PRINCIPAL_KINDS),
    roles,
    scopes,
    key: z.object({ id: id('key'), expires_at: time }),
    may: z
      .array(z.string())
      .readonly()
      .describe(
        'Actions that key and policy allow on everything of their kind; single things may be allowed beyond it.',
      ),
  }),
);

export const meExample = {
  tenant: 'ten_01k8x0q3wsf5z8k2m4n6p8r0t5',
  principal: 'service:deploys',
  kind: 'service',
  roles: ['operator'],
  scopes: ['run.*'],
  key: { id: example.id, expires_at: example.expires_at },
  may: ['run.start', 'run.read', 'run.cancel'],
};

export const keyRoutes = {
  listApiKeys: route({
    method: 'GET',
    path: '/v1/api-keys',
    area: 'identity',
    summary: 'List API keys, newest first',
    access: ['key.manage'],
    query: z.strictObject(pageQuery),
    responses: {
      200: {
        description: 'A page of keys. The secret is nowhere kept.',
        schema: page('ApiKeyPage', ApiKey),
        example: { data: [example], has_more: false, next_cursor: null },
      },
    },
    problems: [],
    etag: 'content',
  }),
  createApiKey: route({
    method: 'POST',
    path: '/v1/api-keys',
    area: 'identity',
    summary: 'Create an API key',
    description:
      'The secret is in this answer and never again: a replay of the same idempotency key answers with `secret: null`. Nobody grants scopes they do not hold, nor roles, but whoever may change the policy (`policy.change`): they could give themselves any.',
    access: ['key.manage', 'principal.assert'],
    body: {
      schema: named(
        'CreateApiKey',
        z.strictObject({
          label: z.string().min(1).max(100),
          principal: principalId.exactOptional().describe('Whom the key acts as; the caller itself when absent.'),
          roles: roles.default([]),
          scopes,
          expires_at: time.describe('At most 366 days ahead.'),
        }),
      ),
      example: {
        label: 'deploy pipeline',
        principal: 'service:deploys',
        roles: ['operator'],
        scopes: ['run.*', 'workflow.change'],
        expires_at: '2027-02-20T09:00:00Z',
      },
    },
    responses: {
      201: {
        description: 'The key and, once, its secret.',
        schema: named('CreatedApiKey', z.object({ ...ApiKey.shape, secret: z.string().nullable() })),
        example: { ...example, secret: 'writ_01k8x0q3wsf5z8k2m4n6p8r0t7_…' },
      },
    },
    problems: ['grant_exceeds_holder', 'schema_violation'],
    idempotency: 'redacted',
  }),
  revokeApiKey: route({
    method: 'POST',
    path: '/v1/api-keys/{id}/revoke',
    area: 'identity',
    summary: 'Revoke an API key',
    description: 'Takes effect at once, also for what runs have not committed yet. Revoking twice is the same as once.',
    access: ['key.manage'],
    params: z.strictObject({ id: id('key') }),
    responses: {
      200: {
        description: 'The key is revoked.',
        schema: ApiKey,
        example: { ...example, revoked_at: '2026-11-23T08:00:00.000Z' },
      },
    },
    problems: ['not_found'],
    idempotency: 'stored',
  }),
  getMe: route({
    method: 'GET',
    path: '/v1/me',
    area: 'identity',
    summary: 'Who am I',
    access: 'caller',
    responses: {
      200: {
        description: 'The caller, as this server sees it.',
        schema: Me,
        example: meExample,
      },
    },
    problems: [],
  }),
};
