import { sha256Portable } from './sha256';

interface NodeCrypto {
  hash(algorithm: string, data: string | Uint8Array, encoding: 'hex'): string;
  hash(algorithm: string, data: string | Uint8Array, encoding: 'buffer'): Uint8Array;
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

/** A digest as it is written everywhere in the product: `sha256:` and 64 hexadecimal characters. */
export function digestOf(canonicalText: string): string {
  return `sha256:${sha256Hex(canonicalText)}`;
}
