const POOL_BYTES = 4096;
let pool = new Uint8Array(0);
let used = 0;

/** Random bytes from the platform's generator, drawn in blocks: one system call serves 256 ids. */
export function randomBytes(length: number): Uint8Array {
  if (used + length > pool.length) {
    pool = globalThis.crypto.getRandomValues(new Uint8Array(Math.max(POOL_BYTES, length)));
    used = 0;
  }
  used += length;
  return pool.slice(used - length, used);
}
