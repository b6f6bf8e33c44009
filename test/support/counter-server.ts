import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endWithParent } from './end-with-parent';

/**
 * The other side of the crash tests, in a process of its own that is never killed: it counts what reached it. A
 * repeatable effect honours its key, as a real service would; an unrepeatable one happens again each time it is asked.
 * POST /effect {key, repeatable} → {count} · GET / → {key: {arrivals, effects}} · GET /<key> → {arrivals, effects}
 * POST /pay and POST /note with an `idempotency-key` are the same, as a service would have it.
 * A repeatable effect answers after `WRIT_COUNTER_DELAY_MS`, so that calls are under way for a while.
 */
const delay = Number(process.env['WRIT_COUNTER_DELAY_MS'] ?? 0);
const NOTHING = { arrivals: 0, effects: 0 };
const effects = new Map<string, { arrivals: number; effects: number }>();

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

function asked(request: IncomingMessage, text: string): { readonly key: string; readonly repeatable: boolean } {
  const key = request.headers['idempotency-key'];
  if (typeof key === 'string') return { key, repeatable: request.url !== '/pay' };
  return JSON.parse(text) as { key: string; repeatable: boolean };
}

const server = createServer((request, response) => {
  void bodyOf(request).then((text) => {
    response.setHeader('content-type', 'application/json');
    if (request.method === 'GET') {
      const one = request.url?.slice(1) ?? '';
      response.end(JSON.stringify(one === '' ? Object.fromEntries(effects) : (effects.get(one) ?? NOTHING)));
      return;
    }
    const { key, repeatable } = asked(request, text);
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
