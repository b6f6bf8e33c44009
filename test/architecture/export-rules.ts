import ts from 'typescript';
import { targetOf } from './import-rules';
import { nodes, type SourceUnit } from './tree';

/** An exported name by the file that declares or passes it on, as `path#name`; `path#*` stands for all of a file's. */
type Name = string;

interface Passing {
  readonly from: Name;
  readonly as: Name;
  readonly by: string;
}

/**
 * Values, and all names of an index, that no other file imports: `path: name`. Types that a file's own functions speak of may
 * be exported for nobody yet. The client's index is for programs elsewhere, and a file that is started is imported by nobody.
 */
export function deadExports(files: readonly SourceUnit[]): string[] {
  const known = new Set(files.map(({ path }) => path));
  const used = new Set<Name>();
  const passings: Passing[] = [];
  for (const file of files) readUses(file, known, { used, passings });
  for (let before = -1; before !== used.size;) {
    before = used.size;
    for (const { from, as, by } of passings) if (used.has(as) || used.has(`${by}#*`)) used.add(from);
  }
  return files
    .filter(({ path }) => /^(libs|apps)\//.test(path) && path !== 'libs/sdk/src/index.ts')
    .flatMap(({ path, syntax }) =>
      exportsOf(syntax)
        .filter((name) => !used.has(`${path}#${name}`) && !used.has(`${path}#*`))
        .map((name) => `${path}: ${name}`),
    );
}

function readUses(
  { path, syntax }: SourceUnit,
  known: ReadonlySet<string>,
  { used, passings }: { readonly used: Set<Name>; readonly passings: Passing[] },
): void {
  const fileOf = (specifier: ts.Node | undefined): string | undefined =>
    specifier && ts.isStringLiteralLike(specifier)
      ? targetOf(path, specifier.text.replace(/\?.*$/, ''), known)
      : undefined;
  for (const node of nodes(syntax)) {
    if (ts.isImportDeclaration(node)) {
      const from = fileOf(node.moduleSpecifier);
      const bindings = node.importClause?.namedBindings;
      if (from === undefined || bindings === undefined) continue;
      if (ts.isNamespaceImport(bindings)) used.add(`${from}#*`);
      else for (const { propertyName, name } of bindings.elements) used.add(`${from}#${(propertyName ?? name).text}`);
    } else if (ts.isExportDeclaration(node)) {
      const from = fileOf(node.moduleSpecifier);
      if (from === undefined || !node.exportClause || !ts.isNamedExports(node.exportClause)) continue;
      for (const { propertyName, name } of node.exportClause.elements) {
        passings.push({ from: `${from}#${(propertyName ?? name).text}`, as: `${path}#${name.text}`, by: path });
      }
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      const from = fileOf(node.argument.literal);
      const name = node.qualifier && ts.isIdentifier(node.qualifier) ? node.qualifier.text : '*';
      if (from !== undefined) used.add(`${from}#${name}`);
    } else if (ts.isCallExpression(node)) {
      const isLoad = node.expression.kind === ts.SyntaxKind.ImportKeyword || node.expression.getText() === 'require';
      const from = isLoad ? fileOf(node.arguments[0]) : undefined;
      if (from !== undefined) used.add(`${from}#*`);
    }
  }
}

/** Exported values, and every name in a list of exports. */
function exportsOf(syntax: ts.SourceFile): string[] {
  return syntax.statements.flatMap((node) => {
    if (ts.isExportDeclaration(node)) {
      return node.exportClause && ts.isNamedExports(node.exportClause) && syntax.fileName.endsWith('/index.ts')
        ? node.exportClause.elements.map(({ name }) => name.text)
        : [];
    }
    const isExported =
      ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (!isExported) return [];
    if (ts.isVariableStatement(node)) return node.declarationList.declarations.flatMap(({ name }) => bound(name));
    const named = ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node) ? node.name : undefined;
    return named ? [named.text] : [];
  });
}

const bound = (name: ts.BindingName): string[] =>
  ts.isIdentifier(name)
    ? [name.text]
    : name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : bound(element.name)));
