import { WritError } from './error';

export interface ClientOptions {
  /** Base of the control plane, such as http://127.0.0.1:8420. */
  readonly url: string;
  /** `writ_…`; not needed for the operations that need no credential. */
  readonly apiKey?: string;
  /** Attempts after the first, 2 unless told. */
  readonly maxRetries?: number;
  /** Milliseconds per attempt, 60 000 unless told. */
  readonly timeoutMs?: number;
  readonly fetch?: typeof globalThis.fetch;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly maxRetries?: number;
  readonly timeoutMs?: number;
  /** One is made up for every POST that has none, and every retry of the call carries the same. */
  readonly idempotencyKey?: string;
  readonly ifMatch?: string;
  /** Further request headers, such as `traceparent`. */
  readonly headers?: { readonly [name: string]: string };
}

export interface Outgoing {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path and query. */
  readonly target: string;
  readonly body?: unknown;
}

const BASE_DELAY_MS = 250;
const LONGEST_DELAY_MS = 10_000;

/** Sends one request, again where that can help: no answer, 408, 429, 5xx, and a first attempt still executing. */
export class Transport {
  constructor(private readonly options: ClientOptions) {}

  async send(outgoing: Outgoing, call: CallOptions = {}): Promise<Response> {
    const retries = call.maxRetries ?? this.options.maxRetries ?? 2;
    const headers = this.headers(outgoing, call);
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.attempt(outgoing, headers, call);
      if (!(outcome instanceof WritError)) return outcome.response;
      if (attempt >= retries || !mayHelp(outcome) || call.signal?.aborted) throw outcome;
      await pause(delayMs(attempt, outcome.retryAfterMs), call.signal);
    }
  }

  /**
   * One request for something that goes on: the deadline ends with its headers, and the body may take for ever. Tried
   * once; whoever follows knows better where to go on.
   */
  async stream(outgoing: Outgoing, call: CallOptions = {}): Promise<Response> {
    const headers = this.headers(outgoing, call);
    headers.set('accept', 'text/event-stream, application/json;q=0.5');
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(), call.timeoutMs ?? this.options.timeoutMs ?? 60_000);
    const signal = call.signal ? AbortSignal.any([call.signal, waiting.signal]) : waiting.signal;
    try {
      const outcome = await this.fetch(outgoing, { headers, signal, call, deadline: waiting.signal });
      if (outcome instanceof WritError) throw outcome;
      return outcome.response;
    } finally {
      clearTimeout(timer);
    }
  }

  private headers(outgoing: Outgoing, call: CallOptions): Headers {
    const headers = new Headers(call.headers);
    if (!headers.has('accept')) headers.set('accept', 'application/json, application/problem+json');
    if (this.options.apiKey !== undefined) headers.set('authorization', `Bearer ${this.options.apiKey}`);
    if (outgoing.body !== undefined) headers.set('content-type', 'application/json');
    if (outgoing.method === 'POST') {
      headers.set('idempotency-key', call.idempotencyKey ?? globalThis.crypto.randomUUID());
    }
    if (call.ifMatch !== undefined) headers.set('if-match', call.ifMatch);
    return headers;
  }

  private async attempt(
    outgoing: Outgoing,
    headers: Headers,
    call: CallOptions,
  ): Promise<{ readonly response: Response } | WritError> {
    const deadline = AbortSignal.timeout(call.timeoutMs ?? this.options.timeoutMs ?? 60_000);
    const signal = call.signal ? AbortSignal.any([call.signal, deadline]) : deadline;
    return this.fetch(outgoing, { headers, signal, call, deadline });
  }

  private async fetch(
    outgoing: Outgoing,
    given: {
      readonly headers: Headers;
      readonly signal: AbortSignal;
      readonly call: CallOptions;
      readonly deadline: AbortSignal;
    },
  ): Promise<{ readonly response: Response } | WritError> {
    const { headers, signal, call, deadline } = given;
    const url = `${this.options.url.replace(/\/+$/, '')}${outgoing.target}`;
    try {
      const response = await (this.options.fetch ?? globalThis.fetch)(url, {
        method: outgoing.method,
        headers,
        signal,
        ...(outgoing.body === undefined ? {} : { body: JSON.stringify(outgoing.body) }),
      });
      if (documented(response)) return { response };
      return await WritError.of(response);
    } catch (cause) {
      if (call.signal?.aborted) throw call.signal.reason;
      if (deadline.aborted) {
        return new WritError({ code: 'timed_out', message: `no answer from ${url} in time` }, { cause });
      }
      return new WritError({ code: 'connection_failed', message: `cannot reach ${url}` }, { cause });
    }
  }
}

// Problems always come as application/problem+json, so plain JSON is an answer the contract describes: /ready says
// `not_ready` with status 503 that way.
const documented = (response: Response): boolean =>
  response.ok || response.status === 304 || (response.headers.get('content-type') ?? '').startsWith('application/json');

/** Who is told to come back later than this client waits is told so at once, not asked too early. */
function mayHelp(error: WritError): boolean {
  if ((error.retryAfterMs ?? 0) > LONGEST_DELAY_MS) return false;
  if (error.status === 0 || error.status === 408 || error.status === 429 || error.status >= 500) return true;
  return error.code === 'idempotency_in_progress';
}

/** Doubles from 250 ms, half of it random so that clients who failed together do not come back together. */
function delayMs(attempt: number, told: number | null): number {
  const doubled = BASE_DELAY_MS * 2 ** attempt;
  const jittered = doubled / 2 + (Math.random() * doubled) / 2;
  return Math.min(LONGEST_DELAY_MS, Math.max(told ?? 0, jittered));
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
}
