import ts from 'typescript';
import type { Requirement } from '../requirements';
import { nodes, type SourceUnit } from './tree';

const STARTERS = new Set(['it', 'test']);
const SWITCHED_OFF = new Set(['skip', 'todo']);

/** The names in `it.each(table)`, from the outermost in: `['it', 'each']`; empty when it is no plain chain of names. */
function chain(callee: ts.Expression): readonly string[] {
  if (ts.isIdentifier(callee)) return [callee.text];
  if (ts.isPropertyAccessExpression(callee)) return [...chain(callee.expression), callee.name.text];
  if (ts.isCallExpression(callee)) return chain(callee.expression);
  if (ts.isTaggedTemplateExpression(callee)) return chain(callee.tag);
  return [];
}

/** Titles of the tests that run: a switched-off test proves nothing. */
export function testTitles(files: readonly SourceUnit[]): string[] {
  return files
    .filter(({ path }) => /spec\.ts$/.test(path))
    .flatMap(({ syntax }) => [...nodes(syntax)].flatMap((node) => titleOf(node)));
}

function titleOf(node: ts.Node): string[] {
  if (!ts.isCallExpression(node)) return [];
  const [start = '', ...rest] = chain(node.expression);
  if (!STARTERS.has(start) || rest.some((name) => SWITCHED_OFF.has(name))) return [];
  const [title] = node.arguments;
  if (!title) return [];
  if (ts.isStringLiteralLike(title)) return [title.text];
  return ts.isTemplateExpression(title) ? [title.getText()] : [];
}

const citedIds = (titles: readonly string[]): string[] =>
  titles.flatMap((title) => [...title.matchAll(/\[(I\d+)\]/g)].map((match) => match[1] ?? ''));

export function uncited(requirements: readonly Requirement[], titles: readonly string[]): string[] {
  const cited = new Set(citedIds(titles));
  return requirements.map(({ id }) => id).filter((id) => !cited.has(id));
}

export function unknownIds(requirements: readonly Requirement[], titles: readonly string[]): string[] {
  const known = new Set(requirements.map(({ id }) => id));
  return [...new Set(citedIds(titles))].filter((id) => !known.has(id));
}
