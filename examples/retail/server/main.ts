import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  localhostHostValidation,
  localhostOriginValidation,
  type NodeIncomingMessageLike,
  toNodeHandler,
} from '@modelcontextprotocol/node';
import { createMcpHandler, type Tool } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { Pool } from 'pg';
import { shopServers } from './mcp';
import { loadShop } from './tables';
import { FACT_TOOLS } from './tools';

/**
 * The shop as a process of its own: an MCP server over Streamable HTTP, or over stdio with `--stdio`.
 *
 * RETAIL_DATABASE_URL: its database   RETAIL_DATA: folder of the data set   RETAIL_PORT: 0 for any free one
 * RETAIL_HOLD_MS: milliseconds between a call's commit and its answer
 *
 * Over HTTP it prints one JSON line, `{"url": …}`, when it is ready, and ends when its standard input does: it never
 * outlives the process that started it.
 */
async function main(): Promise<void> {
  const url = required('RETAIL_DATABASE_URL');
  const data = required('RETAIL_DATA');
  const pool = new Pool({ connectionString: url, max: 16, application_name: 'retail-shop' });
  // A connection lost while idle is no fault: the next call opens another, or fails and says so.
  pool.on('error', () => undefined);
  await loadShop(pool, join(data, 'retail_db.json'));
  const described = JSON.parse(await readFile(join(data, 'retail_tools.json'), 'utf8')) as Tool[];
  const factory = shopServers({
    pool,
    tools: [...described.map(withoutHints), ...FACT_TOOLS],
    holdMs: Number(process.env['RETAIL_HOLD_MS'] ?? 0),
  });
  if (process.argv.includes('--stdio')) {
    serveStdio(factory);
    process.stdin.once('close', () => void pool.end());
    return;
  }
  const handler = toNodeHandler(createMcpHandler(factory));
  const hostIsLocal = localhostHostValidation();
  const originIsLocal = localhostOriginValidation();
  const http = createServer((request, response) => {
    if (!hostIsLocal(request, response) || !originIsLocal(request, response)) return;
    if (!request.url?.startsWith('/mcp')) {
      response.writeHead(404).end();
      return;
    }
    void handler(request as NodeIncomingMessageLike, response);
  });
  http.listen(Number(process.env['RETAIL_PORT'] ?? 0), '127.0.0.1', () => {
    const { port } = http.address() as AddressInfo;
    process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}/mcp` })}\n`);
  });
  process.stdin.resume();
  process.stdin.once('end', () => {
    http.close();
    http.closeAllConnections();
    void pool.end();
  });
}

/** What a server says of its own tools' safety is not to be believed; the operator's documents say it instead. */
const withoutHints = ({ name, description, inputSchema }: Tool): Tool => ({
  name,
  ...(description === undefined ? {} : { description }),
  inputSchema,
});

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: see the head of ${__filename}`);
  return value;
}

main().catch((error: unknown) => {
  process.stderr.write(`retail server: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
