import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { TEST_CERTIFICATE, TEST_KEY } from './tls';

export interface Heard {
  readonly method: string;
  /** Path and query, as they came. */
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Server name of the TLS handshake. */
  readonly servername: string | undefined;
}

/** A real HTTP server on this machine that does with each request what the test says. */
export interface HttpServicePeer {
  readonly port: number;
  readonly heard: Heard[];
  connections(): number;
  close(): Promise<void>;
}

export type Serve = (request: Heard, response: ServerResponse) => void;

export async function httpPeer(serve: Serve, { tls = false, host = '127.0.0.1' } = {}): Promise<HttpServicePeer> {
  const heard: Heard[] = [];
  const open = new Set<Socket>();
  let connections = 0;
  const receive = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const servername = (request.socket as Socket & { servername?: string | false }).servername || undefined;
      const one = { method, target: url, headers, body: Buffer.concat(chunks).toString('utf8'), servername };
      heard.push(one);
      serve(one, response);
    });
  };
  const server = tls ? createTlsServer({ cert: TEST_CERTIFICATE, key: TEST_KEY }, receive) : createServer(receive);
  server.on('connection', (socket: Socket) => {
    connections += 1;
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    heard,
    connections: () => connections,
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const answerJson = (response: ServerResponse, value: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};
