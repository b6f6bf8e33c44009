import type { LoggerService } from '@nestjs/common';
import { logger } from '@writ/telemetry';

const log = logger('nest');

/** What Nest has to say goes where everything else goes; its account of every route it maps goes nowhere. */
export const nestLog: LoggerService = {
  log: () => undefined,
  warn: (message: unknown, ...rest: unknown[]) => log.warn({ rest }, String(message)),
  error: (message: unknown, ...rest: unknown[]) => log.error({ rest }, String(message)),
};
