import { isOrigin } from '@writ/kernel';
import { z } from 'zod';
import { name } from './name';

/** Characters of a path that stand for themselves (RFC 3986 §3.3), and `{argument}`. No dots that would climb: checked when filled. */
const PATH = /^(\/([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2}|\{[A-Za-z_][A-Za-z0-9_-]*\})*)+$/;
const origin = z
  .string()
  .refine(isOrigin, 'an origin as a URL parser writes it, such as https://api.example.com, without a path or a user');
/** Lower-case tokens (RFC 9110 §5.1). What a connection is made of, and what holds a secret, is not for documents. */
const header = z
  .string()
  .regex(/^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/, 'a header name in lower-case letters')
  .refine((text) => !CONNECTION_HEADERS.has(text), 'is written by the connection itself');
const CONNECTION_HEADERS = new Set(
  'host content-length content-type content-encoding transfer-encoding connection keep-alive upgrade te trailer expect proxy-authorization proxy-connection accept-encoding'.split(
    ' ',
  ),
);
const openHeader = header.refine(
  (text) => !/^(authorization|cookie)$|secret|token|password|api-?key/.test(text),
  'looks like a secret: give it under headers_env of the service, by the name of a variable',
);
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'the name of an environment variable');

/** A service that tools reach over HTTP: where it is, and what every request to it carries. */
export const ServiceDefinition = z.strictObject({
  kind: z.literal('http_service'),
  name,
  /** The allow-list of every tool of the service: it, and for redirects the origins below. Nothing else is connected to. */
  origin,
  headers: z.record(openHeader, z.string().regex(/^[ -~]{0,1024}$/, 'printable ASCII')).default({}),
  headers_env: z.record(header, variable).default({}),
  /** Redirects of a GET; none are followed by default. Credentials stay with `origin`. */
  redirects: z
    .strictObject({
      max: z.number().int().min(0).max(5).default(0),
      origins: z.array(origin).max(16).default([]),
    })
    .prefault({}),
});

/**
 * How a tool's arguments become a request. `{ "$from": "/pointer" }` in `query`, `headers` and `body` stands for that
 * part of the arguments, and `{name}` in `path` for one of them.
 */
export const HttpEndpoint = z.strictObject({
  type: z.literal('http'),
  service: name,
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  path: z.string().max(1024).regex(PATH, 'an absolute path, with {argument} where an argument stands'),
  query: z.record(z.string(), z.json()).default({}),
  headers: z.record(openHeader, z.json()).default({}),
  body: z.json().optional(),
  /** Headers that take the step's idempotency key, the same for every attempt, and the attempt's number. */
  idempotency_key: openHeader.optional(),
  attempt: openHeader.optional(),
});

export type ServiceDefinition = z.infer<typeof ServiceDefinition>;
export type HttpEndpoint = z.infer<typeof HttpEndpoint>;
