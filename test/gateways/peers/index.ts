import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { McpServer } from '@writ/gateways';

const SERVER = join(process.cwd(), 'test/gateways/peers/mcp-server.mts');

export type StdioPeer = Extract<McpServer, { transport: 'stdio' }>;
export type HttpPeer = Extract<McpServer, { transport: 'http' }>;

/** An MCP server that the gateway itself starts. */
export function stdioPeer(flags: readonly string[] = [], env: readonly string[] = []): StdioPeer {
  const args = ['--disable-warning=ExperimentalWarning', SERVER, '--stdio', ...flags];
  return { name: 'peer', transport: 'stdio', command: process.execPath, args, env };
}

export interface RunningPeer {
  readonly server: HttpPeer;
  readonly process: ChildProcess;
  close(): Promise<void>;
}

/** An MCP server behind HTTP, already running; it ends with its standard input. */
export async function startHttpPeer(flags: readonly string[] = []): Promise<RunningPeer> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', SERVER, '--http', ...flags], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { url } = JSON.parse(line) as { url: string };
  return {
    server: { name: 'peer', transport: 'http', url, headersEnv: {} },
    process: child,
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.stdin.end();
      await gone;
    },
  };
}

/** A TCP peer that does with each connection what the test says, and counts what it was sent. */
export interface RawPeer {
  readonly port: number;
  bytes(): number;
  connections(): number;
  close(): Promise<void>;
}

export async function rawPeer(serve: (socket: Socket, head: string) => void): Promise<RawPeer> {
  const open = new Set<Socket>();
  let bytes = 0;
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections += 1;
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => undefined);
    let served = false;
    socket.on('data', (data: Buffer) => {
      bytes += data.length;
      if (served) return;
      served = true;
      serve(socket, data.toString('latin1'));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    bytes: () => bytes,
    connections: () => connections,
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Passes bytes on to a real peer and counts those it was sent: shows what reached it, whatever answered. */
export async function countingRelay(url: string): Promise<RawPeer & { readonly url: string }> {
  const target = new URL(url);
  let bytes = 0;
  let connections = 0;
  const open = new Set<Socket>();
  const server = createServer((near) => {
    connections += 1;
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (data: Buffer) => (bytes += data.length));
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const own = new URL(url);
  own.port = String(port);
  return {
    port,
    url: own.href,
    bytes: () => bytes,
    connections: () => connections,
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
