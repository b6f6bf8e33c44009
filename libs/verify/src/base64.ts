/** Standard base64 with padding (RFC 4648 §4). */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  // In pieces: an argument list has a limit, and a leaves line holds eight kilobytes.
  for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return btoa(text);
}

const SHAPE = /^[A-Za-z0-9+/]*={0,2}$/;

/** The bytes, or null for anything but the one text that `toBase64` makes of them: two spellings would be two notes. */
export function fromBase64(text: string): Uint8Array | null {
  if (text.length % 4 !== 0 || !SHAPE.test(text)) return null;
  const decoded = atob(text);
  const bytes = new Uint8Array(decoded.length);
  for (let i = 0; i < decoded.length; i++) bytes[i] = decoded.charCodeAt(i);
  // Bits that the padding leaves over must be zero.
  const tail = bytes.length % 3;
  return tail === 0 || toBase64(bytes.subarray(bytes.length - tail)) === text.slice(-4) ? bytes : null;
}
