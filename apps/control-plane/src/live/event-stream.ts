import type { StreamEndReason } from '@writ/contract';
import { ok } from '@writ/kernel';
import { logger } from '@writ/telemetry';
import { Raw } from '../frame/answer';
import type { AnyCall } from '../frame/state';
import type { OpenStream } from './streams';

/** Where a stream's events come from: asked for, never pushed, so that a slow reader holds up only itself. */
export interface EventSource<T> {
  /** The next items, none when `waitMs` passed without one, or null at the end. */
  next(waitMs: number): Promise<readonly T[] | null>;
  close(): void;
}

/** One server-sent event (WHATWG HTML §9.2.6). */
export interface SentEvent {
  /** Null for what cannot be come back to. */
  readonly id: number | null;
  readonly event: string;
  readonly data: object;
}

/** A comment goes out this often when nothing else does, so that whatever stands between keeps the connection. */
const HEARTBEAT_MS = 15_000;
const RETRY_MS = 2_000;

const EVENT_STREAM = 'text/event-stream';
const log = logger('streams');

/** Whether the caller asked for a stream: a media range of its own, since any at all is what everybody takes. */
export const wantsStream = ({ accept }: AnyCall): boolean =>
  (accept ?? '').split(',').some((range) => range.split(';', 1)[0]?.trim().toLowerCase() === EVENT_STREAM);

/** A source as the answer of a request. */
export function streamed<T>(
  source: EventSource<T>,
  stream: OpenStream,
  sent: (items: readonly T[]) => readonly SentEvent[],
) {
  // The second header is for proxies (nginx) that would otherwise hold events back until a buffer is full.
  const headers = { 'cache-control': 'no-store', 'x-accel-buffering': 'no' };
  return ok(new Raw(EVENT_STREAM, eventStream(source, stream, sent), headers));
}

/** JSON has no raw line break, so one `data` line holds it whole. */
const frame = ({ id, event, data }: SentEvent): string =>
  `${id === null ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

const lastFrame = (reason: StreamEndReason): string => `event: stream.end\ndata: ${JSON.stringify({ reason })}\n\n`;

/**
 * Server-sent events from a source, until it ends or the server ends the stream, which is told in a last event
 * `stream.end`. An iterator by hand and no generator: a reader who goes away must end the waiting at once.
 */
export function eventStream<T>(
  source: EventSource<T>,
  stream: OpenStream,
  sent: (items: readonly T[]) => readonly SentEvent[],
): AsyncIterable<string> {
  let begun = false;
  let over = false;
  const close = (): void => {
    over = true;
    source.close();
    stream.close();
  };
  const ended = stream.ended.then((reason) => ({ reason }));
  const step = async (): Promise<string> => {
    const came = await Promise.race([ended, source.next(HEARTBEAT_MS)]);
    if (came !== null && 'reason' in came) {
      close();
      return lastFrame(came.reason);
    }
    if (came === null) {
      close();
      return lastFrame('finished');
    }
    return came.length === 0 ? ': still here\n\n' : sent(came).map(frame).join('');
  };
  const iterator: AsyncIterator<string> = {
    async next() {
      if (over) return { done: true, value: undefined };
      if (!begun) {
        begun = true;
        return { done: false, value: `retry: ${RETRY_MS}\n\n` };
      }
      try {
        return { done: false, value: await step() };
      } catch (error) {
        log.warn({ error: (error as Error).message }, 'a stream ends because its source cannot be read');
        close();
        return { done: false, value: lastFrame('unavailable') };
      }
    },
    return() {
      close();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
