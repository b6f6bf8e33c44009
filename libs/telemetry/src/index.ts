export { type Logger, logger } from './logger';
export { gauge, type GaugeName, type Reading } from './metrics';
export { redactText } from './redact';
export {
  type AttributeName,
  type Attributes,
  type AttributeValue,
  SEMCONV_VERSIONS,
  type SemconvVersion,
  type SpanKind,
  SPANS,
} from './semantics';
export { currentTrace, injectTraceparent, inSpan, openSpan, span, untraced, withTrace, withTraceContext } from './span';
export { startTelemetry, type Telemetry } from './start';
export { formatTraceparent, newTrace, parseTraceparent, type TraceRef } from './trace';
export type { OpenSpan } from './tracing';
export { productVersion } from './version';
