import { canonicalJson, sha256Hex, sha256Into } from '@writ/kernel';

const BLOCK = 64;
/** What both passes hash: the padded key, and after it the text or the digest of the first pass. */
const short = Buffer.alloc(4096);
const outer = Buffer.alloc(BLOCK + 32);

/** HMAC (RFC 2104) over SHA-256 of UTF-8 text, in hex. By two one-shot hashes: the platform's object takes twice as long. */
function hmacHex(key: string, text: string): string {
  const inner = BLOCK + 3 * text.length <= short.length ? short : Buffer.alloc(BLOCK + Buffer.byteLength(text));
  const end = BLOCK + inner.write(text, BLOCK);
  outer.fill(0, 0, BLOCK);
  if (Buffer.byteLength(key) > BLOCK) sha256Into(Buffer.from(key), outer, 0);
  else outer.write(key);
  for (let i = 0; i < BLOCK; i++) {
    inner[i] = outer[i]! ^ 0x36;
    outer[i]! ^= 0x5c;
  }
  sha256Into(inner.subarray(0, end), outer, BLOCK);
  return sha256Hex(outer);
}

/**
 * What evidence holds in place of a value: HMAC-SHA-256 of its canonical JSON under a random salt that is kept beside
 * the value, never in the evidence. Erasing value and salt leaves a commitment that cannot be guessed back (I10).
 */
export function commitmentTo(canonicalText: string, salt: string): string {
  return `hmac-sha256:${hmacHex(salt, canonicalText)}`;
}

export function opensCommitment(commitment: string, value: unknown, salt: string): boolean {
  return commitmentTo(canonicalJson(value), salt) === commitment;
}
