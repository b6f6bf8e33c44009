import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A door before a model server: an answer goes no further than a test wants, until the test lets it. */
export interface HeldModel {
  readonly url: string;
  /** From now on an answer stops before the first line that has `text` in it; without one, nothing is asked any more. */
  hold(text?: string): void;
  /** What is held goes on, and nothing is held any more. */
  release(): void;
  close(): Promise<void>;
}

export async function startHeldModel(model: string): Promise<HeldModel> {
  let gate: { readonly before: string; readonly opened: Promise<void>; readonly open: () => void } | null = null;
  const release = (): void => {
    gate?.open();
    gate = null;
  };
  const pass = async (from: IncomingMessage, to: ServerResponse): Promise<void> => {
    to.writeHead(from.statusCode ?? 502, from.headers);
    for await (const lines of from.setEncoding('utf8') as AsyncIterable<string>) {
      for (const line of lines.split(/(?<=\n)/)) {
        if (gate?.before && line.includes(gate.before)) await gate.opened;
        to.write(line);
      }
    }
    to.end();
  };
  const ask = (asked: IncomingMessage, answer: ServerResponse): void => {
    if (answer.destroyed) return;
    const { port, hostname } = new URL(model);
    const on = request({ port, hostname, path: asked.url, method: asked.method, headers: asked.headers }, (from) => {
      pass(from, answer).catch(() => answer.destroy());
    });
    on.on('error', () => answer.destroy());
    answer.on('close', () => on.destroy());
    asked.pipe(on);
  };
  const server = createServer((asked, answer) => {
    if (gate?.before === '') void gate.opened.then(() => ask(asked, answer));
    else ask(asked, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(model);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    hold(text = '') {
      release();
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = { before: text, opened: promise, open: resolve };
    },
    release,
    async close() {
      release();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
