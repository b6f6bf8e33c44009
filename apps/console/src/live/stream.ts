import { readEventStream, type StreamItem } from './event-stream';

export type StreamState =
  | { readonly is: 'connecting' }
  | { readonly is: 'live' }
  | { readonly is: 'reconnecting'; readonly since: number }
  /** Connected as far as we know, but nothing was heard, not even a beat. */
  | { readonly is: 'stale'; readonly since: number }
  /** What it told of is over. */
  | { readonly is: 'ended' }
  /** The server will not tell us: the key lacks the right, or is no longer good. */
  | { readonly is: 'refused' };

export interface StreamOptions {
  /** Path of the stream; `after` is the id of the last event that was heard, null at first. */
  readonly open: (after: string | null, signal: AbortSignal) => Promise<Response>;
  readonly onEvent: (event: Exclude<StreamItem, 'beat'>) => void;
  readonly onState: (state: StreamState) => void;
  /** What follows from an event that may be the last: null when the stream goes on, or is to be opened again. */
  readonly last: (event: Exclude<StreamItem, 'beat'>) => 'ended' | 'refused' | null;
  readonly after?: string | null;
}

const FIRST_DELAY_MS = 400;
const LONGEST_DELAY_MS = 15_000;
/** The server beats every 15 s; a beat and a half missed is worth telling. */
const SILENCE_MS = 25_000;

/**
 * Listens until it is closed: after every cut it comes back and goes on behind the last event it heard, so nothing is
 * lost and nothing is told twice.
 */
export function openStream(options: StreamOptions): { close(): void } {
  const closed = new AbortController();
  void listen(options, closed.signal);
  return { close: () => closed.abort() };
}

async function listen(options: StreamOptions, closed: AbortSignal): Promise<void> {
  let after = options.after ?? null;
  let failures = 0;
  options.onState({ is: 'connecting' });
  while (!closed.aborted) {
    const attempt = await once(options, after, closed);
    after = attempt.after;
    if (closed.aborted) return;
    if (attempt.over !== null) return options.onState({ is: attempt.over });
    failures = attempt.heard ? 0 : failures + 1;
    options.onState({ is: 'reconnecting', since: Date.now() });
    await pause(delay(failures), closed);
  }
}

interface Attempt {
  readonly after: string | null;
  readonly heard: boolean;
  readonly over: 'ended' | 'refused' | null;
}

/** One connection to its end. */
async function once(options: StreamOptions, from: string | null, closed: AbortSignal): Promise<Attempt> {
  const connection = new AbortController();
  const signal = AbortSignal.any([closed, connection.signal]);
  const silence = new Silence(options.onState, connection);
  let after = from;
  let heard = false;
  try {
    const response = await options.open(after, signal);
    if (!response.ok || !response.body) return { after, heard, over: isRefusal(response.status) ? 'refused' : null };
    options.onState({ is: 'live' });
    heard = true;
    for await (const item of readEventStream(response.body)) {
      silence.broken();
      if (item === 'beat') continue;
      after = item.id ?? after;
      options.onEvent(item);
      const over = options.last(item);
      if (over !== null) return { after, heard, over };
    }
  } catch {
    // A cut connection is the ordinary case here; the loop comes back.
  } finally {
    silence.end();
    connection.abort();
  }
  return { after, heard, over: null };
}

const isRefusal = (status: number): boolean => status >= 400 && status < 500 && status !== 408 && status !== 429;

/** Watches for a connection that is open and dead: tells it, and hangs up when it lasts. */
class Silence {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stale = false;

  constructor(
    private readonly tell: (state: StreamState) => void,
    private readonly connection: AbortController,
  ) {
    this.#wait();
  }

  broken(): void {
    if (this.#stale) this.tell({ is: 'live' });
    this.#stale = false;
    this.#wait();
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #wait(): void {
    clearTimeout(this.#timer);
    const since = Date.now();
    this.#timer = setTimeout(() => {
      this.#stale = true;
      this.tell({ is: 'stale', since });
      this.#timer = setTimeout(() => this.connection.abort(), SILENCE_MS);
    }, SILENCE_MS);
  }
}

/** Doubles from 400 ms to 15 s, half of it random, so that pages cut off together do not come back together. */
function delay(failures: number): number {
  const doubled = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures, 10));
  return doubled / 2 + Math.random() * (doubled / 2);
}

function pause(ms: number, closed: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    closed.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
