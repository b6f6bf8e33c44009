import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** One fixed address in front of a server that comes back on another port. */
export interface Relay {
  readonly port: number;
  /** Where connections go from now on; null refuses them. */
  point(port: number | null): void;
  /** Cuts what is open, as a failing network would. */
  cut(): void;
  close(): Promise<void>;
}

export async function startRelay(): Promise<Relay> {
  let target: number | null = null;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    if (target === null) {
      client.destroy();
      return;
    }
    const upstream = connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const cut = (): void => open.forEach((socket) => void socket.destroy());
  return {
    port: (server.address() as AddressInfo).port,
    point: (port) => void (target = port),
    cut,
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
