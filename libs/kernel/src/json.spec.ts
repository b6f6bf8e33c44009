import fc from 'fast-check';
import canonicalize from 'canonicalize';
import { CanonicalError, canonicalJson } from './json';

describe('canonical JSON (RFC 8785)', () => {
  it('agrees with an independent implementation on any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        let ours: string;
        try {
          ours = canonicalJson(value);
        } catch (error) {
          expect(error).toBeInstanceOf(CanonicalError);
          return;
        }
        expect(ours).toBe(canonicalize(value));
      }),
    );
  });

  it('is the same text whatever order the members stand in, also where an object puts them in its own', () => {
    const member = fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 120 }).map(String));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 4 }, fc.string(), fc.double(), fc.constant(undefined), tie('object'), tie('array')),
      object: fc.dictionary(member, tie('value'), { noNullPrototype: false }),
      array: fc.array(tie('value').filter((one) => one !== undefined)),
    }));
    const reversed = (one: unknown): unknown => {
      if (Array.isArray(one)) return one.map(reversed);
      if (typeof one !== 'object' || one === null) return one;
      const members = Object.entries(one).sort(([a], [b]) => (a < b ? 1 : -1));
      return Object.fromEntries(members.map(([key, inner]) => [key, reversed(inner)]));
    };
    const textOf = (one: unknown): string => {
      try {
        return canonicalJson(one);
      } catch (error) {
        return String((error as Error).message);
      }
    };
    fc.assert(fc.property(value, (one) => textOf(one) === textOf(reversed(one))));
    fc.assert(
      fc.property(fc.jsonValue(), (one) => {
        const text = canonicalJson(one);
        return canonicalJson(JSON.parse(text)) === text;
      }),
    );
  });

  it('sorts keys by UTF-16 code unit and leaves undefined members out', () => {
    expect(canonicalJson({ b: 1, '\u20ac': 2, a: undefined, '\r': 3, '\ud83d\ude02': 4 })).toBe(
      '{"\\r":3,"b":1,"\u20ac":2,"\ud83d\ude02":4}',
    );
  });

  it('has no raw newline, so one line is one event', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => !canonicalJson(value).includes('\n')));
  });

  it.each([
    ['a NUL character', { a: ['x\u0000'] }, '/a/0'],
    ['a lone surrogate', { a: '\ud800' }, '/a'],
    ['a lone surrogate', { '\udc00': 1 }, ''],
    ['the number NaN', { a: NaN }, '/a'],
    ['the number Infinity', [Infinity], '/0'],
    ['a function', { a: () => 1 }, '/a'],
    ['a bigint', 1n, ''],
  ])('refuses %s and says where', (reason, value, pointer) => {
    expect(() => canonicalJson(value)).toThrow(CanonicalError);
    try {
      canonicalJson(value);
    } catch (error) {
      expect((error as CanonicalError).message).toContain(reason);
      expect((error as CanonicalError).pointer).toBe(pointer);
    }
  });

  it('refuses nesting that would exhaust the stack', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(() => canonicalJson(deep)).toThrow('nesting deeper than 256');
  });
});
