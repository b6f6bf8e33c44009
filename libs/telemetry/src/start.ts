import { createRequire } from 'node:module';
import { exportingTracing } from './exporting';
import { installMeters } from './metrics';
import { SEMCONV_VERSIONS, type SemconvVersion } from './semantics';
import { idle, installTracing } from './tracing';

export interface Telemetry {
  /** Whether spans leave this process. */
  readonly exporting: boolean;
  /** Sends what is queued, for at most two seconds. Never rejects: telemetry may be lost (I14). */
  shutdown(): Promise<void>;
}

type Environment = { readonly [name: string]: string | undefined };

const SHUTDOWN_MS = 2_000;

function exporterConfigured(env: Environment): boolean {
  if (env['OTEL_SDK_DISABLED'] === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none') return false;
  return Boolean(env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? env['OTEL_EXPORTER_OTLP_ENDPOINT']);
}

/** The same for figures, which may go elsewhere, or nowhere. */
function metricsConfigured(env: Environment): boolean {
  if (env['OTEL_SDK_DISABLED'] === 'true' || env['OTEL_METRICS_EXPORTER'] === 'none') return false;
  return Boolean(env['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'] ?? env['OTEL_EXPORTER_OTLP_ENDPOINT']);
}

/** `WRIT_SEMCONV` picks the version of the conventions whose names are emitted; the newest by default. */
function semconvVersion(env: Environment): SemconvVersion {
  const asked = env['WRIT_SEMCONV'] ?? SEMCONV_VERSIONS[0];
  const version = SEMCONV_VERSIONS.find((known) => known === asked);
  if (version) return version;
  throw new Error(`WRIT_SEMCONV is ${asked}; use one of ${SEMCONV_VERSIONS.join(', ')}, or unset it`);
}

const within = (ms: number, work: Promise<unknown>): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    work.then(done, done);
  });

let running: Telemetry | null = null;

/**
 * Starts tracing for this process. Spans are exported over OTLP/HTTP only when `OTEL_EXPORTER_OTLP_ENDPOINT` or
 * `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is set; otherwise the SDK is not even loaded (it costs 200 ms and 35 MB) and only
 * trace ids exist. Call it before anything loads `pg` or `node:http`, from a module that is the first import of `main.ts`
 * (compilers hoist imports above statements), or with `--require` of `preload.js`. A second call returns the first.
 */
export function startTelemetry(service: string, env: Environment = process.env): Telemetry {
  running ??= startBoth(service, env);
  return running;
}

function startBoth(service: string, env: Environment): Telemetry {
  const spans = exporterConfigured(env) ? startExporting(service, semconvVersion(env)) : startIdle();
  const figures = metricsConfigured(env) ? startFigures(service, semconvVersion(env)) : null;
  return {
    exporting: spans.exporting,
    shutdown: async () => {
      await Promise.all([spans.shutdown(), figures?.()]);
    },
  };
}

/** The SDK is loaded when the first figure is to be exported: a process without one pays nothing. */
function startFigures(service: string, version: SemconvVersion): () => Promise<void> {
  let started: ReturnType<typeof import('./meters').startMeters> | null = null;
  installMeters((name, read) => {
    started ??= (createRequire(__filename)('./meters') as typeof import('./meters')).startMeters(service, version);
    started.meters(name, read);
  });
  return async () => {
    installMeters(null);
    if (started) await within(SHUTDOWN_MS, started.shutdown());
  };
}

function startIdle(): Telemetry {
  installTracing(idle);
  return {
    exporting: false,
    shutdown: () => {
      running = null;
      return Promise.resolve();
    },
  };
}

/** Loads the SDK only now. Not by `import()`: what is patched must not load before this returns. */
function startExporting(service: string, version: SemconvVersion): Telemetry {
  const { startSdk } = createRequire(__filename)('./sdk') as typeof import('./sdk');
  const sdk = startSdk(service);
  installTracing(exportingTracing(version));
  return {
    exporting: true,
    shutdown: () => {
      running = null;
      installTracing(idle);
      return within(SHUTDOWN_MS, sdk.shutdown());
    },
  };
}
