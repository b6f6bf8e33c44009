import type { IncomingMessage } from 'node:http';

export type Body =
  | { readonly kind: 'whole'; readonly text: string }
  | { readonly kind: 'too_large' }
  /** The connection ended before the body did. */
  | { readonly kind: 'cut'; readonly text: string; readonly code: string };

/** Reads a body up to `maxBytes`; beyond that the connection is destroyed, so a giant answer is never held in memory. */
export function readBody(message: IncomingMessage, maxBytes: number): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const text = (): string => Buffer.concat(chunks).toString('utf8');
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) {
        resolve({ kind: 'too_large' });
        message.destroy();
        return;
      }
      chunks.push(chunk);
    });
    message.on('end', () => resolve({ kind: 'whole', text: text() }));
    message.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ kind: 'cut', text: text(), code: error.code ?? error.name }),
    );
    message.on('close', () => resolve({ kind: 'cut', text: text(), code: 'ECLOSED' }));
  });
}
