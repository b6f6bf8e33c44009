import { newId } from '@writ/kernel';
import { currentTrace, formatTraceparent, newTrace, parseTraceparent, withTrace } from '@writ/telemetry';
import { ACCESS_PATH } from './plain-errors';
import { begin, headerOf, type HttpReply, type HttpRequest, stateOf } from './state';

/** Visible ASCII without quotes or backslash, so that an id from outside can stand in a log line as it is. */
const REQUEST_ID = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/;

/** The API answers programs: nothing of it may be framed, sniffed, cached by proxies or used as a referrer. */
const EVERY_RESPONSE = Object.entries({
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'cache-control': 'no-store',
});

type Done = () => void;

/** First thing of every request, also of those no route answers: its ids, and the headers that every answer carries. */
export function onRequest(request: HttpRequest, reply: HttpReply, done: Done): void {
  const given = headerOf(request, 'x-request-id');
  const requestId = given !== undefined && REQUEST_ID.test(given) ? given : newId('request');
  // With an exporter the server span is current already; its parent was read from the same header.
  const trace = currentTrace() ?? { ...newTrace(), ...sameTrace(parseTraceparent(headerOf(request, 'traceparent'))) };
  begin(request, { requestId, trace, address: request.ip, secure: request.protocol === 'https', host: request.host });
  for (const [name, value] of EVERY_RESPONSE) reply.header(name, value);
  // AuthZEN: an enforcement point gets the very text back that it sent, whatever is in it; our records have one of ours.
  const echoed = given !== undefined && request.url.startsWith(ACCESS_PATH) ? given : requestId;
  reply.header('x-request-id', echoed).header('traceparent', formatTraceparent(trace));
  done();
}

/** The caller's trace goes on under a span id of ours. */
const sameTrace = (ref: ReturnType<typeof parseTraceparent>) =>
  ref === null ? {} : { traceId: ref.traceId, sampled: ref.sampled };

/**
 * Last thing before the handler. The trace is entered here and not on request: the events of the body's stream belong to
 * the socket, so a context entered earlier would be lost while the body is read.
 */
export function preHandler(request: HttpRequest, _reply: HttpReply, done: Done): void {
  withTrace(stateOf(request).trace, done);
}
