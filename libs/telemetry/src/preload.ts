import { basename, dirname } from 'node:path';
import { startTelemetry } from './start';

/**
 * For `node --require dist/libs/telemetry/src/preload.js dist/apps/worker/src/main.js`: nothing can load before it. The
 * service is named by `OTEL_SERVICE_NAME`, else by the app's folder.
 */
const app = basename(dirname(dirname(process.argv[1] ?? 'writ/src/main.js')));
startTelemetry(process.env['OTEL_SERVICE_NAME'] ?? `writ-${app}`);
