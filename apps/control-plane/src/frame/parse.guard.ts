import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { type FieldError, type OperationId, type Route, ROUTES } from '@writ/contract';
import { CanonicalError, canonicalJson } from '@writ/kernel';
import type { z } from 'zod';
import { operationOf } from './call';
import { Cursors, listIdentity } from './cursor';
import { fieldErrors } from './field-errors';
import { Refusal, refusalOf } from './problem';
import { headerOf, type HttpReply, type HttpRequest, type RequestState, stateOf } from './state';

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** The one validation of the API: every part of a request against the contract's schemas, all faults at once. */
@Injectable()
export class ParseGuard implements CanActivate {
  constructor(@Inject(Cursors) private readonly cursors: Cursors) {}

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<HttpRequest>();
    const operation = operationOf(context);
    const route: Route = ROUTES[operation];
    const errors: FieldError[] = [];
    const part = (place: FieldError['in'], schema: z.ZodType | undefined, value: unknown): unknown => {
      if (!schema) return undefined;
      const parsed = schema.safeParse(value, { reportInput: true });
      if (!parsed.success) errors.push(...fieldErrors(place, parsed.error));
      return parsed.data;
    };
    const params = part('path', route.params, pathParameters(route, request.params));
    const query = part('query', route.query, request.query);
    const body = part('body', route.body?.schema, request.body ?? {});
    errors.push(...unencodable(body), ...strayQuery(route, request.query));
    const idempotencyKey = headerOf(request, 'idempotency-key') ?? null;
    if (route.idempotency && idempotencyKey !== null && !IDEMPOTENCY_KEY.test(idempotencyKey)) {
      const message = '1 to 255 visible ASCII characters';
      errors.push({ in: 'header', pointer: '/idempotency-key', code: 'invalid_format', message });
    }
    const lastEventId = route.stream ? eventIdOf(request, errors) : null;
    if (errors.length > 0) throw new Refusal(codeOf(errors), summary(errors), { errors });
    const state = stateOf(request);
    state.call = {
      operation,
      params,
      query,
      body,
      after: this.after(state, operation, { params, query }),
      idempotencyKey: route.idempotency ? idempotencyKey : null,
      ifMatch: headerOf(request, 'if-match') ?? null,
      ifNoneMatch: headerOf(request, 'if-none-match') ?? null,
      // A HEAD asks what a GET would answer: no stream is opened for it.
      accept: request.method === 'HEAD' ? null : (headerOf(request, 'accept') ?? null),
      lastEventId,
      state,
      url: request.url,
      reply: http.getResponse<HttpReply>(),
      cursors: this.cursors,
    };
    return true;
  }

  private after(
    state: RequestState,
    operation: OperationId,
    parts: { readonly params: unknown; readonly query: unknown },
  ): string | undefined {
    const cursor = (parts.query as { cursor?: string } | undefined)?.cursor;
    if (cursor === undefined) return undefined;
    const read = this.cursors.read(listIdentity(state.caller, operation, parts), cursor);
    if (!read.ok) throw refusalOf(read.failure);
    return read.value;
  }
}

/** Where a stream goes on: what its reader had last, by `Last-Event-ID`. An empty one is that of a first connection. */
function eventIdOf(request: HttpRequest, errors: FieldError[]): number | null {
  const given = headerOf(request, 'last-event-id') ?? '';
  if (given === '') return null;
  if (/^\d{1,16}$/.test(given) && Number.isSafeInteger(Number(given))) return Number(given);
  const message = 'the id of an event of this stream: a decimal number';
  errors.push({ in: 'header', pointer: '/last-event-id', code: 'invalid_format', message });
  return null;
}

function pathParameters(route: Route, given: unknown): unknown {
  if (!route.rest) return given;
  const { '*': rest, ...named } = given as { readonly [name: string]: string };
  return { ...named, [Object.keys(route.params?.shape ?? {}).at(-1) ?? '']: rest };
}

/** A query where the route takes none is as unknown as an unknown field. */
function strayQuery(route: Route, query: unknown): FieldError[] {
  if (route.query) return [];
  return Object.keys((query ?? {}) as object).map((name) => ({
    in: 'query' as const,
    pointer: `/${name}`,
    code: 'unknown_field',
    message: `there is no parameter ${name} here`,
  }));
}

/** What JSON can say and canonical JSON cannot (NUL, lone surrogates, nesting past 256) is refused before it is hashed. */
function unencodable(body: unknown): FieldError[] {
  if (body === undefined) return [];
  try {
    canonicalJson(body);
    return [];
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error;
    return [{ in: 'body', pointer: error.pointer, code: 'not_encodable', message: error.message }];
  }
}

/** Queries are typed by people, so what is only wrong with one has a code of its own. */
const codeOf = (errors: readonly FieldError[]): 'invalid_filter' | 'invalid_request' =>
  errors.every((error) => error.in === 'query' && error.pointer === '/filter') ? 'invalid_filter' : 'invalid_request';

function summary(errors: readonly FieldError[]): string {
  const [first] = errors;
  const where = first?.pointer === '' ? `the ${first.in}` : `${first?.in} ${first?.pointer}`;
  return `${where}: ${first?.message}${errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''}`;
}
