import { startTelemetry } from '@writ/telemetry';

/** Its import stands first in `main.ts`: what is patched must not have been loaded yet. */
export const telemetry = startTelemetry('writ-worker');
