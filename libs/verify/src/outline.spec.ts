import fc from 'fast-check';
import { canonicalJson } from '@writ/kernel';
import { latin1, Outline } from './outline';
import { scan, Scan } from './scan';

const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
const NAMES = ['prev', 'run', 'run_seq', 'id', 'origin', 'tenant', 'type', 'a', 'usage', 'zz', 'résumé'];
// Texts and nested members made to be mistaken for the real ones.
const trap = fc.oneof(
  fc.constantFrom('","prev":"', '}', '{', '","run":"run_x","run_seq":9,"', '\\', '"', ',"usage":{', 'é"', '\n', '{}'),
  fc.string({ maxLength: 20 }).filter((text) => text.isWellFormed() && !text.includes('\u0000')),
);
const nested = fc.dictionary(
  fc.constantFrom(...NAMES),
  fc.oneof(trap, fc.nat(), hex, fc.array(trap, { maxLength: 2 })),
);

const event = fc
  .record({
    members: fc.dictionary(
      fc.constantFrom('action', 'decision', 'detail', 'object', 'resource', 'result', 'time', 'usage', 'zz', 'reason'),
      fc.oneof(trap, nested, fc.nat(), fc.boolean(), fc.constant('x'.repeat(600))),
    ),
    prev: fc.oneof(hex, trap),
    run: fc.constantFrom('tenant', 'run_01k8x0q3wsf5z8k2m4n6p8r0t4', 'run_01k8x0q3wsf5z8k2m4n6p8r0t5', 'run_0'),
    run_seq: fc.oneof(fc.nat(), fc.constantFrom(0, 9, 10, 2 ** 31)),
  })
  .map(({ members, ...own }): Record<string, unknown> => ({
    ...members,
    ...own,
    id: 'evt_01k8x0q3wsf5z8k2m4n6p8r0t4',
    origin: 'writ/a',
    tenant: 'a',
    type: 'action.settled',
  }));

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const utf8 = (line: Uint8Array, from: number, end: number): string =>
  new TextDecoder().decode(line.subarray(from, end));

describe('the outline of an event', () => {
  it('holds what a parser finds, whatever else the event holds', () => {
    // One for all: what it remembers of an event must not leak into the next.
    const outline = new Outline();
    fc.assert(
      fc.property(event, (one) => {
        const line = encode(canonicalJson(one));
        expect(outline.read(line)).toBe(true);
        expect([outline.run, outline.seq]).toEqual([one['run'], one['run_seq']]);
        // What stands in a text with escapes is compared with a hash only, which has none.
        const plain = /^[0-9a-f]*$/.test(String(one['prev']));
        expect(plain ? outline.prev : one['prev']).toBe(one['prev']);
        expect(outline.follows('f'.repeat(64))).toBe(one['prev'] === 'f'.repeat(64));
      }),
      { numRuns: 3_000 },
    );
  });

  it('the scan of the whole line finds the same', () => {
    const found = new Scan();
    fc.assert(
      fc.property(event, (one) => {
        const line = encode(canonicalJson(one));
        expect(scan(line, found)).toBe(true);
        expect(found.seq).toBe(one['run_seq']);
        expect(utf8(line, found.run, found.runEnd)).toBe(one['run']);
        expect(latin1(line, found.id, found.idEnd)).toBe(one['id']);
        expect(latin1(line, found.type, found.typeEnd)).toBe('action.settled');
        expect(latin1(line, found.tenant, found.tenantEnd)).toBe('a');
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    '',
    '{}',
    '[]',
    'null',
    '{"id":"a","prev":"b","run":"c"}',
    '{"id":"a","prev":"b","run":"c","run_seq":-1}',
    '{"id":"a","prev":"b","run":"c","run_seq":01}',
    '{"id":"a","prev":"b","run":"c","run_seq":1',
    '{"run":"c","id":"a","prev":"b","run_seq":1}',
    '{"id":"a","id":"a","prev":"b","run":"c","run_seq":1}',
    '{"detail":{"prev":"b"},"id":"a","run":"c","run_seq":1}',
    '{"id":"a","prev":5,"run":"c","run_seq":1}',
    '{"id":"a',
    '{"a":[[[[[',
    `{"a":"${'\\'.repeat(9)}`,
  ])('%s has none', (text) => expect(new Outline().read(encode(text))).toBe(false));

  it('any bytes are answered, and none throws', () => {
    const outline = new Outline();
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => typeof outline.read(bytes) === 'boolean'));
    const broken = fc.tuple(event, fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(broken, ([one, at, byte]) => {
        const line = encode(canonicalJson(one));
        line[at % line.length] = byte;
        expect(typeof outline.read(line)).toBe('boolean');
      }),
    );
  });
});
