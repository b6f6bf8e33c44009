import { Readable } from 'node:stream';
import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  StreamableFile,
} from '@nestjs/common';
import { type Route, ROUTES } from '@writ/contract';
import { canonicalJson, type Result, sha256Hex } from '@writ/kernel';
import { map, type Observable } from 'rxjs';
import { type Paged, Raw, WithHeaders, WithStatus } from './call';
import { Cursors } from './cursor';
import { etagMatches } from './etag';
import { listIdentity } from './parse.guard';
import { refusalOf } from './problem';
import { type AnyCall, type HttpReply, type HttpRequest, stateOf } from './state';

/** Turns what a handler returned into the answer: pages, entity tags, replay and location headers, refusals. */
@Injectable()
export class AnswerInterceptor implements NestInterceptor<Result<unknown>, unknown> {
  constructor(@Inject(Cursors) private readonly cursors: Cursors) {}

  intercept(context: ExecutionContext, next: CallHandler<Result<unknown>>): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<HttpRequest>();
    return next.handle().pipe(map((result) => this.answer(result, request, http.getResponse<HttpReply>())));
  }

  private answer(result: Result<unknown>, request: HttpRequest, reply: HttpReply): unknown {
    const state = stateOf(request);
    const { call } = state;
    if (!call) throw new Error('a handler ran before its request was parsed');
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
    const body = paged ? this.page(result.value as Paged<unknown>, call, { request, reply }) : result.value;
    if (state.replayed) reply.header('idempotency-replayed', 'true');
    if (route.location) reply.header('location', `${route.path}/${(body as { id: string }).id}`);
    if (!route.etag) return body;
    return this.tagged(body, { kind: route.etag, call, reply });
  }

  private page(
    { data, next, ...beside }: Paged<unknown>,
    call: AnyCall,
    http: { readonly request: HttpRequest; readonly reply: HttpReply },
  ): unknown {
    if (next === null) return { data, has_more: false, next_cursor: null, ...beside };
    const cursor = this.cursors.sign(listIdentity(call.state, call.operation, call), next);
    const url = new URL(http.request.url, 'http://relative');
    url.searchParams.set('cursor', cursor);
    http.reply.header('link', `<${url.pathname}${url.search}>; rel="next"`);
    return { data, has_more: true, next_cursor: cursor, ...beside };
  }

  private tagged(
    body: unknown,
    to: { readonly kind: 'content' | 'digest'; readonly call: AnyCall; readonly reply: HttpReply },
  ): unknown {
    // What a search covered tells how long it took: the same answer is the same content all the same.
    const { coverage: _coverage, ...content } = body as { readonly coverage?: unknown; readonly digest?: string };
    const version = to.kind === 'digest' ? content.digest : sha256Hex(canonicalJson(content)).slice(0, 32);
    const etag = `"${version}"`;
    // Kept by the caller alone, and asked about every time.
    to.reply.header('etag', etag).header('cache-control', 'private, no-cache').header('vary', 'authorization');
    if (!etagMatches(to.call.ifNoneMatch, etag)) return body;
    to.reply.code(304);
    return undefined;
  }
}

/** Pieces go out as they are asked for; a fault among them cuts the connection, so that nobody takes a part for the whole. */
function raw({ media, body, headers }: Raw, reply: HttpReply): unknown {
  reply.type(media);
  for (const [name, value] of Object.entries(headers)) reply.header(name, value);
  if (typeof body === 'string') return body;
  if (body instanceof Uint8Array) return Buffer.from(body);
  return new StreamableFile(Readable.from(body, { objectMode: false }), { type: media });
}
