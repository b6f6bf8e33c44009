import type { Attributes, SpanKind } from './semantics';
import { formatTraceparent, newTrace, parseTraceparent, type TraceRef } from './trace';
import { type OpenSpan, tracing } from './tracing';

const errorCode = (error: unknown): string => {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'error';
};

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === 'function';

function settled<T>(result: T, open: OpenSpan): T {
  if (!isThenable(result)) {
    open.end();
    return result;
  }
  return result.then(
    (value: unknown) => {
      open.end();
      return value;
    },
    (error: unknown) => {
      open.fail(errorCode(error));
      open.end();
      throw error;
    },
  ) as T;
}

/**
 * Runs `fn` inside a span that ends when it returns, or when the promise it returns settles. What `fn` throws marks the
 * span failed and is thrown on. Without an exporter this costs a call and, at most, one trace id.
 */
export function span<T>(kind: SpanKind, attributes: Attributes, fn: (open: OpenSpan) => T): T {
  const now = tracing();
  const open = now.open(kind, attributes, null);
  if (!now.recording) return now.within(open.ref, () => fn(open));
  try {
    return settled(
      now.within(open.ref, () => fn(open)),
      open,
    );
  } catch (error) {
    open.fail(errorCode(error));
    open.end();
    throw error;
  }
}

/**
 * Opens a span that outlives the current call: a run, a turn. The caller ends it. `parent` defaults to the ambient
 * trace; run what belongs below it with `inSpan`.
 */
export function openSpan(kind: SpanKind, attributes: Attributes, parent: TraceRef | null = null): OpenSpan {
  return tracing().open(kind, attributes, parent);
}

export function inSpan<T>(open: OpenSpan, fn: () => T): T {
  return tracing().within(open.ref, fn);
}

/** Ids of the ambient trace; null outside any. Evidence links to them, it never depends on them. */
export function currentTrace(): TraceRef | null {
  return tracing().current();
}

/**
 * Runs `fn` in the trace a `traceparent` names: a queued job, a caller's request. A missing or malformed header starts
 * a new trace, so `currentTrace()` is never null inside.
 */
export function withTraceContext<T>(traceparent: string | null | undefined, fn: () => T): T {
  const now = tracing();
  // A trace that begins here is recorded where anything is; a caller's says for itself.
  return now.within(parseTraceparent(traceparent) ?? { ...newTrace(), sampled: now.recording }, fn);
}

/** The same where the trace is at hand. */
export function withTrace<T>(ref: TraceRef, fn: () => T): T {
  return tracing().within(ref, fn);
}

/** The ambient trace as a `traceparent` (W3C Trace Context), to be carried across a queue or a socket; null outside any. */
export function injectTraceparent(): string | null {
  const ref = tracing().current();
  return ref === null ? null : formatTraceparent(ref);
}

/**
 * Runs `fn` without any span, also of instrumented libraries: they would record addresses, which hold arguments where
 * the address is made of them.
 */
export const untraced = <T>(fn: () => T): T => tracing().without(fn);
