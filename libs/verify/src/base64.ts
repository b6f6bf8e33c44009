/** Standard base64 with padding (RFC 4648 §4). */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  // In pieces: an argument list has a limit, and a leaves line holds eight kilobytes.
  for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return btoa(text);
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const NONE = 0xff;
const VALUES = new Uint8Array(128).fill(NONE);
for (let i = 0; i < 64; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

const valueAt = (text: string, at: number): number => VALUES[text.charCodeAt(at)] ?? NONE;

/**
 * The bytes, or null for anything but the one text that `toBase64` makes of them: two spellings would be two notes, and
 * `atob` reads several.
 */
export function fromBase64(text: string): Uint8Array | null {
  const { length } = text;
  if (length % 4 !== 0) return null;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((length / 4) * 3 - padding);
  const groups = padding === 0 ? length : length - 4;
  // No value has its top bits set; one that is none has them all, and they stay set in here.
  let seen = 0;
  let at = 0;
  for (let i = 0; i < groups; i += 4) {
    const [a, b, c, d] = [valueAt(text, i), valueAt(text, i + 1), valueAt(text, i + 2), valueAt(text, i + 3)];
    seen |= a | b | c | d;
    bytes[at] = (a << 2) | (b >> 4);
    bytes[at + 1] = (b << 4) | (c >> 2);
    bytes[at + 2] = (c << 6) | d;
    at += 3;
  }
  if (padding > 0) {
    const [a, b, c] = [valueAt(text, groups), valueAt(text, groups + 1), padding === 1 ? valueAt(text, groups + 2) : 0];
    seen |= a | b | c;
    bytes[at] = (a << 2) | (b >> 4);
    if (padding === 1) bytes[at + 1] = (b << 4) | (c >> 2);
    // Bits that are left over must be zero.
    if (padding === 1 ? (c & 3) !== 0 : (b & 15) !== 0) return null;
  }
  return seen < 64 ? bytes : null;
}
