import type { Caller } from '@writ/identity';
import type { RequestId } from '@writ/kernel';
import type { TraceRef } from '@writ/telemetry';
import type { OperationId } from '@writ/contract';
import type { Cursors } from './cursor';

/** What one request knows of itself; each stage of the frame adds its part. */
export interface RequestState {
  readonly requestId: RequestId | string;
  readonly trace: TraceRef;
  /** Network address of the client, as far as the proxies before us are trusted. */
  readonly address: string;
  /** Whether the client talks to us over TLS. */
  readonly secure: boolean;
  /** The authority the client talks to, such as `writ.example.com:8420`, as far as proxies before us are trusted. */
  readonly host: string;
  caller: Caller | null;
  call: AnyCall | null;
  /** Whether somebody was asked if this may be: an answer nobody was asked about never leaves. */
  asked: boolean;
  replayed: boolean;
  /** What a signed message’s signature is over, with the body as it came. */
  signed: { readonly id: string; readonly timestamp: string; readonly signature: string; readonly body: string } | null;
}

/** A parsed request before its operation is known to the compiler. */
export interface AnyCall {
  readonly operation: OperationId;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly after: string | undefined;
  readonly idempotencyKey: string | null;
  readonly ifMatch: string | null;
  readonly ifNoneMatch: string | null;
  readonly accept: string | null;
  /** `Last-Event-ID`, of routes that stream. */
  readonly lastEventId: number | null;
  readonly state: RequestState;
  /** Path and query as they came. */
  readonly url: string;
  readonly reply: HttpReply;
  readonly cursors: Cursors;
}

/** As much of Fastify's request and reply as the frame touches. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly ip: string;
  readonly protocol: string;
  readonly host: string;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

export interface HttpReply {
  readonly sent: boolean;
  code(status: number): HttpReply;
  header(name: string, value: string): HttpReply;
  type(mediaType: string): HttpReply;
  send(body: string): unknown;
}

/** On the request itself: a table of weak references beside it is what the collector would look through most. */
const STATE = Symbol('state');
type Begun = { [STATE]?: RequestState };

export function begin(
  request: object,
  state: Pick<RequestState, 'requestId' | 'trace' | 'address' | 'secure' | 'host'>,
): RequestState {
  const begun: RequestState = { ...state, caller: null, call: null, asked: false, replayed: false, signed: null };
  (request as Begun)[STATE] = begun;
  return begun;
}

export function stateOf(request: object): RequestState {
  const state = (request as Begun)[STATE];
  if (!state) throw new Error('a request reached the frame before its first hook');
  return state;
}

export function headerOf(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
