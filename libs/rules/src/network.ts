/** An address as its bits. An IPv4 address mapped into IPv6 (`::ffff:10.0.0.1`) is the IPv4 address. */
interface Address {
  readonly width: 32 | 128;
  readonly bits: bigint;
}

/**
 * A test of an IP address by a network such as `10.0.0.0/8` or `2001:db8::/32`, or by one address; null for what is no
 * network. The test answers null for what is no address.
 */
export function networkTest(network: string): ((address: string) => boolean | null) | null {
  const [text = '', length, ...rest] = network.split('/');
  const base = addressOf(text);
  if (base === null || rest.length > 0) return null;
  if (length !== undefined && !/^(0|[1-9][0-9]{0,2})$/.test(length)) return null;
  const taken = length === undefined ? base.width : Number(length);
  if (taken > base.width) return null;
  const drop = BigInt(base.width - taken);
  const prefix = base.bits >> drop;
  return (candidate) => {
    const address = addressOf(candidate);
    return address === null ? null : address.width === base.width && address.bits >> drop === prefix;
  };
}

function addressOf(text: string): Address | null {
  // No address is longer; the bound keeps what follows cheap.
  if (text.length > 45) return null;
  if (!text.includes(':')) {
    const bits = quad(text);
    return bits === null ? null : { width: 32, bits };
  }
  const bits = groups(text);
  if (bits === null) return null;
  return bits >> 32n === 0xffffn ? { width: 32, bits: bits & 0xffffffffn } : { width: 128, bits };
}

function quad(text: string): bigint | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256))
    return null;
  return parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

/** RFC 4291 §2.2: eight groups, one run of zero groups left out, the last two groups perhaps written as IPv4. */
function groups(text: string): bigint | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = halves.map((half) => (half === '' ? [] : wordsOf(half))) as [Words, Words | undefined];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const all = [...head, ...Array<bigint>(missing).fill(0n), ...(tail ?? [])];
  return all.reduce((bits, word) => (bits << 16n) | word, 0n);
}

type Words = bigint[] | null;

function wordsOf(half: string): Words {
  const words: bigint[] = [];
  const parts = half.split(':');
  for (const [i, part] of parts.entries()) {
    const last = part.includes('.') && i === parts.length - 1 ? quad(part) : null;
    if (last !== null) words.push(last >> 16n, last & 0xffffn);
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) words.push(BigInt(`0x${part}`));
    else return null;
  }
  return words;
}
