import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const SERVICE = join(process.cwd(), 'dist/test/telemetry/exporting-process.js');
const PRELOAD = join(process.cwd(), 'dist/libs/telemetry/src/preload.js');

interface WireSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly status?: { readonly code?: number; readonly message?: string };
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
}

interface WireFigure {
  readonly name: string;
  readonly unit: string;
  readonly gauge: {
    readonly dataPoints: readonly {
      readonly asDouble?: number;
      readonly asInt?: number;
      readonly attributes: WireSpan['attributes'];
    }[];
  };
}

interface Collector {
  readonly url: string;
  readonly figures: WireFigure[];
  readonly spans: WireSpan[];
  readonly services: Set<string>;
  close(): Promise<void>;
}

/** An OTLP/HTTP receiver (JSON). `mute` takes every request and answers none. */
async function startCollector(mute = false): Promise<Collector> {
  const spans: WireSpan[] = [];
  const figures: WireFigure[] = [];
  const services = new Set<string>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (mute) return;
      const raw = Buffer.concat(chunks);
      const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString();
      if (request.url?.endsWith('/v1/metrics')) {
        const { resourceMetrics } = JSON.parse(text) as {
          resourceMetrics: { scopeMetrics: { metrics: WireFigure[] }[] }[];
        };
        for (const { scopeMetrics } of resourceMetrics)
          for (const { metrics } of scopeMetrics) figures.push(...metrics);
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
        return;
      }
      const body = JSON.parse(text) as {
        resourceSpans: {
          resource: { attributes: WireSpan['attributes'] };
          scopeSpans: { spans: WireSpan[] }[];
        }[];
      };
      for (const { resource, scopeSpans } of body.resourceSpans) {
        const name = resource.attributes.find(({ key }) => key === 'service.name')?.value['stringValue'];
        services.add(String(name));
        for (const scope of scopeSpans) spans.push(...scope.spans);
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    figures,
    services,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Ref {
  readonly traceId: string;
  readonly spanId: string;
}
interface Seen {
  readonly done: number;
  readonly heard: string | null;
  readonly quiet: string | null;
  readonly turn: Ref;
  readonly run: Ref;
  readonly current: Ref;
  readonly carried: string;
  readonly loaded: boolean;
  readonly exporting: boolean;
}

async function runService(env: Record<string, string>, flags: readonly string[] = []): Promise<Seen> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: _a, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: _b, ...rest } = process.env;
  const child = spawn(process.execPath, [...flags, SERVICE], {
    env: { ...rest, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  expect(code).toBe(0);
  return JSON.parse(out) as Seen;
}

const attributes = (span: WireSpan | undefined): Record<string, unknown> =>
  Object.fromEntries((span?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]));

describe('with a collector', () => {
  let collector: Collector;
  let seen: Seen;
  const named = (name: string): WireSpan | undefined => collector.spans.find((span) => span.name === name);

  beforeAll(async () => {
    collector = await startCollector();
    const database = process.env['WRIT_TEST_CLUSTER'] ?? '';
    seen = await runService({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, SPANS: '3', DATABASE: database });
  });
  afterAll(() => collector.close());

  it('every span arrives, as one tree under the trace that was carried in', () => {
    expect([...collector.services]).toEqual(['test-service']);
    // Kind 2, a server's: the one that hears a call without a trace begins one of its own.
    const ours = collector.spans.filter(({ kind }) => kind !== 2);
    expect(new Set(ours.map(({ traceId }) => traceId))).toEqual(new Set([seen.carried.split('-')[1]]));
    const run = named('invoke_workflow w');
    const turn = named('invoke_agent triage');
    expect(run).toMatchObject({ spanId: seen.run.spanId, parentSpanId: seen.carried.split('-')[2] });
    expect(turn).toMatchObject({ spanId: seen.turn.spanId, parentSpanId: seen.run.spanId });
    expect(seen.current.spanId).toBe(seen.turn.spanId);
    const tools = collector.spans.filter(({ name }) => name === 'execute_tool get_order');
    expect(tools.map(({ parentSpanId }) => parentSpanId)).toEqual([1, 2, 3].map(() => seen.turn.spanId));
  });

  it('attributes have the names and types of the conventions', () => {
    expect(attributes(named('chat m'))).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'm',
      'gen_ai.response.model': 'm',
      'gen_ai.response.finish_reasons': { values: [{ stringValue: 'stop' }] },
      'gen_ai.usage.input_tokens': 3,
      'gen_ai.usage.output_tokens': 4,
    });
  });

  it('a failure is marked by its code, never by its message', () => {
    const broken = named('execute_tool broken');
    expect(broken?.status?.code).toBe(2);
    expect(broken?.status?.message ?? '').toBe('');
    expect(attributes(broken)).toMatchObject({ 'error.type': 'oops' });
  });

  it('HTTP calls and statements are spans too: the libraries were patched before they were loaded', () => {
    expect(seen.heard).toMatch(new RegExp(`^00-${seen.run.traceId}-`));
    const kinds = collector.spans.filter(({ kind }) => kind === 3).map(({ name }) => name);
    expect(kinds).toEqual(expect.arrayContaining(['GET']));
    if (process.env['WRIT_TEST_CLUSTER'])
      expect(kinds).toEqual(expect.arrayContaining([expect.stringMatching(/^pg\.query/)]));
  });

  it('a call whose address holds arguments is in no span of the caller, and carries no trace to a stranger', () => {
    expect(seen.quiet).toBeNull();
    const clients = collector.spans.filter(({ kind }) => kind === 3);
    expect(clients.length).toBeGreaterThan(0);
    expect(JSON.stringify(clients)).not.toContain('canary');
  });
});

describe('figures', () => {
  it('arrive with their unit and the tenant they are of; a process that has none sends none', async () => {
    const collector = await startCollector();
    await runService({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    expect(collector.figures).toEqual([]);
    await runService({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, FIGURES: '1' });
    const found = new Map(collector.figures.map((figure) => [figure.name, figure]));
    expect(found.get('writ.queue.age')).toMatchObject({ unit: 's', gauge: { dataPoints: [{ asDouble: 1.5 }] } });
    const [line] = found.get('writ.queue.in_line')!.gauge.dataPoints;
    expect([line!.asInt ?? line!.asDouble, line!.attributes]).toEqual([
      3,
      [{ key: 'writ.tenant', value: { stringValue: 'ten_1' } }],
    ]);
    await collector.close();
  });

  it('[I14] stay where they are when the collector is gone, and keep no process alive', async () => {
    const gone = { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://127.0.0.1:9/v1/metrics', FIGURES: '1' };
    expect(await runService(gone)).toMatchObject({ done: 1, exporting: false });
  });
});

describe('without an exporter', () => {
  it('the SDK is not even loaded, and trace ids exist all the same', async () => {
    const seen = await runService({});
    expect(seen).toMatchObject({ exporting: false, loaded: false, done: 1, heard: null });
    expect(seen.current).toMatchObject({
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      spanId: expect.any(String),
    });
    expect(seen.run.traceId).toBe(seen.carried.split('-')[1]);
  });

  it.each([
    ['OTEL_SDK_DISABLED', 'true'],
    ['OTEL_TRACES_EXPORTER', 'none'],
  ])('%s=%s is none', async (name, value) => {
    const seen = await runService({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', [name]: value });
    expect(seen.exporting).toBe(false);
  });
});

describe('a collector that is gone', () => {
  it.each(['refuses', 'never answers'])(
    '[I14] %s: every span ends, the work is done, the process leaves',
    async (how) => {
      const collector = await startCollector(true);
      if (how === 'refuses') await collector.close();
      // More spans than are ever queued: the rest are dropped, nothing waits.
      const seen = await runService({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, SPANS: '20000' });
      expect(seen).toMatchObject({ exporting: true, done: 20_000 });
      expect(collector.spans).toEqual([]);
      if (how !== 'refuses') await collector.close();
    },
  );
});

it('a process that is told to --require the preload is traced from the start', async () => {
  const collector = await startCollector();
  const flags = ['--require', PRELOAD];
  await runService(
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces`, OTEL_SERVICE_NAME: 'named' },
    flags,
  );
  await collector.close();
  expect([...collector.services]).toEqual(['named']);
  expect(collector.spans.map(({ name }) => name)).toContain('invoke_workflow w');
});
