import { randomBytes, toHex } from '@writ/kernel';

/** A place in a trace (W3C Trace Context §3.2): 32 and 16 lower-case hexadecimal characters, never all zeros. */
export interface TraceRef {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);

/** Random ids; one draw in 2^128 would be all zeros, which the standard forbids, so it is drawn again. */
function randomHex(bytes: number): string {
  for (;;) {
    const text = toHex(randomBytes(bytes));
    if (!/^0+$/.test(text)) return text;
  }
}

/** A new trace that nobody records unless an exporter is running. */
export function newTrace(): TraceRef {
  return { traceId: randomHex(16), spanId: randomHex(8), sampled: false };
}

/**
 * Reads a `traceparent` header (W3C Trace Context §3.2.2). Null for anything malformed: a caller's broken header starts
 * a new trace, it never fails a request. Versions after 00 are read by their first four fields, as the standard asks.
 */
export function parseTraceparent(header: string | null | undefined): TraceRef | null {
  const match = header ? TRACEPARENT.exec(header.trim()) : null;
  if (!match) return null;
  const [, version, traceId, spanId, flags, rest] = match;
  if (!traceId || !spanId || !flags || version === 'ff') return null;
  if (traceId === NO_TRACE || spanId === NO_SPAN) return null;
  if (version === '00' && rest !== undefined) return null;
  return { traceId, spanId, sampled: (parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceparent(ref: TraceRef): string {
  return `00-${ref.traceId}-${ref.spanId}-${ref.sampled ? '01' : '00'}`;
}
