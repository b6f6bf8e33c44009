import {
  context,
  createContextKey,
  ROOT_CONTEXT,
  type Span,
  SpanKind as OtelKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { type Attributes, type SemconvVersion, type SpanKind, wireAttributes, wireSpan } from './semantics';
import type { TraceRef } from './trace';
import type { OpenSpan, Tracing } from './tracing';

const SAMPLED = 1;
/** Registered under this name by every version of the SDK, so that a context can say it without the SDK's help. */
const SUPPRESSED = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

class RecordedSpan implements OpenSpan {
  readonly ref: TraceRef;

  constructor(
    readonly span: Span,
    private readonly version: SemconvVersion,
  ) {
    const { traceId, spanId, traceFlags } = span.spanContext();
    this.ref = { traceId, spanId, sampled: (traceFlags & SAMPLED) === SAMPLED };
  }

  set(attributes: Attributes): void {
    for (const [name, value] of Object.entries(wireAttributes(attributes, this.version))) {
      this.span.setAttribute(name, Array.isArray(value) ? [...(value as string[])] : (value as string));
    }
  }

  fail(code: string): void {
    this.span.setStatus({ code: SpanStatusCode.ERROR });
    this.set({ error: code });
  }

  end(): void {
    this.span.end();
  }
}

/** Spans recorded by the OpenTelemetry SDK; the SDK must be running before the first one is opened. */
export function exportingTracing(version: SemconvVersion): Tracing {
  const tracer = trace.getTracer('writ', `semconv-${version}`);
  const open = new WeakMap<TraceRef, Span>();

  const contextOf = (ref: TraceRef) => {
    const span = open.get(ref);
    if (span) return trace.setSpan(context.active(), span);
    const { traceId, spanId, sampled } = ref;
    return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: sampled ? SAMPLED : 0, isRemote: true });
  };

  return {
    recording: true,
    current() {
      const here = trace.getSpan(context.active())?.spanContext();
      if (!here) return null;
      return { traceId: here.traceId, spanId: here.spanId, sampled: (here.traceFlags & SAMPLED) === SAMPLED };
    },
    within: (ref, fn) => context.with(contextOf(ref), fn),
    without: (fn) => context.with(context.active().setValue(SUPPRESSED, true), fn),
    open(kind: SpanKind, attributes: Attributes, parent: TraceRef | null) {
      const wire = wireSpan(kind, attributes, version);
      const options = {
        kind: wire.kind === 'client' ? OtelKind.CLIENT : OtelKind.INTERNAL,
        attributes: wire.attributes as Record<string, string>,
      };
      const span = tracer.startSpan(wire.name, options, parent === null ? context.active() : contextOf(parent));
      const recorded = new RecordedSpan(span, version);
      open.set(recorded.ref, span);
      return recorded;
    },
  };
}
