export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** An IPv4 address as four decimal numbers, or an IPv6 address by RFC 4291 §2.2, without a zone. */
export function parseAddress(text: string): Address | null {
  if (!text.includes(':')) {
    const value = ipv4(text);
    return value === null ? null : { family: 4, value };
  }
  const value = ipv6(text);
  return value === null ? null : { family: 6, value };
}

/** The address a URL's host is written as; null for a name. The URL parser has put every notation into the standard one. */
export function addressOfHost({ hostname }: URL): string | null {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return parseAddress(bare) === null ? null : bare;
}

function ipv4(text: string): bigint | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let value = 0n;
  for (const part of parts) {
    // No leading zero: some readers would take it for octal, so two of them could see two addresses.
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return null;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

const GROUPS = 8;

function ipv6(text: string): bigint | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  // Before a `::` no IPv4 address may stand: it is written last or not at all.
  if (halves.length === 2 && halves[0]!.includes('.')) return null;
  const [head, tail] = halves.map((half) => groups(half));
  if (!head || tail === null) return null;
  const missing = GROUPS - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const all = tail === undefined ? head : [...head, ...Array<bigint>(missing).fill(0n), ...tail];
  return all.reduce((value, group) => (value << 16n) | group, 0n);
}

/** The 16-bit groups of one side of `::`; the last two may be written as an IPv4 address. */
function groups(text: string): bigint[] | null {
  if (text === '') return [];
  const found: bigint[] = [];
  const parts = text.split(':');
  for (const [at, part] of parts.entries()) {
    if (part.includes('.') && at === parts.length - 1) {
      const value = ipv4(part);
      if (value === null) return null;
      found.push(value >> 16n, value & 0xffffn);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      found.push(BigInt(`0x${part}`));
    } else {
      return null;
    }
  }
  return found;
}
