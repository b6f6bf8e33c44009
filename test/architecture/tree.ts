import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export const ROOT = join(__dirname, '..', '..');

/** One `import`, re-export, `import()` or `import('…')` type of a file. */
export interface ImportLine {
  readonly specifier: string;
  /** Nothing of it is left after compilation. */
  readonly typeOnly: boolean;
}

/** A source file as the architecture rules see it: its path from the root with forward slashes, and its syntax. */
export interface SourceUnit {
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly syntax: ts.SourceFile;
  readonly imports: readonly ImportLine[];
}

export function unit(path: string, text: string): SourceUnit {
  const syntax = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  return { path, text, lines: text.split('\n').length, syntax, imports: importsOf(syntax) };
}

/** Every node below `node`, itself included, parents before children. */
export function* nodes(node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  for (const child of children) yield* nodes(child);
}

function importsOf(syntax: ts.SourceFile): ImportLine[] {
  const found: ImportLine[] = [];
  for (const node of nodes(syntax)) {
    const line = importOf(node);
    if (line) found.push(line);
  }
  return found;
}

function importOf(node: ts.Node): ImportLine | null {
  if (ts.isImportDeclaration(node)) return line(node.moduleSpecifier, isTypeImport(node.importClause));
  if (ts.isExportDeclaration(node) && node.moduleSpecifier) return line(node.moduleSpecifier, isTypeExport(node));
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return line(node.argument.literal, true);
  if (ts.isCallExpression(node) && isLoad(node.expression)) return line(node.arguments[0], false);
  return null;
}

const isLoad = (callee: ts.Expression): boolean =>
  callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require');

const line = (specifier: ts.Node | undefined, typeOnly: boolean): ImportLine | null =>
  specifier && ts.isStringLiteralLike(specifier) ? { specifier: specifier.text, typeOnly } : null;

function isTypeImport(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  if (clause.name || !clause.namedBindings || !ts.isNamedImports(clause.namedBindings)) return false;
  return clause.namedBindings.elements.length > 0 && clause.namedBindings.elements.every((name) => name.isTypeOnly);
}

function isTypeExport(node: ts.ExportDeclaration): boolean {
  if (node.isTypeOnly) return true;
  if (!node.exportClause || !ts.isNamedExports(node.exportClause)) return false;
  return node.exportClause.elements.length > 0 && node.exportClause.elements.every((name) => name.isTypeOnly);
}

const FOLDERS = ['apps', 'libs', 'migrations', 'examples', 'test'];
const SKIPPED = new Set(['node_modules', 'dist']);

function* filesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory() && !SKIPPED.has(entry.name)) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

let cached: readonly SourceUnit[] | undefined;

/** Every TypeScript file of the repository that is ours and not generated. */
export function tree(): readonly SourceUnit[] {
  cached ??= existing(FOLDERS)
    .flatMap((folder) => [...filesBelow(folder)])
    .filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts') && !path.endsWith('.generated.ts'))
    .map((path) => unit(path, readFileSync(join(ROOT, path), 'utf8')));
  return cached;
}

const TEXT = /\.(tsx?|mts|mjs|cjs|sql|csv|conf|ya?ml|md)$/;

/** Every text file that is ours, as path and content: sources, scripts, policies, pages; others by their names. */
export function texts(named = TEXT): readonly { readonly path: string; readonly text: string }[] {
  const folders = existing([...FOLDERS, 'scripts', 'docs', 'policies', 'bench', '.ci']);
  const top = readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = folders.flatMap((folder) => [...filesBelow(folder)]).concat(top.map((entry) => entry.name));
  return paths
    .filter((path) => named.test(path))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

function existing(folders: readonly string[]): string[] {
  const present = new Set(readdirSync(ROOT));
  return folders.filter((folder) => present.has(folder));
}
