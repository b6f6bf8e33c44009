const ROUND = new Int32Array(64);
const INITIAL = new Int32Array(8);

/** The constants are the fractional parts of roots of the first primes (FIPS 180-4 §4.2.2, §5.3.3). */
function fillConstants(): void {
  let found = 0;
  for (let candidate = 2; found < 64; candidate++) {
    let prime = true;
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) prime = false;
    if (!prime) continue;
    ROUND[found] = fraction(Math.cbrt(candidate));
    if (found < 8) INITIAL[found] = fraction(Math.sqrt(candidate));
    found += 1;
  }
}

const fraction = (root: number): number => Math.floor((root - Math.floor(root)) * 2 ** 32);

fillConstants();

const BLOCK = 64;
/** Whole blocks are read where they lie; the last bytes with their padding take one block or two of these. */
const tail = new Uint8Array(2 * BLOCK);
const schedule = new Int32Array(64);
const state = new Int32Array(8);

/**
 * SHA-256 without a platform library, for browsers, where the built-in one is asynchronous and takes longer to be asked
 * than this takes to answer. Not reentrant, which a synchronous function need not be.
 */
export function sha256Portable(message: Uint8Array): Uint8Array {
  const { length } = message;
  state.set(INITIAL);
  const whole = length - (length % BLOCK);
  for (let at = 0; at < whole; at += BLOCK) compress(message, at);
  tail.fill(0);
  for (let i = whole; i < length; i++) tail[i - whole] = message[i]!;
  tail[length - whole] = 0x80;
  const end = length - whole < BLOCK - 8 ? BLOCK : 2 * BLOCK;
  putWord(tail, end - 8, Math.floor(length / 2 ** 29));
  putWord(tail, end - 4, length << 3);
  for (let at = 0; at < end; at += BLOCK) compress(tail, at);
  const out = new Uint8Array(32);
  for (let i = 0; i < 8; i++) putWord(out, i * 4, state[i]!);
  return out;
}

function putWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}

/** FIPS 180-4 §6.2.2, with the working variables in registers: an array of them would cost ten times as much. */
function compress(bytes: Uint8Array, from: number): void {
  const w = schedule;
  for (let i = 0, at = from; i < 16; i++, at += 4) {
    w[i] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15]!;
    const y = w[i - 2]!;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0;
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUND[i]! + w[i]!) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] = state[0]! + a;
  state[1] = state[1]! + b;
  state[2] = state[2]! + c;
  state[3] = state[3]! + d;
  state[4] = state[4]! + e;
  state[5] = state[5]! + f;
  state[6] = state[6]! + g;
  state[7] = state[7]! + h;
}
