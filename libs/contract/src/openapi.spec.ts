import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { openApiDocument, problemCodes, PROBLEMS, type Route, ROUTES, successStatus } from './index';

const COMMITTED = join(__dirname, '../openapi.json');
const document = openApiDocument(ROUTES, '1');
const routes: [string, Route][] = Object.entries(ROUTES);

/** Every `$ref` below a value, wherever it stands. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    key === '$ref' && typeof member === 'string' ? [member] : references(member),
  );
}

function resolve(reference: string): unknown {
  if (!reference.startsWith('#/')) return undefined;
  return reference
    .slice(2)
    .split('/')
    .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
}

describe('the OpenAPI document', () => {
  it('is the committed one', () => {
    // WRIT_WRITE_OPENAPI=1 rewrites the file, so that a change of the API is a diff somebody reviews.
    if (process.env['WRIT_WRITE_OPENAPI'] === '1') writeFileSync(COMMITTED, `${JSON.stringify(document, null, 2)}\n`);
    expect(document).toEqual(JSON.parse(readFileSync(COMMITTED, 'utf8')));
  });

  it('is OpenAPI 3.1 with an operation id, a summary, security and an example for every operation', () => {
    expect(document['openapi']).toBe('3.1.0');
    const paths = document['paths'] as Record<string, Record<string, Record<string, unknown>>>;
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
    expect(operations.map((operation) => operation['operationId']).sort()).toEqual(Object.keys(ROUTES).sort());
    for (const operation of operations) {
      expect(operation['summary']).toEqual(expect.any(String));
      expect(operation['security']).toEqual(expect.any(Array));
      const responses = operation['responses'] as Record<string, { content?: Record<string, { example?: unknown }> }>;
      for (const [status, response] of Object.entries(responses)) {
        const json = response.content?.['application/json'];
        if (json) expect([operation['operationId'], status, json.example]).not.toContain(undefined);
      }
    }
  });

  it('resolves every reference, and nothing refers to a file or another host', () => {
    const all = references(document);
    expect(all.length).toBeGreaterThan(20);
    for (const reference of all) expect([reference, typeof resolve(reference)]).toEqual([reference, 'object']);
  });

  it('answers with every problem code somewhere, save those of the frame around the operations', () => {
    const frame = ['method_not_allowed', 'rate_limited'];
    const used = routes.flatMap(([, route]) => problemCodes(route));
    expect([...new Set([...used, ...frame])].sort()).toEqual(Object.keys(PROBLEMS).sort());
  });
});

describe('the document’s schemas', () => {
  // A second reader of the same words: what the document says must be what the server's own validation says.
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  ajv.addSchema(document, 'writ');

  /** Refuses by the document what `schemaAt` (a path into it) describes. */
  const validator = (...path: string[]) => {
    const pointer = path
      .map((key) => `/${encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))}`)
      .join('');
    return ajv.compile({ $ref: `writ#${pointer}` });
  };

  it.each(routes)('%s: take and refuse what the server takes and refuses', (_, route) => {
    const at = ['paths', route.path, route.method.toLowerCase()];
    for (const [status, outcome] of Object.entries(route.responses)) {
      const media = outcome.media ?? 'application/json';
      const validate = validator(...at, 'responses', status, 'content', media, 'schema');
      expect([status, validate(outcome.example), validate.errors]).toEqual([status, true, null]);
    }
    if (!route.body) return;
    const validate = validator(...at, 'requestBody', 'content', 'application/json', 'schema');
    expect([validate(route.body.example), validate.errors]).toEqual([true, null]);
    // Unknown fields of a question of AuthZEN are ignored.
    const strange =
      route.plainErrors || route.ignoresUnknown ? 1 : { ...(route.body.example as object), surely_unknown: 1 };
    for (const wrong of [strange, [], null, 'x']) {
      expect([wrong, validate(wrong)]).toEqual([wrong, false]);
      expect(route.body.schema.safeParse(wrong).success).toBe(false);
    }
  });

  it('hold for every problem', () => {
    const validate = validator('components', 'schemas', 'Problem');
    const examples = (document['components'] as { examples: Record<string, { value: unknown }> }).examples;
    expect(Object.keys(examples).sort()).toEqual(Object.keys(PROBLEMS).sort());
    for (const { value } of Object.values(examples)) expect([validate(value), validate.errors]).toEqual([true, null]);
  });
});

describe('the route table', () => {
  it.each(routes)('%s: its examples fit its own schemas', (_, route) => {
    for (const [status, outcome] of Object.entries(route.responses)) {
      expect([status, outcome.schema.safeParse(outcome.example).error]).toEqual([status, undefined]);
    }
    if (route.body) expect(route.body.schema.safeParse(route.body.example).error).toBeUndefined();
  });

  it.each(routes)('%s: its path names exactly its parameters', (_, route) => {
    const inPath = [...route.path.matchAll(/\{([a-z_]+)\}/g)].map((match) => match[1]);
    expect(Object.keys(route.params?.shape ?? {})).toEqual(inPath);
  });

  it.each(routes)('%s: refuses unknown fields wherever it takes input', (_, route) => {
    const strange = { surely_unknown: 1 };
    // AuthZEN has unknown fields of a question ignored: the points that ask are of other makers, and newer than we may be.
    const body = route.plainErrors || route.ignoresUnknown ? undefined : route.body?.schema;
    for (const schema of [route.params, route.query, body]) {
      if (!schema) continue;
      const issues = schema.safeParse(strange).error?.issues ?? [];
      expect(issues.map((issue) => issue.code)).toContain('unrecognized_keys');
    }
  });

  it('says on every POST what a repeat of it does, and on nothing else', () => {
    for (const [name, route] of routes) {
      expect([name, route.idempotency !== undefined]).toEqual([name, route.method === 'POST']);
    }
  });

  it('has one path and method per operation, and one status of success', () => {
    const places = routes.map(([, route]) => `${route.method} ${route.path}`);
    expect(new Set(places).size).toBe(places.length);
    for (const [, route] of routes) expect(successStatus(route)).toBeLessThan(300);
  });
});
