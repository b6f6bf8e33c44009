import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { DOORS } from '@writ/gateways';

const ROOM = join(process.cwd(), 'libs/gateways/src');

interface Source {
  readonly path: string;
  readonly syntax: ts.SourceFile;
}

const sources = (): Source[] =>
  readdirSync(ROOM, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
    .map((path) => ({ path, syntax: parse(path, readFileSync(join(ROOM, path), 'utf8')) }));

const parse = (path: string, text: string): ts.SourceFile =>
  ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);

function* nodes(node: ts.Node): Generator<ts.Node> {
  yield node;
  for (const child of node.getChildren()) yield* nodes(child);
}

const isPrivate = (node: ts.MethodDeclaration): boolean =>
  ts.isPrivateIdentifier(node.name) ||
  (ts.getModifiers(node) ?? []).some(
    ({ kind }) => kind === ts.SyntaxKind.PrivateKeyword || kind === ts.SyntaxKind.ProtectedKeyword,
  );

/** `Class.method` of everything callable from outside that is given a permit, wherever it stands in the parameters. */
function takingPermits({ syntax }: Source): string[] {
  const found: string[] = [];
  for (const node of nodes(syntax)) {
    if (!ts.isMethodDeclaration(node) && !ts.isFunctionDeclaration(node) && !ts.isArrowFunction(node)) continue;
    if (!node.parameters.some(({ type }) => type?.getText() === 'Permit')) continue;
    if (ts.isMethodDeclaration(node)) {
      const owner = ts.isClassDeclaration(node.parent) ? (node.parent.name?.text ?? '?') : '?';
      if (!isPrivate(node)) found.push(`${owner}.${node.name.getText()}`);
    } else {
      found.push(`?.${node.name?.getText() ?? 'arrow'}`);
    }
  }
  return found;
}

/** What reaches the outside without help: modules that open sockets or start programs, and the global `fetch`. */
const OUTWARD = /^(node:)?(http|https|http2|net|tls|dgram|dns|dns\/promises|child_process|worker_threads|cluster)$/;
const GLOBALS = new Set(['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest']);

function waysOut({ path, syntax }: Source): string[] {
  const found: string[] = [];
  for (const node of nodes(syntax)) {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const bindings = node.importClause?.namedBindings;
      const values =
        bindings && ts.isNamedImports(bindings) && !node.importClause?.isTypeOnly
          ? bindings.elements.filter((one) => !one.isTypeOnly).map((one) => (one.propertyName ?? one.name).text)
          : node.importClause?.isTypeOnly
            ? []
            : ['*'];
      if (OUTWARD.test(node.moduleSpecifier.text)) found.push(...values.map((name) => `${path}: ${name}`));
      if (/modelcontextprotocol/.test(node.moduleSpecifier.text)) {
        found.push(
          ...values.filter((name) => /Transport$|^\*$|^with|fetch/i.test(name)).map((name) => `${path}: ${name}`),
        );
      }
    }
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && GLOBALS.has(node.expression.text)) {
      found.push(`${path}: ${node.expression.text}()`);
    }
    if (ts.isNewExpression(node) && GLOBALS.has(node.expression.getText()))
      found.push(`${path}: new ${node.expression.getText()}`);
  }
  return found;
}

describe('the ways out of this room', () => {
  it('[I1] that take a permit are exactly those of the registry, each tried with bad permits', () => {
    const listed = Object.entries(DOORS).flatMap(([part, methods]) =>
      Object.keys(methods).map((method) => `${part}.${method}`),
    );
    expect(sources().flatMap(takingPermits).sort()).toEqual(listed.sort());
  });

  it('[I1] open sockets and start programs in three places only, all of which open a permit first, and look names up in one', () => {
    const servers = sources()
      .flatMap(waysOut)
      // These listen: a model that is played, and the place where frameworks make their calls, which reaches nothing itself.
      .filter((way) => !/^(scripted\/server|relay\/relay)\.ts: createServer$/.test(way));
    expect(servers.sort()).toEqual([
      // Names only: what they lead to is checked before anything connects to it.
      'egress/guard.ts: lookup',
      'http/exchange.ts: Agent',
      'http/exchange.ts: Agent',
      'http/exchange.ts: request',
      'http/exchange.ts: request',
      // The library's transport, over our own fetch; it has no other.
      'mcp/http-pipe.ts: StreamableHTTPClientTransport',
      'mcp/stdio-pipe.ts: spawn',
      // Asks once what this machine can confine; what it starts is told nothing and prints a version.
      'sandbox/confinement.ts: spawn',
      // A tool function in a process of its own: the transport of functions opens the permit before.
      'sandbox/run-confined.ts: spawn',
    ]);
  });

  it('are found where they are planted', () => {
    const planted = `
      import { request } from 'node:https';
      import * as net from 'net';
      export class Sneaky { send(call: Call, permit: Permit) { return fetch(call.url); } #own(permit: Permit) {} }
      export const quiet = (permit: Permit) => new WebSocket('ws://x');`;
    const source = { path: 'planted.ts', syntax: parse('planted.ts', planted) };
    expect(takingPermits(source)).toEqual(['Sneaky.send', '?.arrow']);
    expect(waysOut(source)).toEqual([
      'planted.ts: request',
      'planted.ts: *',
      'planted.ts: fetch()',
      'planted.ts: new WebSocket',
    ]);
  });
});
