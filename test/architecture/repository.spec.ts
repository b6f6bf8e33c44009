import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REQUIREMENTS } from '../requirements';
import { testTitles, uncited, unknownIds } from './citations';
import { deadExports } from './export-rules';
import { gateFaults } from './gate-rules';
import { isTest } from './import-fault.cjs';
import { importCycles, importFaults, productFiles, suppressions } from './import-rules';
import { type LockPackages, missingOptionals, namedHosts } from './lock-rules';
import { anyTypes, drawers, longConstructors, sizes, starExports, wideIndexes } from './shape-rules';
import { strayClasses } from './style-rules';
import { textFaults } from './text-rules';
import { ROOT, texts, tree, unit } from './tree';

// The rules over the repository as it stands. That each rule finds what it is for is shown by the suites beside this one.
const locks = ['package-lock.json', 'bench/package-lock.json', 'examples/framework/package-lock.json'].filter((path) =>
  existsSync(join(ROOT, path)),
);
const packagesOf = (path: string): LockPackages =>
  (JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as { packages: LockPackages }).packages;

describe('imports', () => {
  it('follow the import table in every file', () => {
    expect(importFaults(tree())).toEqual([]);
  });

  it('form no ring at run time', () => {
    expect(importCycles(productFiles(tree()))).toEqual([]);
  });

  it('are never excused by a comment that switches the lint or the types off', () => {
    expect(suppressions(tree())).toEqual([]);
  });
});

describe('the shape of the code', () => {
  it('keeps files short: median under 120 lines, 95 % under 350', () => {
    const { median, p95 } = sizes(productFiles(tree()));
    expect(median).toBeLessThan(120);
    expect(p95).toBeLessThan(350);
  });

  it('has no file over 500 lines, tests included', () => {
    expect(sizes(tree()).tooLong).toEqual([]);
  });

  it('has no `any`', () => expect(anyTypes(tree())).toEqual([]));
  it('names every export', () => expect(starExports(tree())).toEqual([]));
  it('gives no constructor more than six dependencies', () =>
    expect(longConstructors(productFiles(tree()))).toEqual([]));
  it('keeps the index of each library narrow', () => expect(wideIndexes(tree())).toEqual([]));
  it('exports nothing that nobody imports', () => {
    const bench = texts(/^bench\/.*\.ts$/).map(({ path, text }) => unit(path, text));
    expect(deadExports([...tree(), ...bench])).toEqual([]);
  });
  it('has no drawer folders', () => expect(drawers(tree().filter(({ path }) => !isTest(path)))).toEqual([]));
});

describe('the gate', () => {
  it('[I1] stands before every gateway call in the source: a permit from mint(), in engine/perform, nowhere else', () => {
    expect(gateFaults(tree())).toEqual([]);
  });
});

describe('style sheets', () => {
  it('have every class that a page names, and no other', () => {
    expect(strayClasses(texts(/^apps\/console\/.*\.(tsx?|css)$/))).toEqual([]);
  });
});

describe('the text of the repository', () => {
  it('leaves no work open, cites no ticket, switches no test off, names no machine', () => {
    expect(textFaults(texts())).toEqual([]);
  });

  it.each(locks)('%s names no host', (path) => expect(namedHosts(packagesOf(path))).toEqual([]));

  it.each(locks)('%s holds every optional package it names', (path) => {
    expect(missingOptionals(packagesOf(path))).toEqual([]);
  });
});

describe('the promises', () => {
  it('are each cited by the title of a test that runs', () => {
    expect(uncited(REQUIREMENTS, testTitles(tree()))).toEqual([]);
  });

  it('are the only ones cited', () => {
    expect(unknownIds(REQUIREMENTS, testTitles(tree()))).toEqual([]);
  });

  it('have distinct ids', () => {
    expect(new Set(REQUIREMENTS.map(({ id }) => id)).size).toBe(REQUIREMENTS.length);
  });
});
