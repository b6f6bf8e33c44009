import { startTelemetry } from '@writ/telemetry';

export const telemetry = startTelemetry('test-service');
