import { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import { type Route, ROUTES } from '@writ/contract';
import { canonicalJson, type Result, sha256Hex } from '@writ/kernel';
import { listIdentity } from './cursor';
import { etagMatches } from './etag';
import { refusalOf } from './problem';
import type { AnyCall, HttpReply } from './state';

/** What a list handler answers with; the frame makes the signed cursor of `next`. */
export interface Paged<T> {
  readonly data: readonly T[];
  readonly next: string | null;
}

/** An answer whose status is not the usual one of its operation. */
export class WithStatus {
  constructor(
    readonly status: number,
    readonly body: unknown,
  ) {}
}

/** An answer that is no JSON, as it is sent: text, bytes, or pieces as they come. */
export class Raw {
  constructor(
    readonly media: string,
    readonly body: string | Uint8Array | AsyncIterable<string>,
    readonly headers: { readonly [name: string]: string } = {},
  ) {}
}

/** An answer with headers of its own beside those of the frame. */
export class WithHeaders<T> {
  constructor(
    readonly body: T,
    readonly headers: { readonly [name: string]: string },
  ) {}
}

/**
 * Turns what a handler returned into the answer: pages, entity tags, replay and location headers, refusals. Called by
 * what `Operation` makes of a handler: as an interceptor of Nest it would pass through four observables, which cost more
 * than all else between the socket and the handler.
 */
export function answerTo(call: AnyCall, result: Result<unknown>): unknown {
  const { state, reply } = call;
  const route: Route = ROUTES[call.operation];
  if (!result.ok) throw refusalOf(result.failure);
  // INVARIANT: an answer about which neither the policy nor the engine was asked never leaves.
  if (Array.isArray(route.access) && !state.asked) throw new Error(`${call.operation} answered without asking`);
  if (result.value instanceof WithStatus) {
    reply.code(result.value.status);
    return result.value.body;
  }
  if (result.value instanceof Raw) return raw(result.value, reply);
  if (result.value instanceof WithHeaders) {
    for (const [name, value] of Object.entries(result.value.headers)) reply.header(name, value);
    return result.value.body;
  }
  const paged = route.query !== undefined && 'cursor' in route.query.shape;
  const body = paged ? page(result.value as Paged<unknown>, call) : result.value;
  if (state.replayed) reply.header('idempotency-replayed', 'true');
  if (route.location) reply.header('location', `${route.path}/${(body as { id: string }).id}`);
  return route.etag ? tagged(body, route.etag, call) : body;
}

function page({ data, next, ...beside }: Paged<unknown>, call: AnyCall): unknown {
  if (next === null) return { data, has_more: false, next_cursor: null, ...beside };
  const cursor = call.cursors.sign(listIdentity(call.state.caller, call.operation, call), next);
  const url = new URL(call.url, 'http://relative');
  url.searchParams.set('cursor', cursor);
  call.reply.header('link', `<${url.pathname}${url.search}>; rel="next"`);
  return { data, has_more: true, next_cursor: cursor, ...beside };
}

function tagged(body: unknown, kind: 'content' | 'digest', { reply, ifNoneMatch }: AnyCall): unknown {
  // What a search covered tells how long it took: the same answer is the same content all the same.
  const { coverage: _coverage, ...content } = body as { readonly coverage?: unknown; readonly digest?: string };
  const version = kind === 'digest' ? content.digest : sha256Hex(canonicalJson(content)).slice(0, 32);
  const etag = `"${version}"`;
  // Kept by the caller alone, and asked about every time.
  reply.header('etag', etag).header('cache-control', 'private, no-cache').header('vary', 'authorization');
  if (!etagMatches(ifNoneMatch, etag)) return body;
  reply.code(304);
  return undefined;
}

/** Pieces go out as they are asked for; a fault among them cuts the connection, so that nobody takes a part for the whole. */
function raw({ media, body, headers }: Raw, reply: HttpReply): unknown {
  reply.type(media);
  for (const [name, value] of Object.entries(headers)) reply.header(name, value);
  if (typeof body === 'string') return body;
  if (body instanceof Uint8Array) return Buffer.from(body);
  return new StreamableFile(Readable.from(body, { objectMode: false }), { type: media });
}
