import type { JsonObject } from '@writ/kernel';
import { z } from 'zod';
import { components } from './fields';
import { type Problem, type ProblemCode, problemPath, PROBLEMS } from './problems';
import { problemCodes, type Route } from './route';

type Mutable = { [key: string]: unknown };

const CODES = Object.keys(PROBLEMS) as ProblemCode[];
const COMPONENT = '#/components/schemas/';
const convert = { target: 'draft-2020-12', io: 'input', metadata: components } as const;

const REQUEST_HEADERS: { readonly [name: string]: string } = {
  'X-Request-ID': 'Echoed in the answer and in evidence; made up when absent.',
  traceparent: 'W3C trace context; the answer carries the one this request ran under.',
};

/** A named schema becomes a reference, any other stands where it is used. */
function schemaOf(schema: z.ZodType): Mutable {
  const name = components.get(schema)?.id;
  if (name !== undefined) return { $ref: `${COMPONENT}${name}` };
  const text = JSON.stringify(z.toJSONSchema(schema, convert)).replaceAll('"#/$defs/', `"${COMPONENT}`);
  const { $schema, $defs, ...rest } = JSON.parse(text) as Mutable;
  void [$schema, $defs];
  return rest;
}

function componentSchemas(): Mutable {
  const { schemas } = z.toJSONSchema(components, { ...convert, uri: (name) => `${COMPONENT}${name}` });
  const named: Mutable = {};
  for (const [name, schema] of Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { $schema, $id, ...rest } = schema as Mutable;
    void [$schema, $id];
    named[name] = rest;
  }
  return named;
}

function parameters(route: Route): Mutable[] {
  const list: Mutable[] = [];
  for (const [place, object] of [
    ['path', route.params],
    ['query', route.query],
  ] as const) {
    for (const [name, field] of Object.entries(object?.shape ?? {}) as [string, z.ZodType][]) {
      const { description, ...schema } = schemaOf(field);
      const required = place === 'path' || !field.safeParse(undefined).success;
      list.push({ name, in: place, required, ...(description === undefined ? {} : { description }), schema });
    }
  }
  const header = (name: string, description: string, required = false): void => {
    list.push({ name, in: 'header', required, description, schema: { type: 'string' } });
  };
  for (const [name, description] of Object.entries(REQUEST_HEADERS)) header(name, description);
  if (route.idempotency && route.idempotency !== 'none')
    header('Idempotency-Key', IDEMPOTENCY_NOTES[route.idempotency]);
  if (route.stream) header('Last-Event-ID', 'On reconnection: the id of the last event that arrived.');
  if (route.etag) header('If-None-Match', 'An `ETag` already held; answered 304 while it is current.');
  if (route.ifMatch) header('If-Match', 'The `ETag` of the version that is replaced.');
  return list;
}

const IDEMPOTENCY_NOTES = {
  stored: 'At most 255 characters. Per tenant, principal and route, for 24 hours: a repeat gets the first answer.',
  redacted: 'At most 255 characters. A repeat within 24 hours gets the first answer, without its secret.',
  own: 'At most 255 characters. Kept as long as what it created: a repeat gets the first answer.',
} as const;

const text = (description: string): Mutable => ({ schema: { type: 'string' }, description });

const HEADERS = {
  'X-Request-ID': text('Names this request in logs and evidence.'),
  traceparent: text('W3C trace context of this request.'),
  ETag: text('Version of what was answered.'),
  Link: text('`rel="next"` while there is more.'),
  'Idempotency-Replayed': text('`true` when this is the first request’s answer.'),
  Location: text('Path of what was created.'),
};

const headers = (...names: (keyof typeof HEADERS)[]): Mutable =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

const EVERY_RESPONSE = headers('X-Request-ID', 'traceparent');

function successHeaders(route: Route): Mutable {
  return {
    ...EVERY_RESPONSE,
    ...(route.etag ? headers('ETag') : {}),
    ...(route.query && 'cursor' in route.query.shape ? headers('Link') : {}),
    ...(route.idempotency && route.idempotency !== 'none' ? headers('Idempotency-Replayed') : {}),
    ...(route.location ? headers('Location') : {}),
  };
}

const PLAIN = 'What is wrong, to whoever does not accept `application/problem+json`.';

function problemResponses(codes: readonly ProblemCode[], plain: boolean): Mutable {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codes) {
    const status = PROBLEMS[code].status;
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const responses: Mutable = {};
  for (const [status, list] of byStatus) {
    responses[status] = {
      description: list.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
      headers: EVERY_RESPONSE,
      content: {
        'application/problem+json': {
          schema: { $ref: `${COMPONENT}Problem` },
          examples: Object.fromEntries(list.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
        },
        ...(plain && { 'text/plain': { schema: { type: 'string', description: PLAIN } } }),
      },
    };
  }
  return responses;
}

/** A problem as it may look, for documents and tests. */
function problemExample(code: ProblemCode): Problem {
  const { status, title, retryable, meaning } = PROBLEMS[code];
  return {
    type: problemPath(code),
    title,
    status,
    detail: meaning,
    instance: '/v1/…',
    code,
    request_id: 'req_01k8x0q3wsf5z8k2m4n6p8r0t9',
    trace_id: null,
    retryable,
    errors: [],
    next_actions: [],
    doc_url: problemPath(code),
  };
}

/** Server-sent events (WHATWG HTML §9.2); OpenAPI 3.1 has no words for their parts, so a sentence has to do. */
function eventStream({ stream }: Route): Mutable {
  if (!stream) return {};
  const description = `Each event has as \`data\` one item of the list in JSON; \`id\`: ${stream.id}; \`event\`: ${stream.event}. The last one is \`stream.end\` with a StreamEnd. A comment is sent every 15 s.`;
  return { 'text/event-stream': { schema: { type: 'string', description } } };
}

function operation(operationId: string, route: Route): Mutable {
  const codes = problemCodes(route);
  const success: Mutable = {};
  for (const [status, outcome] of Object.entries(route.responses)) {
    success[status] = {
      description: outcome.description,
      headers: Number(status) < 300 ? successHeaders(route) : EVERY_RESPONSE,
      content: {
        [outcome.media ?? 'application/json']: { schema: schemaOf(outcome.schema), example: outcome.example },
        ...(outcome.also && {
          [outcome.also.media]: { schema: { type: 'string', description: outcome.also.description } },
        }),
        ...eventStream(route),
      },
    };
  }
  if (route.etag) success[304] = { description: 'What is held is still current.', headers: EVERY_RESPONSE };
  const problems = problemResponses(
    codes.filter((code) => !(PROBLEMS[code].status in route.responses)),
    route.plainErrors === true,
  );
  return {
    operationId,
    tags: [route.area],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    security: route.access === 'public' ? [] : [{ api_key: [] }, { session: [] }],
    'x-policy-actions': typeof route.access === 'string' ? [] : route.access,
    'x-problem-codes': codes,
    parameters: parameters(route),
    ...(route.body
      ? {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(route.body.schema), example: route.body.example } },
          },
        }
      : {}),
    responses: { ...success, ...problems },
  };
}

/** The OpenAPI 3.1 document of a route table; pure, so the committed file and the served one cannot differ. */
export function openApiDocument(routes: { readonly [operationId: string]: Route }, version: string): JsonObject {
  const paths: { [path: string]: Mutable } = {};
  for (const [operationId, route] of Object.entries(routes)) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(operationId, route);
  }
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'Writ',
      version,
      description:
        'A governed control plane for LLM agents. Unknown request fields are refused; ignore unknown answer fields.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(Object.values(routes).map((route) => route.area))].map((name) => ({ name })),
    paths,
    components: {
      schemas: componentSchemas(),
      headers: HEADERS,
      examples: Object.fromEntries(CODES.map((code) => [code, { value: problemExample(code) }])),
      securitySchemes: {
        api_key: { type: 'http', scheme: 'bearer', description: 'An API key: `writ_<id>_<secret>`.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'writ_session',
          description: 'For browsers, from POST /v1/session. Writes also carry `X-CSRF-Token`.',
        },
      },
    },
    'x-problems': PROBLEMS,
  };
  // Through JSON once: what is returned is plain data, shared with nobody.
  return JSON.parse(JSON.stringify(document)) as JsonObject;
}
