import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { EgressGuard } from '@writ/gateways';
import type { TenantId } from '@writ/kernel';

/** How one try ended: the status that was answered, or why there was none. */
export type Sent =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfterMs: number | null }
  | { readonly kind: 'failed'; readonly error: string };

export interface Outgoing {
  readonly tenant: TenantId;
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
  readonly timeoutMs: number;
}

/**
 * Sends one message, where the operator's rules let it: the address is judged first, and the connection goes to an address
 * that was judged, whatever the name leads to by then. Redirects are not followed, and the answer's body is thrown away.
 */
export async function send(guard: EgressGuard, message: Outgoing): Promise<Sent> {
  const url = new URL(message.url);
  const admitted = await guard.admit({ url, tenant: message.tenant, origins: [url.origin] });
  if (!admitted.ok) return { kind: 'failed', error: admitted.failure.code };
  const [address] = admitted.value.addresses;
  return post(url, address, message);
}

function post(url: URL, address: string, { headers, body, timeoutMs }: Outgoing): Promise<Sent> {
  return new Promise((resolve) => {
    const family = isIP(address);
    const options: RequestOptions = {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      agent: false,
      timeout: timeoutMs,
      lookup: (_host, asked, done) => {
        if (asked.all === true) (done as unknown as (e: null, all: object[]) => void)(null, [{ address, family }]);
        else done(null, address, family);
      },
      signal: AbortSignal.timeout(timeoutMs),
    };
    const outgoing = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
    outgoing.on('response', (answer) => {
      answer.resume();
      const seconds = Number(answer.headers['retry-after']);
      const retryAfterMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null;
      resolve({ kind: 'answered', status: answer.statusCode ?? 0, retryAfterMs });
    });
    outgoing.on('timeout', () => outgoing.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })));
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const timeout = error.name === 'TimeoutError' || error.name === 'AbortError';
      resolve({ kind: 'failed', error: timeout ? 'ETIMEDOUT' : (error.code ?? error.name) });
    });
    outgoing.end(body);
  });
}
