import { z } from 'zod';
import { id, name, named, page, pageQuery, time } from './fields';
import { route } from './route';

const micros = z.int().min(0).max(Number.MAX_SAFE_INTEGER).describe('Millionths of the currency for a million tokens.');

const Price = named(
  'ModelPrice',
  z.strictObject({
    currency: z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code, such as USD'),
    input_micros: micros,
    output_micros: micros,
    cached_input_micros: micros.exactOptional(),
  }),
);

const version = {
  version: z.int(),
  digest: z.string(),
  price: Price.nullable().describe('Null where nobody said: the cost of a call is then unknown, never 0.'),
  author: z.string(),
  created_at: time,
};

const Model = named(
  'Model',
  z.object({
    name: z.string(),
    ...version,
    vendor_model: z.string().describe('The vendor’s id for it.'),
    protocol: z.string(),
    base_url_env: z.string().describe('The variable that names its address; the address itself is the operator’s.'),
    timeout_ms: z.int(),
    max_attempts: z.int(),
    concurrency: z.int().nullable().describe('Calls at once over all workers; null for no limit.'),
    requests_per_minute: z.number().nullable(),
    agents: z.array(z.string()).readonly().describe('Agents whose newest version uses it.'),
    budgets: z.array(id('budget')).readonly().describe('Budgets that limit it by name.'),
  }),
);

const ModelVersion = named('ModelVersion', z.object(version));
const ModelDetail = named(
  'ModelDetail',
  Model.extend({
    versions: z.array(ModelVersion).readonly().describe('Newest first: what it has cost, and who said so.'),
  }),
);

const price = { currency: 'USD', input_micros: 2_500_000, output_micros: 10_000_000, cached_input_micros: 1_250_000 };
const versionExample = {
  version: 2,
  digest: `sha256:${'5e'.repeat(32)}`,
  price,
  author: 'user:7f3a',
  created_at: '2026-11-22T09:00:00.000Z',
};
const example = {
  name: 'large',
  ...versionExample,
  vendor_model: 'gpt-5.2',
  protocol: 'openai',
  base_url_env: 'OPENAI_BASE_URL',
  timeout_ms: 60_000,
  max_attempts: 4,
  concurrency: 32,
  requests_per_minute: null,
  agents: ['refund_agent'],
  budgets: [],
};
const detail = { ...example, versions: [versionExample] };
const params = z.strictObject({ name });

export const modelRoutes = {
  listModels: route({
    method: 'GET',
    path: '/v1/models',
    area: 'models',
    summary: 'List models with their prices and limits',
    access: ['budget.read'],
    query: z.strictObject(pageQuery),
    responses: {
      200: {
        description: 'A page of models, by name, each in its newest version.',
        schema: page('ModelPage', Model),
        example: { data: [example], has_more: false, next_cursor: null },
      },
    },
    problems: [],
    etag: 'content',
  }),
  getModel: route({
    method: 'GET',
    path: '/v1/models/{name}',
    area: 'models',
    summary: 'Read one model, and what its versions have cost',
    access: ['budget.read'],
    params,
    responses: { 200: { description: 'The model.', schema: ModelDetail, example: detail } },
    problems: ['not_found'],
    etag: 'content',
  }),
  setModelPrice: route({
    method: 'POST',
    path: '/v1/models/{name}/price',
    area: 'models',
    summary: 'Say what a model costs',
    description:
      'Publishes a new version of the model with this price, and nothing else changed. Runs that have started keep the price they were pinned to.',
    access: ['model.change'],
    params,
    body: {
      schema: named('SetModelPrice', z.strictObject({ price: Price.nullable().describe('Null: not known any more.') })),
      example: { price },
    },
    responses: { 200: { description: 'The model as runs find it from now on.', schema: ModelDetail, example: detail } },
    problems: ['not_found', 'schema_violation'],
    idempotency: 'stored',
  }),
};
