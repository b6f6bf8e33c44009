import type { ProblemCode } from '@writ/contract';
import { WritError } from './error';
import { type ServerEvent, serverEvents } from './sse';
import type { CallOptions, Transport } from './transport';

/** An event of a stream: its place, its name and its parsed data. */
export interface StreamedEvent {
  /** Not a number for what has no place to come back to. */
  readonly id: number;
  readonly event: string;
  readonly data: unknown;
}

export interface Followed {
  /** Path and query of the stream, without `after`. */
  readonly target: string;
  /** Place to begin after; absent: where the server begins by itself. */
  readonly after: number | undefined;
  /** Reads one answer of the waiting kind, for networks that let no stream through. */
  readonly page: (answer: unknown) => { readonly events: readonly StreamedEvent[]; readonly over: boolean };
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
/** The server says something every 15 s; after three silences the connection is taken for dead. */
const SILENCE_MS = 45_000;
const WAIT_S = 20;

/**
 * Follows a stream to its end, over as many connections as that takes. INVARIANT: each event comes once and in order:
 * every connection goes on after the last event that arrived whole. Throws a `WritError` when the server refuses, or
 * takes the right to follow away; connection faults are never thrown.
 */
export async function* follow(
  transport: Transport,
  what: Followed,
  call: CallOptions = {},
): AsyncGenerator<StreamedEvent> {
  let last = what.after;
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    let heard = false;
    try {
      const response = await transport.stream(
        { method: 'GET', target: withAfter(what.target, last) },
        { ...call, headers: lastSeen(call, last) },
      );
      for await (const event of connected(response, what)) {
        heard = true;
        if (event === null) continue;
        if (event === 'over') return;
        if (event.event === 'stream.end') {
          if (isOver(event.data)) return;
          break;
        }
        if (!Number.isNaN(event.id)) last = event.id;
        yield event;
      }
    } catch (error) {
      if (call.signal?.aborted || !mayComeBack(error)) throw error;
    }
    if (call.signal?.aborted) throw call.signal.reason;
    pause = heard ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, pause * 2);
    await rest(pause / 2 + (Math.random() * pause) / 2, call.signal);
  }
}

/** What one connection brings: a stream's events, or those of one waiting answer. */
async function* connected(response: Response, what: Followed): AsyncGenerator<StreamedEvent | null | 'over'> {
  if ((response.headers.get('content-type') ?? '').startsWith('text/event-stream') && response.body) {
    for await (const event of alive(response.body)) {
      yield (
        event && { id: Number(event.id ?? Number.NaN), event: event.event, data: JSON.parse(event.data) as unknown }
      );
    }
    return;
  }
  const { events, over } = what.page(await response.json());
  yield* events;
  yield over ? 'over' : null;
}

/** A body's events, until nothing was heard for long: a connection may be gone without anybody saying so. */
async function* alive(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent | null> {
  const ending = new AbortController();
  const events = serverEvents(body, ending.signal);
  try {
    for (;;) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const silence = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), SILENCE_MS)));
      const next = await Promise.race([events.next(), silence]);
      clearTimeout(timer);
      if (next === null || next.done) return;
      yield next.value;
    }
  } finally {
    ending.abort();
    await events.return(undefined);
  }
}

function withAfter(target: string, last: number | undefined): string {
  const [path = '', search = ''] = target.split('?');
  const query = new URLSearchParams(search);
  query.set('wait', String(WAIT_S));
  if (last !== undefined) query.set('after', String(last));
  return `${path}?${query.toString()}`;
}

const lastSeen = (call: CallOptions, last: number | undefined): { readonly [name: string]: string } => ({
  ...call.headers,
  ...(last === undefined || last < 0 ? {} : { 'last-event-id': String(last) }),
});

/** Whether the server's last word ends it for good; what takes the right away is thrown. */
function isOver(data: unknown): boolean {
  const { reason } = data as { reason: string };
  if (reason === 'finished') return true;
  if (reason === 'shutdown' || reason === 'unavailable' || reason === 'log_reopened') return false;
  throw new WritError({ code: reason as ProblemCode, message: `the server ended the stream: ${reason}`, status: 403 });
}

const mayComeBack = (error: unknown): boolean =>
  !(error instanceof WritError) || error.status === 0 || error.status === 429 || error.status >= 500;

export function rest(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
