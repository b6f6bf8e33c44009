/**
 * An MCP server for the tests, on the official server library, run as a process of its own:
 *   node mcp-server.mts --stdio [--log file]         both revisions, over a pipe
 *   node mcp-server.mts --stdio --old [--exit]       2025-11-25 only; with --exit it ends on a message it does not know
 *   node mcp-server.mts --http [--session|--modern]  prints {"url": …}; stateless both, sessions of 2025, or 2026 only
 * `--wait` milliseconds pass before it listens. `--log` takes down every byte that arrives. It ends when its standard input does.
 */
import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio';

const { values: options } = parseArgs({
  options: {
    stdio: { type: 'boolean', default: false },
    http: { type: 'boolean', default: false },
    old: { type: 'boolean', default: false },
    exit: { type: 'boolean', default: false },
    session: { type: 'boolean', default: false },
    modern: { type: 'boolean', default: false },
    wait: { type: 'string', default: '0' },
    log: { type: 'string' },
  },
});

const NAMES = [
  'echo',
  'text',
  'parts',
  'structured',
  'fail',
  'meta',
  'env',
  'sleep',
  'hang',
  'crash',
  'big',
  'nul',
  'pid',
];
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });

type Args = { [name: string]: unknown };

async function call(name: string, args: Args, meta: object) {
  switch (name) {
    case 'echo':
      return text(JSON.stringify(args));
    case 'text':
      return text(String(args['text']));
    case 'parts':
      return { content: (args['parts'] as string[]).map((part) => ({ type: 'text' as const, text: part })) };
    case 'structured':
      return { ...text('{"in":"text"}'), structuredContent: { in: 'structure' } };
    case 'fail':
      return { ...text(String(args['text'])), isError: true };
    case 'meta':
      return text(JSON.stringify(meta));
    case 'env':
      return text(JSON.stringify(process.env));
    case 'pid':
      return text(JSON.stringify({ pid: process.pid }));
    case 'sleep':
      await wait(Number(args['ms']));
      return text('"slept"');
    case 'hang':
      return new Promise<never>(() => setInterval(() => undefined, 1_000));
    case 'crash':
      process.kill(process.pid, 'SIGKILL');
      return wait(60_000).then(() => text(''));
    case 'big':
      return text('x'.repeat(Number(args['bytes'])));
    case 'nul':
      return text('a\u0000b');
    default:
      throw new Error(`no tool named ${name}`);
  }
}

const factory = (): Server => {
  const server = new Server({ name: 'peer', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', () => ({
    tools: NAMES.map((name) => ({ name, description: `the ${name} tool`, inputSchema: { type: 'object' as const } })),
  }));
  server.setRequestHandler('tools/call', ({ params }) => {
    return call(params.name, params.arguments ?? {}, params._meta ?? {});
  });
  return server;
};

function log(data: Buffer): void {
  if (options.log !== undefined) appendFileSync(options.log, data);
}

await wait(Number(options.wait));
if (options.stdio) {
  // One byte at the start: a test sees that the process ran even if nothing was written to it.
  log(Buffer.from('#'));
  process.stdin.on('data', log);
  if (options.exit) {
    process.stdin.on('data', (data: Buffer) => {
      if (data.toString().includes('server/discover')) process.exit(3);
    });
  }
  if (options.old) await factory().connect(new StdioServerTransport());
  else serveStdio(factory);
  process.stdin.once('end', () => process.exit(0));
} else {
  const modern = toNodeHandler(createMcpHandler(factory, options.modern ? { legacy: 'reject' } : {}));
  const sessions = new Map<string, NodeStreamableHTTPServerTransport>();
  const inSession = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const id = request.headers['mcp-session-id'];
    let transport = typeof id === 'string' ? sessions.get(id) : undefined;
    if (typeof id === 'string' && !transport) {
      response.writeHead(404).end();
      return;
    }
    if (!transport) {
      const fresh = new NodeStreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (session) => void sessions.set(session, fresh),
      });
      await factory().connect(fresh);
      transport = fresh;
    }
    await transport.handleRequest(request, response);
  };
  const http = createServer((request, response) => {
    if (options.log !== undefined) request.on('data', log);
    if (request.url === '/forget') {
      sessions.clear();
      response.end();
    } else if (options.session) void inSession(request, response);
    else void modern(request as never, response as never);
  });
  http.listen(0, '127.0.0.1', () => {
    const { port } = http.address() as AddressInfo;
    process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}/mcp` })}\n`);
  });
  process.stdin.resume();
  process.stdin.once('end', () => process.exit(0));
}
