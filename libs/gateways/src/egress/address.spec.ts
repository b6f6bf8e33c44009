import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import { type AddressKind, kindOfAddress } from './address';
import { addressOfHost, parseAddress } from './parse-address';

describe('what an address is for', () => {
  it.each<readonly [string, AddressKind]>([
    ['1.1.1.1', 'public'],
    ['93.184.216.34', 'public'],
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['10.255.255.255', 'private'],
    ['11.0.0.0', 'public'],
    ['100.63.255.255', 'public'],
    ['100.64.0.1', 'shared'],
    ['100.100.100.200', 'metadata'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['168.63.129.16', 'metadata'],
    ['169.254.169.254', 'metadata'],
    ['169.254.170.2', 'metadata'],
    ['169.254.1.1', 'link_local'],
    ['172.15.255.255', 'public'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['172.32.0.0', 'public'],
    ['192.0.0.192', 'metadata'],
    ['192.0.0.1', 'reserved'],
    ['192.0.2.1', 'documentation'],
    ['192.88.99.1', 'tunnel'],
    ['192.168.1.1', 'private'],
    ['198.19.255.255', 'benchmark'],
    ['203.0.113.9', 'documentation'],
    ['224.0.0.251', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'reserved'],
    ['2606:4700::1111', 'public'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'mapped'],
    ['::ffff:7f00:1', 'mapped'],
    ['::ffff:1.1.1.1', 'mapped'],
    ['::127.0.0.1', 'mapped'],
    ['64:ff9b::a9fe:a9fe', 'translated'],
    ['64:ff9b:1::1', 'translated'],
    ['100::1', 'reserved'],
    ['2001::1', 'tunnel'],
    ['2002:7f00:1::', 'tunnel'],
    ['2001:db8::1', 'documentation'],
    ['3fff::1', 'documentation'],
    ['2001:10::1', 'reserved'],
    ['4000::1', 'reserved'],
    ['fc00::1', 'unique_local'],
    ['fd12:3456::1', 'unique_local'],
    ['fd00:ec2::254', 'metadata'],
    ['fe80::1', 'link_local'],
    ['febf::1', 'link_local'],
    ['fec0::1', 'private'],
    ['ff02::1', 'multicast'],
  ])('%s is %s', (address, kind) => {
    expect(kindOfAddress(address)).toBe(kind);
  });

  it.each([
    '',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '127.0.0.01',
    '1.2.3.4.5',
    '256.1.1.1',
    '1.2.3',
    ' 1.1.1.1',
  ])('%j is none, though some readers would find one in it', (text) => {
    expect(kindOfAddress(text)).toBeNull();
  });

  it.each([
    ':',
    ':::',
    '1::2::3',
    'fe80::1%eth0',
    '12345::',
    '1:2:3:4:5:6:7:8:9',
    '::1.2.3',
    '1:2:3:4:5:6:7::8:9',
    'g::',
    '::1.2.3.4:5',
  ])('%j is none', (text) => {
    expect(kindOfAddress(text)).toBeNull();
  });

  const v4 = fc.ipV4();
  const v6 = fc.ipV6();
  // Two lists: one alone compares IPv4 addresses with the mapped range of IPv6 too.
  const closed = new BlockList();
  const closed6 = new BlockList();
  for (const [base, bits] of [
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
    ['224.0.0.0', 3],
  ] as const) {
    closed.addSubnet(base, bits);
  }
  for (const [base, bits] of [
    ['::', 96],
    ['::ffff:0:0', 96],
    ['64:ff9b::', 96],
    ['fc00::', 7],
    ['fe80::', 10],
    ['ff00::', 8],
  ] as const) {
    closed6.addSubnet(base, bits, 'ipv6');
  }

  it('is never public where another table of ranges says private', () => {
    fc.assert(
      fc.property(v4, (address) => !closed.check(address) || kindOfAddress(address) !== 'public'),
      { numRuns: 20_000 },
    );
    fc.assert(
      fc.property(v6, (address) => !closed6.check(address, 'ipv6') || kindOfAddress(address) !== 'public'),
      { numRuns: 20_000 },
    );
  });

  it('is found for exactly what the platform takes for an address', () => {
    const near = fc.oneof(v4, v6, fc.stringMatching(/^[0-9a-f:.]{1,24}$/));
    fc.assert(
      fc.property(near, (text) => (parseAddress(text)?.family ?? 0) === isIP(text)),
      { numRuns: 50_000, examples: [['0.0.0.0::a'], ['1.2.3.4::'], ['::1.2.3.4'], ['1:2.3.4.5::'], ['::1.2.3.4:5']] },
    );
  });

  it('is the same one that a URL parser reads', () => {
    fc.assert(
      fc.property(v6, (text) => {
        const host = addressOfHost(new URL(`http://[${text}]/`));
        return host !== null && parseAddress(host)?.value === parseAddress(text)?.value;
      }),
    );
  });
});
