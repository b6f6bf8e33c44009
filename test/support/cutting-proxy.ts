import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Where the connection is cut during the next batch of a group commit:
 * - before_request: the server never hears of it           - inside_request: it gets the first half
 * - at_work: it has the whole request and is on its own    - before_answer: it has committed and answered, nobody heard
 */
export type Cut = 'before_request' | 'inside_request' | 'at_work' | 'before_answer';
export const CUTS: readonly Cut[] = ['before_request', 'inside_request', 'at_work', 'before_answer'];

/** Frontend messages that begin a batch: Parse the first time on a connection, Bind after that. */
const BEGINS = new Set(['P'.charCodeAt(0), 'B'.charCodeAt(0)]);
const SYNC = Buffer.from([0x53, 0, 0, 0, 4]);
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

/** A Postgres server's doorway that can be told to break, and to lead elsewhere when the server comes back elsewhere. */
export class CuttingProxy {
  #cut: Cut | null = null;
  #target: URL;
  /** Connections cut so far. */
  cuts = 0;
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    target: string,
  ) {
    this.#target = new URL(target);
    server.on('connection', (client) => this.#serve(client));
  }

  static async open(target: string): Promise<CuttingProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new CuttingProxy(server, target);
  }

  /** An address of the target, by way of this proxy. */
  url(of: string): string {
    const url = new URL(of);
    const address = this.server.address();
    url.host = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    return url.href;
  }

  /** The next batch on any connection is cut there; all after it pass. */
  cutNext(cut: Cut): void {
    this.#cut = cut;
  }

  leadTo(target: string): void {
    this.#target = new URL(target);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #serve(client: Socket): void {
    const upstream = connect(Number(this.#target.port), this.#target.hostname);
    let cutting: Cut | null = null;
    let tail = Buffer.alloc(0);
    const over = (): void => {
      client.destroy();
      upstream.destroy();
    };
    const cutNow = (): void => {
      this.cuts += 1;
      client.destroy();
      // Ended, not destroyed: what was handed over must arrive.
      upstream.end();
    };
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket);
      socket.on('error', over);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        if (!(cutting === 'at_work' && socket === client)) over();
      });
    }
    client.on('data', (chunk: Buffer) => {
      if (client.destroyed) return;
      if (this.#cut !== null && BEGINS.has(chunk[0]!)) {
        cutting = this.#cut;
        this.#cut = null;
      }
      if (cutting === 'before_request') return cutNow();
      if (cutting === 'inside_request') {
        upstream.write(chunk.subarray(0, Math.ceil(chunk.length / 2)));
        return cutNow();
      }
      upstream.write(chunk);
      if (cutting === 'at_work' && chunk.subarray(-SYNC.length).equals(SYNC)) cutNow();
    });
    upstream.on('data', (chunk: Buffer) => {
      if (cutting !== 'before_answer') {
        if (!client.destroyed) client.write(chunk);
        return;
      }
      tail = Buffer.concat([tail, chunk]).subarray(-READY.length);
      if (tail.equals(READY)) cutNow();
    });
  }
}
