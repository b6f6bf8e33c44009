import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Frame, mappedStack } from './mapped-stack';

const frameAt = (file: string | null, line: number, column: number): Frame => ({
  getFileName: () => file,
  getLineNumber: () => line,
  getColumnNumber: () => column,
  toString: () => `made (${file ?? 'native'}:${line}:${column})`,
});

describe('a mapped stack', () => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-maps-'));
  const built = join(folder, 'x.js');
  const map = { version: 3, sources: ['/src/x.ts'], names: [], mappings: 'AAEA' };
  writeFileSync(`${built}.map`, JSON.stringify(map));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('names the lines of the sources where a file has a map, and says everything else as it is', () => {
    const plain = join(folder, 'plain.js');
    const packaged = join(folder, 'node_modules', 'p', 'x.js');
    const frames = [frameAt(built, 1, 1), frameAt(plain, 7, 9), frameAt(packaged, 1, 1), frameAt(null, 1, 1)];
    expect(mappedStack(new TypeError('told'), frames).split('\n')).toEqual([
      'TypeError: told',
      '    at made (/src/x.ts:3:1)',
      `    at made (${plain}:7:9)`,
      `    at made (${packaged}:1:1)`,
      '    at made (native:1:1)',
    ]);
  });

  it('has a title whatever it is of', () => {
    const unspeakable = Object.assign(new Error('told'), { toString: () => Symbol('no text') });
    const titles = [Object.create(null) as object, { name: 'Odd', message: 'told' }, null, unspeakable].map((of) =>
      mappedStack(of, []),
    );
    expect(titles).toEqual(['Error', 'Odd: told', 'Error', 'Error']);
  });

  it('goes by what is there when a map cannot be read', () => {
    const broken = join(folder, 'broken.js');
    writeFileSync(`${broken}.map`, 'no map');
    expect(mappedStack(new Error('told'), [frameAt(broken, 2, 3)])).toBe(`Error: told\n    at made (${broken}:2:3)`);
  });
});
