// Before anything it instruments is loaded.
import './started';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  currentTrace,
  gauge,
  injectTraceparent,
  inSpan,
  openSpan,
  span,
  untraced,
  withTraceContext,
} from '@writ/telemetry';
import { Client } from 'pg';
import { telemetry } from './started';

/**
 * A process under telemetry, as the services are: starts it with its first import, does some work in spans, shuts it down.
 * SPANS: how many tool calls to make. FIGURES: whether it has some. DATABASE: where to run one statement. Prints one JSON line of what it saw.
 */
async function heardTraceparent(path = '/'): Promise<string | null> {
  const server = createServer((request, response) => response.end(String(request.headers['traceparent'] ?? '')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const text = await new Promise<string>((resolve) =>
    get({ host: '127.0.0.1', port, path }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += String(chunk)));
      response.on('end', () => resolve(body));
    }),
  );
  server.close();
  return text === '' ? null : text;
}

async function work(spans: number): Promise<object> {
  const carried = withTraceContext(undefined, () => injectTraceparent());
  return withTraceContext(carried, async () => {
    const run = openSpan('run', { workflow: 'w', run: 'run_1', tenant: 'ten_1' });
    const seen = await inSpan(run, () =>
      span('turn', { agent: 'triage', conversation: 'run_1' }, async (turn) => {
        let done = 0;
        await span('model', { model: 'm' }, async (model) => {
          model.set({ inputTokens: 3, outputTokens: 4, finishReasons: ['stop'], responseModel: 'm' });
        });
        for (let at = 0; at < spans; at += 1) {
          await span('tool', { tool: 'get_order', toolType: 'function' }, async () => (done += 1));
        }
        await span('tool', { tool: 'broken' }, () =>
          Promise.reject(Object.assign(new Error('text'), { code: 'oops' })),
        ).catch(() => undefined);
        const heard = await heardTraceparent();
        const quiet = await untraced(() => heardTraceparent('/orders/canary'));
        if (process.env['DATABASE']) {
          const client = new Client({ connectionString: process.env['DATABASE'] });
          await client.connect();
          await client.query('select 1');
          await client.end();
        }
        return { done, heard, quiet, turn: turn.ref, current: currentTrace() };
      }),
    );
    run.end();
    return { ...seen, carried, run: run.ref };
  });
}

async function main(): Promise<void> {
  if (process.env['FIGURES']) {
    gauge('queueAge', () => [{ value: 1.5 }]);
    gauge('inLine', () => [{ value: 3, attributes: { tenant: 'ten_1' } }]);
  }
  const seen = await work(Number(process.env['SPANS'] ?? 1));
  const loaded = Object.keys(require.cache).some((path) => path.includes('sdk-node'));
  await telemetry.shutdown();
  process.stdout.write(`${JSON.stringify({ ...seen, loaded, exporting: telemetry.exporting })}\n`);
}

void main();
