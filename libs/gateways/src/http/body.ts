import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** What can go wrong with a body. `bytes` and `text` are what came before. */
type Fault =
  | { readonly kind: 'too_large' }
  /** Compressed in a way that is not understood, or not what it says. */
  | { readonly kind: 'undecodable' }
  /** The connection ended before the body did; `code` is Node's error code. */
  | { readonly kind: 'cut'; readonly code: string };

export type BodyBytes = { readonly kind: 'whole'; readonly bytes: Buffer } | (Fault & { readonly bytes: Buffer });

export type Body = { readonly kind: 'whole'; readonly text: string } | (Fault & { readonly text: string });

/** Reads a body up to `maxBytes`; beyond that the connection is destroyed, so a giant answer is never held in memory. */
export async function readBody(message: IncomingMessage, maxBytes: number): Promise<Body> {
  const { bytes, ...rest } = await collect(message, { maxBytes, through: null });
  return { ...rest, text: bytes.toString('utf8') };
}

const DECODERS: { readonly [coding: string]: (() => Transform) | null } = {
  '': null,
  identity: null,
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * The same for a body that may be compressed: what counts is what it unpacks to, and unpacking stops at `maxBytes`, so
 * a bomb costs no more than a giant answer. One coding is understood, never a stack of them.
 */
export function readDecoded(message: IncomingMessage, maxBytes: number): Promise<BodyBytes> {
  const coding = (message.headers['content-encoding'] ?? '').trim().toLowerCase();
  const decoder = Object.hasOwn(DECODERS, coding) ? DECODERS[coding] : undefined;
  if (decoder === undefined) {
    message.destroy();
    return Promise.resolve({ kind: 'undecodable', bytes: Buffer.alloc(0) });
  }
  return collect(message, { maxBytes, through: decoder === null ? null : decoder() });
}

interface Reading {
  readonly maxBytes: number;
  readonly through: Transform | null;
}

function collect(message: IncomingMessage, { maxBytes, through }: Reading): Promise<BodyBytes> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let packed = 0;
    let over = false;
    const end = (fault: Fault | null): void => {
      if (over) return;
      over = true;
      const bytes = Buffer.concat(chunks);
      resolve(fault === null ? { kind: 'whole', bytes } : { ...fault, bytes });
      if (fault === null) return;
      message.destroy();
      through?.destroy();
    };
    const keep = (chunk: Buffer): void => {
      size += chunk.length;
      if (over) return;
      if (size > maxBytes) {
        chunks.length = 0;
        end({ kind: 'too_large' });
      } else {
        chunks.push(chunk);
      }
    };
    const cut = (code: string): void => end({ kind: 'cut', code });
    message.on('error', (error: NodeJS.ErrnoException) => cut(error.code ?? error.name));
    message.on('close', () => {
      // A message that ended well has been handed to the decoder whole; what is left is the decoder's to say.
      if (!message.complete || through === null) cut('ECLOSED');
    });
    if (through === null) {
      message.on('data', keep);
      message.on('end', () => end(null));
      return;
    }
    through.on('data', keep);
    through.on('end', () => end(null));
    through.on('error', () => end({ kind: 'undecodable' }));
    // Packed bytes that unpack to nothing count as well.
    message.on('data', (chunk: Buffer) => {
      packed += chunk.length;
      if (packed > maxBytes) end({ kind: 'too_large' });
    });
    message.pipe(through);
  });
}
