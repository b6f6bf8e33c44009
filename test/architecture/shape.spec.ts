import { deadExports } from './export-rules';
import { anyTypes, drawers, longConstructors, sizes, starExports, wideIndexes } from './shape-rules';
import { strayClasses } from './style-rules';
import { unit } from './tree';

describe('the shape check', () => {
  const lines = (count: number): string => 'export const x = 1;\n'.repeat(count - 1);

  it('measures median and tail', () => {
    const files = [...Array<number>(19).fill(10), 400].map((count, i) => unit(`libs/kernel/src/${i}.ts`, lines(count)));
    expect(sizes(files)).toEqual({ median: 10, p95: 10, tooLong: [] });
    expect(sizes([unit('libs/kernel/src/x.ts', lines(501))]).tooLong).toHaveLength(1);
  });

  it.each([
    ['any', anyTypes, 'export const f = (x: any): void => void x;'],
    ['any inside a type', anyTypes, 'export type X = Record<string, any>;'],
    ['a cast to any', anyTypes, 'export const x = (1 as any) as string;'],
    ['export *', starExports, `export * from './x';`],
    ['export * as', starExports, ''],
    ['a long constructor', longConstructors, 'class A { constructor(a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7) {} }'],
  ])('finds %s', (what, rule, text) => {
    const found = rule([unit('libs/kernel/src/x.ts', text)]);
    expect(found).toHaveLength(what === 'export * as' ? 0 : 1);
  });

  it('finds an index that promises too much', () => {
    const names = Array.from({ length: 41 }, (_, i) => `name${i}`).join(', ');
    expect(wideIndexes([unit('libs/audit/src/index.ts', `export { ${names} } from './names';`)])).toHaveLength(1);
  });

  it('finds a value that nobody imports, and a name of an index that nobody outside does', () => {
    const files = [
      unit('libs/audit/src/index.ts', `export { seal, type Sealed, open } from './seal'; export { by } from './all';`),
      unit(
        'libs/audit/src/seal.ts',
        'export const seal = 1, open = 2; export interface Sealed {} export function dead() {}',
      ),
      unit('libs/audit/src/all.ts', 'export const [by, other] = [1, 2]; export interface Wish {}'),
      unit('libs/policy/src/x.ts', `import { seal as close } from '@writ/audit';`),
      unit('libs/audit/src/y.ts', `import * as all from './all';`),
    ];
    expect(deadExports(files)).toEqual([
      'libs/audit/src/index.ts: Sealed',
      'libs/audit/src/index.ts: open',
      'libs/audit/src/index.ts: by',
      'libs/audit/src/seal.ts: open',
      'libs/audit/src/seal.ts: dead',
    ]);
  });

  it.each(['libs/kernel/src/utils/x.ts', 'libs/common/src/index.ts', 'apps/cli/src/helpers.ts'])('finds %s', (path) => {
    expect(drawers([unit(path, '')])).toEqual([path]);
  });

  it('finds a class that a page names and its sheet lacks, and one that no page names', () => {
    const page = { path: 'apps/console/src/a/A.tsx', text: `import s from '../b/B.module.css';\ns['row']; s['lost'];` };
    const sheet = { path: 'apps/console/src/b/B.module.css', text: '.row:hover > .idle { margin: 0.5rem }' };
    expect(strayClasses([page, sheet])).toEqual([
      'apps/console/src/a/A.tsx: apps/console/src/b/B.module.css has no class lost',
      'apps/console/src/b/B.module.css: nothing is a idle',
    ]);
    const worked = { ...page, text: page.text.replace(`s['lost']`, 's[name]') };
    expect(strayClasses([worked, sheet])).toEqual([]);
  });
});
