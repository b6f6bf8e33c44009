import { posix } from 'node:path';

/** A text of the console: a module or a style sheet, by its path. */
export interface Text {
  readonly path: string;
  readonly text: string;
}

const classesOf = (sheet: string): ReadonlySet<string> => {
  const own = sheet.replaceAll(/\/\*.*?\*\//gs, '').replaceAll(/:global\([^)]*\)|url\([^)]*\)/g, '');
  return new Set([...own.matchAll(/\.([A-Za-z_][\w-]*)/g)].map(([, name]) => name!));
};

const importsOf = ({ path, text }: Text): { readonly as: string; readonly sheet: string }[] =>
  [...text.matchAll(/import (\w+) from '([^']+\.module\.css)'/g)].map(([, as, from]) => ({
    as: as!,
    sheet: posix.join(posix.dirname(path), from!),
  }));

/**
 * Classes that a page names and its sheet does not have: the compiler takes every name, and what it should have looked
 * like is then nowhere. And classes that no page names. A sheet of which a name is worked out counts as used.
 */
export function strayClasses(texts: readonly Text[]): string[] {
  const modules = texts.filter(({ path }) => path.endsWith('.tsx') || path.endsWith('.ts'));
  const sheets = texts.filter(({ path }) => path.endsWith('.module.css'));
  const stray: string[] = [];
  const used = new Map<string, Set<string> | 'any'>(sheets.map(({ path }) => [path, new Set()]));
  const known = new Map(sheets.map(({ path, text }) => [path, classesOf(text)]));
  for (const module of modules) {
    for (const { as, sheet } of importsOf(module)) {
      const named = [...module.text.matchAll(new RegExp(`\\b${as}\\[(?:'([\\w-]+)'|[^\\]]+)\\]`, 'g'))];
      for (const [, name] of named) {
        const seen = used.get(sheet);
        if (name === undefined) used.set(sheet, 'any');
        else if (seen instanceof Set) seen.add(name);
        if (name !== undefined && known.get(sheet)?.has(name) !== true) {
          stray.push(`${module.path}: ${sheet} has no class ${name}`);
        }
      }
    }
  }
  for (const [sheet, seen] of used) {
    if (seen === 'any') continue;
    for (const name of known.get(sheet)!) if (!seen.has(name)) stray.push(`${sheet}: nothing is a ${name}`);
  }
  return stray;
}
