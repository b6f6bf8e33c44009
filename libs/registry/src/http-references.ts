import type { Json, JsonObject } from '@writ/kernel';
import type { ToolDefinition } from './definitions';
import type { HttpEndpoint, ServiceDefinition } from './http-definitions';
import { type Lookup, missing } from './lookup';
import { type Problem, token } from './problems';
import { pointerTokens, references } from './template';

/** What is wrong with how a tool's arguments become a request: found when it is published, not when it is first called. */
export function httpToolProblems(tool: ToolDefinition, endpoint: HttpEndpoint, lookup: Lookup): Problem[] {
  const problems: Problem[] = [];
  const add = (pointer: string, reason: string): void => void problems.push({ pointer: `/endpoint${pointer}`, reason });
  const service = lookup.get('http_service', endpoint.service);
  if (!service) add('/service', missing('http_service', endpoint.service));
  const input = tool.input as JsonObject;
  for (const reason of pathProblems(endpoint.path, input)) add('/path', reason);
  if (endpoint.body !== undefined && endpoint.method === 'GET') add('/body', 'a GET has no body');
  for (const part of ['query', 'headers', 'body'] as const) {
    if (endpoint[part] !== undefined) problems.push(...templateProblems(endpoint[part], input, `/endpoint/${part}`));
  }
  const given = [service?.headers_env, service?.headers, endpoint.headers].flatMap((all) => Object.keys(all ?? {}));
  for (const key of ['idempotency_key', 'attempt'] as const) {
    const name = endpoint[key];
    if (name !== undefined && given.includes(name)) add(`/${key}`, `the header ${name} is given a value elsewhere`);
  }
  for (const name of Object.keys(endpoint.headers)) {
    if (given.indexOf(name) !== given.lastIndexOf(name)) {
      add(`/headers/${token(name)}`, `the service gives ${name} a value of its own`);
    }
  }
  if (endpoint.idempotency_key !== undefined && endpoint.idempotency_key === endpoint.attempt) {
    add('/attempt', 'one header cannot take both the key and the attempt');
  }
  return problems;
}

/** One header, one value: a secret that a constant of the same name stood beside would be sent, or not, by chance. */
export function serviceProblems(service: ServiceDefinition): Problem[] {
  return Object.keys(service.headers_env)
    .filter((name) => Object.hasOwn(service.headers, name))
    .map((name) => ({ pointer: `/headers/${token(name)}`, reason: `${name} is given a value in headers_env` }));
}

function pathProblems(path: string, input: JsonObject): string[] {
  const names = [...path.matchAll(/\{([^}]*)\}/g)].map(([, name = '']) => name);
  const filled = path.replace(/\{[^}]*\}/g, 'x');
  const climbs = URL.parse(`http://host${filled}`)?.pathname !== filled;
  const required = input['required'];
  const always: readonly Json[] = Array.isArray(required) ? required : [];
  return [
    ...(climbs ? ['would be read as another path'] : []),
    ...names.filter((name) => !takes(input, name)).map((name) => `the tool takes no argument named ${name}`),
    ...names
      .filter((name) => takes(input, name) && !always.includes(name))
      .map((name) => `${name} is not required, so the path could have a hole in it`),
  ];
}

/** Whether a schema names the argument; one that lists no properties takes anything. */
function takes(input: JsonObject, name: string): boolean {
  const properties = input['properties'];
  return properties === null || typeof properties !== 'object' || Object.hasOwn(properties, name);
}

function templateProblems(template: Json, input: JsonObject, at: string): Problem[] {
  const { found, malformed } = references(template, at);
  const strangers = found
    .map((one) => ({ ...one, argument: pointerTokens(one.pointer)[0] }))
    .filter(({ argument }) => argument !== undefined && !takes(input, argument));
  return [
    ...malformed.map((pointer) => ({ pointer, reason: '"$from" stands alone in its object and holds a JSON pointer' })),
    ...strangers.map((one) => ({ pointer: one.at, reason: `the tool takes no argument named ${one.argument}` })),
  ];
}
