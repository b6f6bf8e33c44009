import ts from 'typescript';
import { nodes, type SourceUnit } from './tree';

export interface Sizes {
  readonly median: number;
  readonly p95: number;
  readonly tooLong: readonly string[];
}

export function sizes(files: readonly SourceUnit[]): Sizes {
  const lengths = files.map(({ lines }) => lines).sort((a, b) => a - b);
  const quantile = (q: number): number => lengths[Math.floor(q * (lengths.length - 1))] ?? 0;
  const tooLong = files.filter(({ lines }) => lines > 500).map(({ path, lines }) => `${path}: ${lines} lines`);
  return { median: quantile(0.5), p95: quantile(0.95), tooLong };
}

/** Faults of one file found on its syntax, each with the sentence that names it. */
function findings(files: readonly SourceUnit[], fault: (node: ts.Node) => string | null): string[] {
  return files.flatMap(({ path, syntax }) =>
    [...nodes(syntax)].flatMap((node) => {
      const sentence = fault(node);
      if (sentence === null) return [];
      return [`${path}:${syntax.getLineAndCharacterOfPosition(node.getStart(syntax)).line + 1}: ${sentence}`];
    }),
  );
}

export const anyTypes = (files: readonly SourceUnit[]): string[] =>
  findings(files, (node) => (node.kind === ts.SyntaxKind.AnyKeyword ? 'the type `any`' : null));

export const starExports = (files: readonly SourceUnit[]): string[] =>
  findings(files, (node) => (ts.isExportDeclaration(node) && !node.exportClause ? '`export *`' : null));

export const longConstructors = (files: readonly SourceUnit[]): string[] =>
  findings(files, (node) =>
    ts.isConstructorDeclaration(node) && node.parameters.length > 6
      ? `a constructor with ${node.parameters.length} parameters`
      : null,
  );

/**
 * More names than this and the room should be two rooms. Policy holds everything a right can come from or end by, kernel
 * every room's ids, database its statements, verify the parts of proofs that others build theirs from, rules the language
 * that policy and verify share.
 */
const mostNames = (path: string): number =>
  /^libs\/policy\//.test(path) ? 80 : /^libs\/(kernel|database|verify|rules)\//.test(path) ? 60 : 40;

export function wideIndexes(files: readonly SourceUnit[]): string[] {
  return files
    .filter(({ path }) => /^libs\/[^/]+\/src\/index\.ts$/.test(path))
    .map(({ path, syntax }) => ({ path, names: exportedNames(syntax) }))
    .filter(({ path, names }) => names > mostNames(path))
    .map(({ path, names }) => `${path}: ${names} names`);
}

function exportedNames(syntax: ts.SourceFile): number {
  const clauses = [...nodes(syntax)].filter((node) => ts.isExportSpecifier(node));
  const own = syntax.statements.filter(
    (node) =>
      ts.canHaveModifiers(node) &&
      ts.getModifiers(node)?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword),
  );
  return clauses.length + own.length;
}

const DRAWERS = /(^|\/)(common|utils?|helpers?|misc|shared)(\/|\.ts$)/;

/** Folders and files named after nothing: what lies in them belongs to a room with a name. */
export const drawers = (files: readonly SourceUnit[]): string[] =>
  files.map(({ path }) => path).filter((path) => DRAWERS.test(path));
