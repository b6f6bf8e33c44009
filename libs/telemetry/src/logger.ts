import pino, { type Logger } from 'pino';
import { redactFields, redactLine } from './redact';
import { tracing } from './tracing';

export type { Logger };

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

function level(): string {
  const asked = process.env['WRIT_LOG_LEVEL'] ?? 'info';
  if (LEVELS.includes(asked)) return asked;
  throw new Error(`WRIT_LOG_LEVEL is ${asked}; use one of ${LEVELS.join(', ')}, or unset it`);
}

/**
 * JSON lines on standard error (standard output belongs to a command's result), with the ids of the ambient trace, the
 * level of `WRIT_LOG_LEVEL`, and secrets blanked by key and by shape.
 */
export function logger(name: string): Logger {
  return loggerTo(name, pino.destination({ fd: 2, sync: true }));
}

export function loggerTo(name: string, destination: { write(line: string): void }): Logger {
  const options: pino.LoggerOptions = {
    name,
    level: level(),
    base: { name },
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: () => {
      const here = tracing().current();
      return here === null ? {} : { trace_id: here.traceId, span_id: here.spanId };
    },
    formatters: {
      level: (label) => ({ level: label }),
      log: (fields) => redactFields(fields) as Record<string, unknown>,
    },
    hooks: { streamWrite: redactLine },
  };
  return pino(options, destination);
}
