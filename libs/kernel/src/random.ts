const POOL_BYTES = 4096;
let pool = new Uint8Array(0);
let used = 0;

/** Fills `bytes`, as `randomBytes` would, without making anything. */
export function fillRandom(bytes: Uint8Array): void {
  const { length } = bytes;
  if (used + length > pool.length) draw(length);
  for (let i = 0; i < length; i++) bytes[i] = pool[used + i]!;
  used += length;
}

/** Random bytes from the platform's generator, drawn in blocks: one system call serves 256 ids. */
export function randomBytes(length: number): Uint8Array {
  if (used + length > pool.length) draw(length);
  used += length;
  return pool.slice(used - length, used);
}

function draw(length: number): void {
  pool = globalThis.crypto.getRandomValues(new Uint8Array(Math.max(POOL_BYTES, length)));
  used = 0;
}
