import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endWithParent } from './end-with-parent';

/**
 * The other side of the crash tests, in a process of its own that is never killed: it counts what reached it. A
 * repeatable effect honours its key, as a real service would; an unrepeatable one happens again each time it is asked.
 * POST /effect {key, repeatable} → {count} · GET /effects → {key: {arrivals, effects}}
 * A repeatable effect answers after `WRIT_COUNTER_DELAY_MS`, so that calls are under way for a while.
 */
const delay = Number(process.env['WRIT_COUNTER_DELAY_MS'] ?? 0);
const effects = new Map<string, { arrivals: number; effects: number }>();

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

const server = createServer((request, response) => {
  void bodyOf(request).then((text) => {
    response.setHeader('content-type', 'application/json');
    if (request.method === 'GET') {
      response.end(JSON.stringify(Object.fromEntries(effects)));
      return;
    }
    const { key, repeatable } = JSON.parse(text) as { key: string; repeatable: boolean };
    const seen = effects.get(key) ?? { arrivals: 0, effects: 0 };
    seen.arrivals += 1;
    if (!repeatable || seen.effects === 0) seen.effects += 1;
    effects.set(key, seen);
    setTimeout(() => response.end(JSON.stringify({ count: seen.effects })), repeatable ? delay : 0);
  });
});

endWithParent();
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
