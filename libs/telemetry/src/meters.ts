import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { GAUGES, type Meters } from './metrics';
import { type SemconvVersion, wireAttributes } from './semantics';

const EXPORT_MS = 15_000;
const EXPORT_TIMEOUT_MS = 5_000;

/** Figures exported over OTLP/HTTP to where the exporter's own environment variables say. */
export function startMeters(
  service: string,
  version: SemconvVersion,
): { readonly meters: Meters; shutdown(): Promise<void> } {
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ timeoutMillis: EXPORT_TIMEOUT_MS }),
    exportIntervalMillis: Number(process.env['OTEL_METRIC_EXPORT_INTERVAL']) || EXPORT_MS,
    exportTimeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const provider = new MeterProvider({
    resource: defaultResource().merge(resourceFromAttributes({ 'service.name': service })),
    readers: [reader],
  });
  const meter = provider.getMeter('writ', `semconv-${version}`);
  return {
    meters(name, read) {
      const { name: wire, unit, description } = GAUGES[name];
      meter.createObservableGauge(wire, { unit, description }).addCallback((result) => {
        for (const { value, attributes } of read()) {
          result.observe(value, wireAttributes(attributes ?? {}, version) as Record<string, string>);
        }
      });
    },
    shutdown: () => provider.shutdown(),
  };
}
