import { connect, createServer, type Server, type Socket } from 'node:net';

/** `before`: the server never hears of the COMMIT. `after`: it commits, and nobody hears the answer. */
export type CommitCut = 'before' | 'after';

/** A server's doorway that can be told to break at the COMMIT of the next transaction that wrote to a certain table. */
export class CommitCutter {
  #cut: CommitCut | null = null;
  cuts = 0;
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
    private readonly table: string,
  ) {
    server.on('connection', (client) => this.#serve(client));
  }

  static async open(target: string, table: string): Promise<CommitCutter> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new CommitCutter(server, new URL(target), table);
  }

  /** The target's address, by way of this doorway. */
  get url(): string {
    const address = this.server.address();
    const url = new URL(this.target);
    url.host = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    return url.href;
  }

  cutNext(cut: CommitCut): void {
    this.#cut = cut;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #serve(client: Socket): void {
    const upstream = connect(Number(this.target.port), this.target.hostname);
    let wrote = false;
    let cutting = false;
    const over = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket);
      socket.on('error', over);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        over();
      });
    }
    client.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1');
      wrote ||= text.includes(this.table);
      if (!text.includes('COMMIT')) return void upstream.write(chunk);
      cutting = wrote && this.#cut !== null;
      wrote = false;
      if (!cutting) return void upstream.write(chunk);
      this.cuts += 1;
      if (this.#cut === 'after') upstream.write(chunk);
      else over();
      this.#cut = null;
    });
    upstream.on('data', (chunk: Buffer) => {
      if (cutting) over();
      else if (!client.destroyed) client.write(chunk);
    });
  }
}
