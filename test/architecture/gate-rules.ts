import ts from 'typescript';
import { isTest } from './import-fault.cjs';
import { nodes, type SourceUnit } from './tree';

/** The methods of ModelProvider and ToolTransport that reach the outside. */
const DOORS = new Set(['complete', 'invoke', 'listTools']);
const PERFORM = /^libs\/engine\/src\/perform[^/]*\.ts$/;

/**
 * Where I1 could be walked around in the source (the type system and the permit office hold it at compile and run time):
 * a gateway called outside `perform`, called with something that is not a freshly minted permit, a permit minted
 * elsewhere, or a permit or a commit proof made by a cast.
 */
export function gateFaults(files: readonly SourceUnit[]): string[] {
  return files.filter(({ path }) => /^(apps|libs)\//.test(path) && !isTest(path)).flatMap(faultsOf);
}

function faultsOf(file: SourceUnit): string[] {
  const found: string[] = [];
  for (const node of nodes(file.syntax)) {
    const fault = callFault(file, node) ?? castFault(file, node);
    if (fault !== null) found.push(`${file.path}: ${fault}`);
  }
  return found;
}

function callFault(file: SourceUnit, node: ts.Node): string | null {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return null;
  const method = node.expression.name.text;
  if (method === 'mint' && !PERFORM.test(file.path) && !file.path.startsWith('libs/policy/')) {
    return 'a permit is minted outside engine/perform';
  }
  if (method === 'afterCommit' && !/^libs\/database\/src\//.test(file.path)) {
    return 'a commit proof is made outside the group commit';
  }
  if (!DOORS.has(method) || file.path.startsWith('libs/gateways/')) return null;
  if (!file.path.startsWith('libs/engine/')) return usesGateways(file) ? `${method}() of a gateway is called` : null;
  if (!PERFORM.test(file.path)) return `${method}() of a gateway is called outside engine/perform`;
  return isMinted(node.arguments[0]) ? null : `${method}() is not given a permit that mint() returned`;
}

const usesGateways = ({ imports }: SourceUnit): boolean =>
  imports.some(({ specifier }) => specifier === '@writ/gateways');

function castFault({ path }: SourceUnit, node: ts.Node): string | null {
  if (!ts.isAsExpression(node) || !ts.isTypeReferenceNode(node.type)) return null;
  const type = node.type.typeName.getText();
  if (type === 'Permit' && !path.startsWith('libs/policy/')) return 'a permit is made by a cast';
  if (type === 'Committed' && !path.startsWith('libs/database/')) return 'a commit proof is made by a cast';
  return null;
}

/** `x.mint(…)` itself, or a name that one `const` in the same function binds to it. */
function isMinted(argument: ts.Expression | undefined): boolean {
  if (!argument) return false;
  if (isMint(argument)) return true;
  if (!ts.isIdentifier(argument)) return false;
  return [...nodes(functionAround(argument))].some(
    (node) =>
      ts.isVariableDeclaration(node) &&
      ts.isIdentifier(node.name) &&
      node.name.text === argument.text &&
      (ts.getCombinedNodeFlags(node) & ts.NodeFlags.Const) !== 0 &&
      node.initializer !== undefined &&
      isMint(node.initializer),
  );
}

const isMint = (node: ts.Expression): boolean =>
  ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === 'mint';

function functionAround(node: ts.Node): ts.Node {
  let around = node.parent;
  while (!ts.isFunctionLike(around) && !ts.isSourceFile(around)) around = around.parent;
  return around;
}
