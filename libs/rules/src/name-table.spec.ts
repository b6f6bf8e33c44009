import fc from 'fast-check';
import { seeded } from '../../../test/support/seeded';
import type { Sliced } from './closure';
import { countOf, findName, firstOf, restOf, TableDraft } from './name-table';
import { MAX_NAME_LENGTH } from './names';

const random = seeded('tables of names');
const runs = () => ({ numRuns: process.env['WRIT_SOAK'] === '1' ? 5_000 : 300, seed: Math.floor(random() * 2 ** 31) });

function run<T>(work: Sliced<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** Any texts at all: lone surrogates, nulls, long ones, and many that differ in one place only. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('a', 'b', '\u0000', '\ud800', 'ü', '*'), maxLength: 5 }),
  fc.string({ minLength: MAX_NAME_LENGTH - 20, maxLength: MAX_NAME_LENGTH }),
);

/** Tables whose records hold what their index says. */
function tablesOf(...groups: readonly (readonly string[])[]) {
  const draft = new TableDraft();
  const put = (name: string | null, number: number, rest: readonly number[]): void => {
    draft.begin(name);
    for (const word of rest) draft.push(word);
    draft.number(number);
  };
  for (const names of groups) {
    draft.table();
    for (const [i, name] of names.entries()) put(name, i - 1, [i, -1 - i, i * 3]);
  }
  put(null, 7, [9]);
  return run(draft.settle());
}

describe('a table of names', () => {
  it('finds every name that is in it, and no other', () => {
    fc.assert(
      fc.property(fc.uniqueArray(text, { maxLength: 60 }), fc.array(text, { maxLength: 30 }), (names, others) => {
        const { words, tables } = tablesOf(names, others.slice(0, 1));
        const table = tables[0]!;
        for (const [i, name] of names.entries()) {
          const record = findName(words, table, name);
          expect([firstOf(words, record), countOf(words, record)]).toEqual([i - 1, 3]);
          const rest = restOf(words, record);
          expect([...words.subarray(rest, rest + 3)]).toEqual([i, -1 - i, i * 3]);
        }
        for (const other of others) if (!names.includes(other)) expect(findName(words, table, other)).toBe(-1);
      }),
      runs(),
    );
  }, 600_000);

  it('holds as many names as a bundle can, in a piece of its own', () => {
    const names = Array.from({ length: 12_000 }, (_, i) => `user:${i}`);
    const { words, tables } = tablesOf(names);
    for (const [i, name] of names.entries()) expect(firstOf(words, findName(words, tables[0]!, name))).toBe(i - 1);
    expect(findName(words, tables[0]!, 'user:12000')).toBe(-1);
  });

  it.each(['a', '\ud800'])('holds the longest name a rule may say, of %j, and tells it from longer ones', (unit) => {
    const longest = unit.repeat(MAX_NAME_LENGTH);
    const { words, tables } = tablesOf(['before', longest]);
    expect(firstOf(words, findName(words, tables[0]!, longest))).toBe(0);
    // What a caller asserts may be of any length; a length is held in eight bits.
    for (const more of [1, 56, 256]) expect(findName(words, tables[0]!, longest + unit.repeat(more))).toBe(-1);
  });

  it('refuses a name it has no room for, rather than cut it', () => {
    expect(() => tablesOf(['a'.repeat(256)])).toThrow('has no room');
  });

  it('keeps to itself: tables beside one another do not find names of the other', () => {
    const laid = Array.from({ length: 200 }, (_, i) => tablesOf([`a${i}`, 'same'], [`b${i}`]));
    for (const [i, { words, tables }] of laid.entries()) {
      expect(findName(words, tables[0]!, `b${i}`)).toBe(-1);
      expect(findName(words, tables[0]!, `a${i + 1}`)).toBe(-1);
      expect(firstOf(words, findName(words, tables[0]!, 'same'))).toBe(0);
      expect(findName(words, tables[1]!, `b${i}`)).toBeGreaterThan(0);
    }
  });

  it.each([0, 1, 2_046, 2_047, 5_000])('holds %i words of a record', (count) => {
    const draft = new TableDraft();
    draft.table();
    for (const [i, name] of ['before', 'one', 'after'].entries()) {
      draft.begin(name);
      for (let word = 0; word < (name === 'one' ? count : 2); word++) draft.push(word - i);
      draft.number(i === 2 ? 4_094 : 4_092 + i);
    }
    const { words, tables } = run(draft.settle());
    const record = findName(words, tables[0]!, 'one');
    expect([firstOf(words, record), countOf(words, record)]).toEqual([4_093, count]);
    const rest = restOf(words, record);
    expect([...words.subarray(rest, rest + count)]).toEqual(Array.from({ length: count }, (_, word) => word - 1));
    for (const [name, number, i] of [['before', 4_092, 0] as const, ['after', 4_094, 2] as const]) {
      const other = findName(words, tables[0]!, name);
      expect([firstOf(words, other), countOf(words, other), words[restOf(words, other)]]).toEqual([number, 2, 0 - i]);
    }
  });

  it('has records that no name leads to', () => {
    const { words, unnamed, tables } = tablesOf(['a'], []);
    const [record] = unnamed;
    expect([firstOf(words, record!), countOf(words, record!)]).toEqual([7, 1]);
    expect(words[restOf(words, record!)]).toBe(9);
    expect(findName(words, tables[0]!, '')).toBe(-1);
  });
});
