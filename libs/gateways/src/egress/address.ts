import { parseAddress } from './parse-address';

/**
 * What an IP address is for. `public` is what the registries of special-purpose addresses (RFC 6890 and its updates)
 * leave over; everything else leads somewhere that a stranger's host name must not lead to.
 */
export type AddressKind =
  | 'public'
  | 'unspecified'
  | 'loopback'
  | 'private'
  | 'shared'
  | 'unique_local'
  | 'link_local'
  | 'metadata'
  | 'multicast'
  | 'mapped'
  | 'translated'
  | 'tunnel'
  | 'documentation'
  | 'benchmark'
  | 'reserved';

/** First match wins, so the narrow ones stand first. */
const RANGES: readonly (readonly [range: string, kind: AddressKind])[] = [
  // Where clouds answer with credentials: EC2 and most others, ECS and EKS, Alibaba, Azure, Oracle.
  ['169.254.169.254/32', 'metadata'],
  ['169.254.170.0/24', 'metadata'],
  ['100.100.100.200/32', 'metadata'],
  ['168.63.129.16/32', 'metadata'],
  ['192.0.0.192/32', 'metadata'],
  ['fd00:ec2::/32', 'metadata'],
  ['fd20:ce::254/128', 'metadata'],
  ['fd00:42::42/128', 'metadata'],
  ['0.0.0.0/8', 'unspecified'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'shared'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link_local'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'reserved'],
  ['192.0.2.0/24', 'documentation'],
  ['192.88.99.0/24', 'tunnel'],
  ['192.168.0.0/16', 'private'],
  ['198.18.0.0/15', 'benchmark'],
  ['198.51.100.0/24', 'documentation'],
  ['203.0.113.0/24', 'documentation'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved'],
  ['0.0.0.0/0', 'public'],
  ['::/128', 'unspecified'],
  ['::1/128', 'loopback'],
  // An IPv4 address in IPv6 clothes: ::ffff:127.0.0.1 reaches what 127.0.0.1 reaches, 64:ff9b:: through a translator.
  ['::ffff:0:0/96', 'mapped'],
  ['::/96', 'mapped'],
  ['64:ff9b::/96', 'translated'],
  ['64:ff9b:1::/48', 'translated'],
  ['2001::/32', 'tunnel'],
  ['2002::/16', 'tunnel'],
  ['2001:db8::/32', 'documentation'],
  ['3fff::/20', 'documentation'],
  ['2001:2::/48', 'benchmark'],
  ['2001::/23', 'reserved'],
  ['fc00::/7', 'unique_local'],
  ['fe80::/10', 'link_local'],
  // Site-local, deprecated and still routed in places.
  ['fec0::/10', 'private'],
  ['ff00::/8', 'multicast'],
  // Global unicast is what is assigned today; the rest of IPv6 is nobody's yet.
  ['2000::/3', 'public'],
  ['::/0', 'reserved'],
];

interface Range {
  readonly family: 4 | 6;
  readonly base: bigint;
  readonly shift: bigint;
  readonly kind: AddressKind;
}

const TABLE: readonly Range[] = RANGES.map(([range, kind]) => {
  const [text = '', bits = ''] = range.split('/');
  const address = parseAddress(text);
  if (!address) throw new Error(`${range} is no range of addresses`);
  const shift = BigInt((address.family === 4 ? 32 : 128) - Number(bits));
  return { family: address.family, base: address.value >> shift, shift, kind };
});

/** What `text` is for; null when it is no IP address in its standard spelling (zones, octal and short forms are none). */
export function kindOfAddress(text: string): AddressKind | null {
  const address = parseAddress(text);
  if (!address) return null;
  const range = TABLE.find(({ family, base, shift }) => family === address.family && address.value >> shift === base);
  return range?.kind ?? 'reserved';
}
