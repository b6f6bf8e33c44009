import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request as httpRequest } from 'node:http';
import { Agent as TlsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Result } from '@writ/kernel';
import type { PermitRefusal } from '@writ/policy';
import { addressOfHost, parseAddress } from '../egress/parse-address';

export interface Outgoing {
  /** Null for a request that has none. */
  readonly body: string | null;
  /** Headers known only once the permit is open. */
  readonly headers?: OutgoingHttpHeaders;
}

export interface ExchangeRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: OutgoingHttpHeaders;
  readonly signal: AbortSignal;
  /** Never a pooled connection: a reset before the answer then cannot come from one the peer had already closed. */
  readonly fresh: boolean;
  /** Connects to this IP address, whatever the URL's host leads to by now; the host is still who is asked for. */
  readonly address?: string;
  /** Certificates to trust instead of the system's. */
  readonly ca?: string;
  /**
   * Called once, when the connection stands and not one byte of the request has been written: the place to open a
   * permit. A refusal destroys the connection.
   */
  readonly write: () => Result<Outgoing, PermitRefusal>;
}

export type Exchange =
  | { readonly kind: 'answered'; readonly status: number; readonly message: IncomingMessage }
  | { readonly kind: 'refused'; readonly refusal: PermitRefusal }
  /** `written` says whether any of the request may have reached the peer; `code` is Node's error code. */
  | { readonly kind: 'broken'; readonly written: boolean; readonly code: string };

/**
 * Idle connections are closed here after four seconds, below the five that Node's own server and most proxies allow, so
 * that a request is rarely written into a connection the peer is just closing.
 */
const IDLE_MS = 4_000;
const pooled = new Agent({ keepAlive: true, timeout: IDLE_MS, maxFreeSockets: 64 });
const pooledTls = new TlsAgent({ keepAlive: true, timeout: IDLE_MS, maxFreeSockets: 64 });

function whenConnected(socket: Socket, secure: boolean, then: () => void): void {
  const tls = socket as TLSSocket & { secureConnecting?: boolean };
  if (secure && (socket.connecting || tls.secureConnecting === true)) socket.once('secureConnect', then);
  else if (socket.connecting) socket.once('connect', then);
  else then();
}

/**
 * Options that make the connection go to the address and nowhere else: a URL with an address for a host is never looked
 * up. The certificate is still checked against the host, which goes out as server name and `Host`.
 */
function pinned({ url, address, headers }: ExchangeRequest): RequestOptions {
  if (address === undefined) return {};
  const servername = addressOfHost(url) === null ? url.hostname : '';
  return { hostname: address, servername, headers: { ...headers, host: url.host } };
}

/** Seen from the socket: whatever stands between (a proxy, a patched agent), what was checked is what is talked to. */
const isAt = (socket: Socket, address: string | undefined): boolean =>
  address === undefined || parseAddress(socket.remoteAddress ?? '')?.value === parseAddress(address)?.value;

/**
 * One HTTP request over `node:http` rather than `fetch`: only here is there a moment when the connection stands and
 * nothing is written yet. A slow name lookup or handshake therefore spends none of the permit's time, and a connection
 * that never came to be is known not to have landed.
 */
export function exchange(ask: ExchangeRequest): Promise<Exchange> {
  return new Promise((resolve) => {
    const secure = ask.url.protocol === 'https:';
    const agent = ask.fresh ? false : secure ? pooledTls : pooled;
    const { method, headers, signal, ca } = ask;
    const options = { method, headers, agent, signal, ...(ca !== undefined && { ca }), ...pinned(ask) };
    const outgoing = secure ? httpsRequest(ask.url, options) : httpRequest(ask.url, options);
    let written = false;

    const go = (socket: Socket): void => {
      if (signal.aborted || outgoing.destroyed) return;
      if (!isAt(socket, ask.address)) {
        resolve({ kind: 'broken', written, code: 'EOTHERPEER' });
        outgoing.destroy();
        return;
      }
      const ready = ask.write();
      if (!ready.ok) {
        resolve({ kind: 'refused', refusal: ready.failure });
        outgoing.destroy();
        return;
      }
      const { body, headers: late } = ready.value;
      for (const [name, value] of Object.entries(late ?? {})) {
        if (value !== undefined) outgoing.setHeader(name, value);
      }
      if (body !== null) outgoing.setHeader('content-length', Buffer.byteLength(body));
      written = true;
      outgoing.end(body ?? undefined);
    };

    outgoing.on('socket', (socket) => whenConnected(socket, secure, () => go(socket)));
    outgoing.on('response', (message) => resolve({ kind: 'answered', status: message.statusCode ?? 0, message }));
    outgoing.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ kind: 'broken', written, code: error.code ?? error.name }),
    );
    outgoing.on('close', () => resolve({ kind: 'broken', written, code: 'ECLOSED' }));
  });
}
