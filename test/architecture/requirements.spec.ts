import { testTitles, uncited, unknownIds } from './citations';
import { unit } from './tree';

describe('the promise gate', () => {
  const two = [
    { id: 'I1', sentence: 'one' },
    { id: 'I2', sentence: 'two' },
  ];
  const titles = (text: string): string[] => testTitles([unit('libs/x/src/a.spec.ts', text)]);

  it('names a promise without a test', () => {
    expect(uncited(two, titles(`it('[I1] holds', () => {});`))).toEqual(['I2']);
  });

  it('names an id that promises nothing', () => {
    expect(unknownIds(two, titles(`it('[I9] holds', () => {});`))).toEqual(['I9']);
  });

  it('reads tables and templates, and several ids in one title', () => {
    const text = 'it.each(rows)("[I1] %s", () => {}); it(`[I2] ${name}`, () => {}); test("[I1] [I2] x", () => {});';
    expect(uncited(two, titles(text))).toEqual([]);
  });

  it.each([`it.skip('[I1] x', f);`, `it.todo('[I1] x');`, `// it('[I1] x')`, `describe('[I1] x', f);`])(
    'takes no word from %s',
    (text) => expect(uncited(two, titles(text))).toEqual(['I1', 'I2']),
  );

  it('takes no word from a file that is no test', () => {
    expect(testTitles([unit('libs/x/src/a.ts', `it('[I1] x', f);`)])).toEqual([]);
  });
});
