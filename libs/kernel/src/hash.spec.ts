import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { digestOf, sha256Hex, sha256Into, toHex } from './hash';
import { sha256Portable } from './sha256';

describe('SHA-256', () => {
  it('the portable one, for browsers, equals the platform on any input', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const expected = createHash('sha256').update(bytes).digest('hex');
        expect(toHex(sha256Portable(bytes))).toBe(expected);
        expect(sha256Hex(bytes)).toBe(expected);
      }),
    );
  });

  it('meets the published vectors (FIPS 180-4 examples)', () => {
    expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(toHex(sha256Portable(new Uint8Array(0)))).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });

  it('is written where it is wanted, and nowhere else', () => {
    const out = new Uint8Array(40).fill(7);
    sha256Into(Uint8Array.of(1, 2, 3), out, 4);
    expect(toHex(out.subarray(4, 36))).toBe(sha256Hex(Uint8Array.of(1, 2, 3)));
    expect([...out.subarray(0, 4), ...out.subarray(36)]).toEqual(Array(8).fill(7));
    // A node of a tree becomes its own parent's part without a copy.
    sha256Into(out, out, 0);
    expect(toHex(out.subarray(0, 4))).not.toBe('07070707');
  });

  it('a digest says its algorithm', () => {
    expect(digestOf('abc')).toBe(`sha256:${sha256Hex('abc')}`);
  });
});
