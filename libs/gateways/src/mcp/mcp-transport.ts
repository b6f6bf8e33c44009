import { createRequire } from 'node:module';
import { canonicalJson, type JsonObject } from '@writ/kernel';
import type { OpenPermit, Permit } from '@writ/policy';
import { span } from '@writ/telemetry';
import { z } from 'zod';
import { Deadline } from '../deadline';
import { failed } from '../outcome';
import { toolReply } from '../tools/content';
import type { CallLimits, CallOutcome, McpServer, ToolCall, ToolReply, ToolTransport } from '../types';
import type { McpConnection, PermittedRequest } from './connection';
import { type CallResult, replyOf } from './result';
import type { Environment } from './spawn-environment';
import { Ticket } from './ticket';

export interface McpOptions {
  readonly open: OpenPermit;
  /** Where headers and the variables of child processes are looked up by name. */
  readonly env: Environment;
}

/** Asks a server what it offers. A read like any other: decided, committed and permitted, at the door `data`. */
export interface ListCall {
  /** The permit's target: the server's name. */
  readonly target: string;
  readonly server: McpServer;
  /** What was decided, such as `{ server: 'shop' }`; nothing of it is sent. */
  readonly args: JsonObject;
}

/**
 * A tool as its server describes it. Untrusted text: nothing here grants anything, and an operator decides what enters a
 * definition.
 */
export interface RemoteTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
}

const Call = z.looseObject({
  content: z.array(z.looseObject({ type: z.string(), text: z.string().optional() })).optional(),
  structuredContent: z.unknown().optional(),
  isError: z.boolean().optional(),
});
const Page = z.looseObject({
  tools: z.array(
    z.looseObject({ name: z.string(), description: z.string().default(''), inputSchema: z.looseObject({}) }),
  ),
  nextCursor: z.string().optional(),
});

/**
 * Bytes of one answer on the wire: the result may stand in it twice (as text, escaped, and as structured content), so
 * up to four times what it may hold, and room for the envelope.
 */
const wireBytes = (maxBytes: number): number => 4 * maxBytes + 65_536;

/** The client library is some 15 MB of a process, which only one that calls MCP servers needs. */
const client = () => createRequire(__filename)('./client') as typeof import('./client');

interface Permitted {
  readonly permit: Permit;
  readonly call: Pick<ToolCall, 'door' | 'target' | 'args' | 'effect'>;
  readonly server: McpServer;
  readonly limits: CallLimits;
}

/** Tools of MCP servers, over stdio and Streamable HTTP. One connection per server, made when it is first needed. */
export class McpTransport implements ToolTransport {
  private readonly connections = new Map<string, McpConnection>();
  private readonly onExit = (): void => {
    for (const connection of this.connections.values()) connection.kill();
  };

  constructor(private readonly options: McpOptions) {}

  async invoke(permit: Permit, call: ToolCall, limits: CallLimits): Promise<CallOutcome<ToolReply>> {
    const { endpoint } = call;
    if (endpoint.type !== 'mcp') {
      const message = 'a function tool was sent to the MCP transport';
      return failed({ code: 'tool_endpoint_mismatch', class: 'bug', landed: 'no', message });
    }
    const ask: PermittedRequest<CallResult> = {
      method: 'tools/call',
      params: { name: endpoint.tool, arguments: {} },
      schema: Call as PermittedRequest<CallResult>['schema'],
    };
    const answer = await this.ask(ask, { permit, call, server: endpoint.server, limits });
    return answer.kind === 'ok' ? replyOf(answer.value, limits.maxBytes) : answer;
  }

  /** The first page of a server's tools, up to `maxBytes`; a permit covers one exchange, so one page. */
  async listTools(permit: Permit, call: ListCall, limits: CallLimits): Promise<CallOutcome<readonly RemoteTool[]>> {
    const ask: PermittedRequest<z.infer<typeof Page>> = {
      method: 'tools/list',
      params: {},
      schema: Page as unknown as PermittedRequest<z.infer<typeof Page>>['schema'],
    };
    const permitted = { ...call, door: 'data', effect: 'read' } as const;
    const answer = await this.ask(ask, { permit, call: permitted, server: call.server, limits });
    if (answer.kind === 'failed') return answer;
    const tools = answer.value.tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
    const checked = toolReply(tools, limits.maxBytes);
    return checked.kind === 'ok' ? { kind: 'ok', value: tools as unknown as readonly RemoteTool[] } : checked;
  }

  /** Ends every connection and child process; the transport can be used again afterwards. */
  async close(): Promise<void> {
    const all = [...this.connections.values()];
    process.off('exit', this.onExit);
    this.connections.clear();
    await Promise.all(all.map((connection) => connection.close().catch(() => undefined)));
  }

  private ask<R>(ask: PermittedRequest<R>, by: Permitted): Promise<CallOutcome<R>> {
    const attributes = {
      mcpMethod: ask.method,
      mcpTransport: by.server.transport === 'stdio' ? 'pipe' : 'tcp',
      ...(ask.method === 'tools/call' && { tool: String(ask.params['name']) }),
    };
    return span('mcp', attributes, async (open) => {
      const outcome = await this.exchange(ask, by);
      if (outcome.kind === 'failed') open.fail(outcome.failure.code);
      open.set({ mcpVersion: this.connectionTo(by.server).protocolVersion });
      return outcome;
    });
  }

  private async exchange<R>(ask: PermittedRequest<R>, by: Permitted): Promise<CallOutcome<R>> {
    const { permit, call, server, limits } = by;
    const connection = this.connectionTo(server);
    const deadline = new Deadline(limits);
    const { signal } = deadline;
    const ticket = new Ticket(this.options.open, { permit, call, signal, wireBytes: wireBytes(limits.maxBytes) });
    try {
      const value = await deadline.race(connection.request(ticket, ask));
      return { kind: 'ok', value };
    } catch (error) {
      const { cut } = deadline;
      const outcome = client().failureOf({ error, ticket, cut, server: server.name, maxBytes: limits.maxBytes });
      if (outcome.failure.details?.['status'] === 404) connection.drop();
      return outcome;
    } finally {
      deadline.dispose();
    }
  }

  /** Keyed by the whole definition: a server whose command or address changed is another server. */
  private connectionTo(server: McpServer): McpConnection {
    const key = canonicalJson(server);
    let connection = this.connections.get(key);
    if (!connection) {
      if (this.connections.size === 0) process.once('exit', this.onExit);
      connection = new (client().McpConnection)(server, this.options.env);
      this.connections.set(key, connection);
    }
    return connection;
  }
}

export function mcpTransport(options: McpOptions): McpTransport {
  return new McpTransport(options);
}
