import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';

const EXPORT_TIMEOUT_MS = 5_000;
/** Spans waiting for the collector; when it is away the rest are dropped, so a dead collector costs this much memory. */
const QUEUE = 2_048;

/** Query parameters whose values never enter a span: the library's own list, and names that servers take keys by. */
const redactedQueryParams = [
  ...['sig', 'Signature', 'AWSAccessKeyId', 'X-Goog-Signature', 'X-Amz-Signature', 'X-Amz-Security-Token'],
  ...['token', 'access_token', 'key', 'api_key', 'apikey', 'api-key', 'secret', 'client_secret', 'password', 'code'],
];

/** Starts the OpenTelemetry SDK, exporting over OTLP/HTTP to where its own environment variables say. */
export function startSdk(service: string): { shutdown(): Promise<void> } {
  const exporter = new OTLPTraceExporter({ timeoutMillis: EXPORT_TIMEOUT_MS });
  const processor = new BatchSpanProcessor({ exporter, maxQueueSize: QUEUE, exportTimeoutMillis: EXPORT_TIMEOUT_MS });
  const sdk = new NodeSDK({
    serviceName: service,
    spanProcessors: [processor],
    // Empty lists, not absent ones: absent means exporters to localhost, whose failure rejects the shutdown.
    metricReaders: [],
    logRecordProcessors: [],
    // A statement outside any span (polls, migrations) is not a trace of its own.
    instrumentations: [
      new HttpInstrumentation({ redactedQueryParams, redactedQueryParamsServer: redactedQueryParams }),
      new PgInstrumentation({ requireParentSpan: true }),
    ],
  });
  sdk.start();
  return sdk;
}
