export { logger } from './logger';
export { gauge, type Reading } from './metrics';
export { redactText } from './redact';
export { currentTrace, injectTraceparent, inSpan, openSpan, span, untraced, withTrace, withTraceContext } from './span';
export { startTelemetry } from './start';
export { formatTraceparent, newTrace, parseTraceparent, type TraceRef } from './trace';
export { productVersion } from './version';
