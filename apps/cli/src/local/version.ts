export { productVersion } from '@writ/telemetry';
