import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { type ProblemCode, PROBLEMS, type Route, ROUTES } from '@writ/contract';
import { DatabaseFault } from '@writ/database';
import { logger } from '@writ/telemetry';
import { asAuthZen, wantsPlain } from './plain-errors';
import { type Occasion, problemOf, Refusal } from './problem';
import { type HttpReply, type HttpRequest, stateOf } from './state';

const log = logger('control-plane');

/** Codes of Fastify's own refusals, before a handler is reached. */
const FASTIFY: { readonly [code: string]: ProblemCode } = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed_json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_json',
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_BAD_URL: 'invalid_request',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
};

/**
 * SQLSTATEs and socket errors that say the store cannot be reached or is overtaxed (55P03: a lock was waited for too
 * long), not that we used it wrongly.
 */
const UNREACHABLE = /^(08|53|55P03|57P0[123]|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND)/;

/** What the driver says of a connection it lost or did not get, without a code. */
const NO_CONNECTION = /^(timeout exceeded when trying to connect|Connection terminated)/;

/** The only place where an error becomes an answer. What is not a refusal is our defect, and tells the caller nothing. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly bodyLimit: number) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendProblem(this.refusal(error, http.getRequest<HttpRequest>()), http.getRequest(), http.getResponse());
  }

  private refusal(error: unknown, request: HttpRequest): Refusal {
    if (error instanceof Refusal) return error;
    // Nest wraps what Fastify threw; the code that tells it apart stands on the original.
    const cause = error instanceof HttpException ? (error.cause ?? error) : error;
    const { code, statusCode } = cause as { code?: unknown; statusCode?: unknown };
    const known = typeof code === 'string' ? FASTIFY[code] : undefined;
    if (known === 'payload_too_large') return new Refusal(known, `the body may have ${this.bodyLimit} bytes`);
    if (known) return new Refusal(known, (error as Error).message);
    if (error instanceof HttpException && error.getStatus() === 404) return unrouted(request);
    if (cause instanceof SyntaxError && statusCode === 400) return new Refusal('malformed_json', cause.message);
    if (unreachable(cause)) {
      log.error({ error: (cause as Error).message }, 'the store cannot be reached');
      return new Refusal('unavailable', 'the store cannot be reached');
    }
    log.error(
      { error, request_id: stateOf(request).requestId, path: pathOf(request) },
      'a request failed by our fault',
    );
    return new Refusal('internal', 'the request failed by a defect of ours; nothing of it is known to have happened');
  }
}

function unreachable(error: unknown): boolean {
  if (error instanceof DatabaseFault) return error.failure.class === 'transient';
  const { code, message } = error as { code?: unknown; message?: unknown };
  return (typeof code === 'string' && UNREACHABLE.test(code)) || NO_CONNECTION.test(String(message));
}

/** No handler: the path is unknown, or known for other methods. */
function unrouted(request: HttpRequest): Refusal {
  const path = pathOf(request);
  const allowed = Object.values(ROUTES as { [operation: string]: Route })
    .filter((route) => new RegExp(`^${route.path.replace(/\{\w+\}/g, route.rest ? '.+' : '[^/]+')}$`).test(path))
    .map((route) => route.method);
  if (allowed.length === 0) return new Refusal('not_found', `there is nothing at ${path}`);
  const allow = [...new Set(allowed)].join(', ');
  return new Refusal('method_not_allowed', `${request.method} does not apply to ${path}`, { headers: { allow } });
}

const pathOf = (request: HttpRequest): string => request.url.split('?', 1)[0] ?? '';

export function sendProblem(found: Refusal, request: HttpRequest, reply: HttpReply): void {
  if (reply.sent) return;
  const refusal = asAuthZen(found, request);
  const state = stateOf(request);
  const occasion: Occasion = {
    requestId: state.requestId,
    traceId: state.trace.traceId,
    instance: pathOf(request),
  };
  const { status } = PROBLEMS[refusal.code];
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="writ"');
  for (const [name, value] of Object.entries(refusal.more.headers ?? {})) reply.header(name, value);
  if (wantsPlain(request)) {
    reply.code(status).type('text/plain; charset=utf-8').send(refusal.detail);
    return;
  }
  reply
    .code(status)
    .type('application/problem+json')
    .send(JSON.stringify(problemOf(refusal, occasion)));
}
