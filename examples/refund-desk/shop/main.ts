import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { localhostHostValidation, type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { bank } from './bank';
import { Ledger } from './ledger';
import { shopServer } from './mcp';
import { readOrders } from './orders';

/**
 * The shop and its bank as a process of their own: an MCP server over Streamable HTTP, and a plain HTTP interface, on
 * a port each. `node shop/main.js <ledger file>` prints `{"mcp": …, "bank": …}` when it is ready, and ends when its
 * standard input does: it never outlives who started it.
 */
async function main(): Promise<void> {
  const path = process.argv[2];
  if (!path) throw new Error('give the file of the ledger');
  const parts = { ledger: new Ledger(path), orders: readOrders() };
  const handler = toNodeHandler(createMcpHandler(() => shopServer(parts)));
  const hostIsLocal = localhostHostValidation();
  const mcp = await listen((request, response) => {
    if (hostIsLocal(request, response)) void handler(request as NodeIncomingMessageLike, response);
  });
  const money = await listen((request, response) => void bank(parts, request, response));
  process.stdout.write(`${JSON.stringify({ mcp: `${mcp}/mcp`, bank: money })}\n`);
  process.stdin.resume().once('end', () => process.exit(0));
}

function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`refund-desk shop: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
