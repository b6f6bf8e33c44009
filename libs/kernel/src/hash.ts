import { sha256Portable } from './sha256';

interface NodeCrypto {
  hash(algorithm: string, data: string | Uint8Array, encoding: 'hex' | 'latin1'): string;
}

type Process = { getBuiltinModule?: (name: string) => unknown };

// The browser has no synchronous SHA-256; Node's one-shot hash is about ten times faster than the portable one.
const native = (globalThis as { process?: Process }).process?.getBuiltinModule?.('node:crypto') as
  NodeCrypto | undefined;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/** SHA-256 (FIPS 180-4) of UTF-8 text or bytes, as 64 lower-case hexadecimal characters. */
export function sha256Hex(data: string | Uint8Array): string {
  if (native) return native.hash('sha256', data, 'hex');
  return toHex(sha256Portable(typeof data === 'string' ? new TextEncoder().encode(data) : data));
}

/**
 * SHA-256 of bytes, written to `out` at `offset`. Trees and chains take millions of these, and a 32-byte result as a
 * buffer of its own costs Node three times what the hash does; as a latin1 string it costs next to nothing.
 */
export function sha256Into(data: Uint8Array, out: Uint8Array, offset: number): void {
  if (!native) return out.set(sha256Portable(data), offset);
  const text = native.hash('sha256', data, 'latin1');
  for (let i = 0; i < 32; i++) out[offset + i] = text.charCodeAt(i);
}

/** A digest as it is written everywhere in the product: `sha256:` and 64 hexadecimal characters. */
export function digestOf(canonicalText: string): string {
  return `sha256:${sha256Hex(canonicalText)}`;
}
