import { AsyncLocalStorage } from 'node:async_hooks';
import type { Attributes, SpanKind } from './semantics';
import { newTrace, type TraceRef } from './trace';

/** An open span. Ending twice or setting after the end does nothing. */
export interface OpenSpan {
  readonly ref: TraceRef;
  set(attributes: Attributes): void;
  /** Marks the span failed with a stable code (`error.type`). Never a message: messages may quote content. */
  fail(code: string): void;
  end(): void;
}

/**
 * Where spans go. Two exist: `idle` keeps only the ids that evidence needs and records nothing; the exporting one lives
 * in `exporting.ts` and is installed by `startTelemetry` when an exporter is configured.
 */
export interface Tracing {
  readonly recording: boolean;
  current(): TraceRef | null;
  within<T>(ref: TraceRef, fn: () => T): T;
  /** Runs `fn` where no spans are recorded, not even by instrumented libraries. */
  without<T>(fn: () => T): T;
  open(kind: SpanKind, attributes: Attributes, parent: TraceRef | null): OpenSpan;
}

const ambient = new AsyncLocalStorage<TraceRef>();

class IdleSpan implements OpenSpan {
  constructor(readonly ref: TraceRef) {}
  set(): void {}
  fail(): void {}
  end(): void {}
}

/** Spans of one trace share its ids: nothing would tell them apart, and drawing ids is most of a span's cost. */
export const idle: Tracing = {
  recording: false,
  current: () => ambient.getStore() ?? null,
  within: (ref, fn) => (ambient.getStore() === ref ? fn() : ambient.run(ref, fn)),
  without: (fn) => fn(),
  open: (_kind, _attributes, parent) => new IdleSpan(parent ?? ambient.getStore() ?? newTrace()),
};

let installed: Tracing = idle;

/** One process has one tracing: the instrumented libraries of OpenTelemetry are global as well. */
export const tracing = (): Tracing => installed;
export function installTracing(next: Tracing): void {
  installed = next;
}
