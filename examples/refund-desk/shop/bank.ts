import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ledger } from './ledger';
import type { Orders } from './orders';

const PATH = /^\/v1\/orders\/([^/]+)\/refunds$/;

/**
 * The bank's one operation, `POST /v1/orders/{order}/refunds`: pays, and answers. The key of a payment is kept with it,
 * so that asking again pays nothing and gets the same answer. For some orders the answer takes its time; the money does not.
 */
export async function bank(
  { ledger, orders }: { readonly ledger: Ledger; readonly orders: Orders },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const order = decodeURIComponent(PATH.exec(request.url ?? '')?.[1] ?? '');
  const known = orders[order];
  if (request.method !== 'POST' || !known) return answer(response, 404, { message: 'no such order' });
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string') return answer(response, 400, { message: 'an idempotency-key is required' });
  const cents = await amountIn(request);
  if (cents === null) return answer(response, 422, { message: 'amount_cents must be a whole number above zero' });
  ledger.asked({ what: 'payment', key, order, attempt: Number(request.headers['x-attempt'] ?? 1) });
  const first = ledger.once({ kind: 'payment', key, order, cents });
  if (first && known.bank_takes_ms) await sleep(known.bank_takes_ms);
  answer(response, 201, { order, paid_cents: cents, to: known.owner });
}

async function amountIn(request: IncomingMessage): Promise<number | null> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    const { amount_cents: cents } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { amount_cents?: unknown };
    return typeof cents === 'number' && Number.isInteger(cents) && cents > 0 ? cents : null;
  } catch {
    return null;
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
