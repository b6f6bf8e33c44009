import { posix } from 'node:path';
import { importFault, isTest } from './import-fault.cjs';
import type { SourceUnit } from './tree';

/** Every import the table of import-table.cjs does not allow, as `file: sentence`. */
export function importFaults(files: readonly SourceUnit[]): string[] {
  return files.flatMap(({ path, imports }) =>
    imports
      .map(({ specifier, typeOnly }) => importFault(path, specifier, typeOnly))
      .filter((fault) => fault !== null)
      .map((fault) => `${path}: ${fault}`),
  );
}

/** The file that `specifier` means in the file `from`; undefined for packages, and for what is no source file of ours. */
export function targetOf(from: string, specifier: string, known: ReadonlySet<string>): string | undefined {
  if (!/^(\.|@writ\/)/.test(specifier)) return undefined;
  const base = specifier.startsWith('@writ/')
    ? `libs/${specifier.slice('@writ/'.length)}/src`
    : posix.normalize(posix.join(posix.dirname(from), specifier));
  return [`${base}.ts`, `${base}.tsx`, `${base}/index.ts`, base.replace(/\.js$/, '.ts')].find((path) =>
    known.has(path),
  );
}

/**
 * Files that import each other in a ring, each ring once. Type imports count: a ring of types is one thing in several
 * files, and whoever reads one of them has to read them all.
 */
export function importCycles(files: readonly SourceUnit[]): string[] {
  const known = new Set(files.map(({ path }) => path));
  const edges = new Map(
    files.map(({ path, imports }) => [
      path,
      imports.map(({ specifier }) => targetOf(path, specifier, known)).filter((next) => next !== undefined),
    ]),
  );
  const done = new Set<string>();
  const rings: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) rings.push([...trail.slice(start), path].join(' → '));
    if (start >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return rings;
}

const SUPPRESSION = /eslint-disable|@ts-ignore|@ts-nocheck/;

/** Comments that switch the lint or the type check off: a rule that can be waved away is none. */
export function suppressions(files: readonly SourceUnit[]): string[] {
  return files
    .filter(({ path }) => !path.startsWith('test/architecture/'))
    .flatMap(({ path, text }) =>
      text
        .split('\n')
        .map((content, index) => ({ content, number: index + 1 }))
        .filter(({ content }) => SUPPRESSION.test(content))
        .map(({ content, number }) => `${path}:${number}: ${content.trim()}`),
    );
}

export const productFiles = (files: readonly SourceUnit[]): readonly SourceUnit[] =>
  files.filter(({ path }) => /^(apps|libs|migrations)\//.test(path) && !isTest(path));
