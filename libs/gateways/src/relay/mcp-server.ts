import type { IncomingMessage, ServerResponse } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import type { JsonObject } from '@writ/kernel';
import { productVersion } from '@writ/telemetry';
import type { RelaySession } from './session';

/** Answers one request of a framework to the tools of its session, by MCP. `relay.ts` loads it when it is first needed. */
export function answerMcp(session: RelaySession, request: IncomingMessage, response: ServerResponse): Promise<void> {
  return toNodeHandler(createMcpHandler(() => serverOf(session)))(request as never, response as never);
}

/** A server for one request: the protocol keeps nothing in between. */
function serverOf(session: RelaySession): Server {
  const server = new Server({ name: 'writ', version: productVersion() }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', () => ({
    tools: session.tools.map(({ name, description, parameters }) => ({
      name,
      description,
      inputSchema: { ...parameters, type: 'object' as const },
    })),
  }));
  server.setRequestHandler('tools/call', async ({ params }) => {
    const answer = await session.call(params.name, (params.arguments ?? {}) as JsonObject);
    const text = answer.ok
      ? typeof answer.value === 'string'
        ? answer.value
        : JSON.stringify(answer.value)
      : answer.said;
    return { content: [{ type: 'text' as const, text }], ...(!answer.ok && { isError: true }) };
  });
  return server;
}
