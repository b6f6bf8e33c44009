import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import type { Failure, Json, JsonObject } from '@writ/kernel';
import { productVersion } from '@writ/telemetry';
import { readBody } from '../http/body';
import type { ModelReply, ToolSpec } from '../types';
import { asStream, completion, modelAsked, refusal } from './wire';

export type RelayAnswer<T> =
  | { readonly ok: true; readonly value: T }
  /** `said` is all that the framework hears of it. */
  | { readonly ok: false; readonly failure: Failure; readonly said: string };

/** What one call of an external framework may ask for while it lasts: one model, and the tools of its agent. */
export interface RelaySession {
  readonly model: string;
  readonly tools: readonly ToolSpec[];
  /** A turn of the model; the request holds what the framework may say of it. */
  ask(request: JsonObject): Promise<RelayAnswer<ModelReply>>;
  /** A call of a tool by its exact name. */
  call(name: string, args: JsonObject): Promise<RelayAnswer<Json>>;
}

export interface RelayOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** How frameworks reach it, where that is not the address it listens at. */
  readonly url: string | null;
}

const MOST_BYTES = 4 * 1024 * 1024;

/**
 * Where external frameworks make their calls: models by the OpenAI protocol at `/v1`, tools by MCP at `/mcp`. Whoever
 * calls shows the token of its session, which ends with the call of the framework it was made for. Nothing is reached
 * from here: a session asks its run, which decides, records and acts.
 */
export class Relay {
  readonly #sessions = new Map<string, RelaySession>();
  #listening: Promise<HttpServer> | null = null;

  constructor(private readonly options: RelayOptions) {}

  /** Where a session's calls go; listens from the first one on. */
  async open(token: string, session: RelaySession): Promise<string> {
    this.#sessions.set(token, session);
    this.#listening ??= this.#listen();
    const { address, port } = (await this.#listening).address() as AddressInfo;
    const host = address.includes(':') ? `[${address}]` : address;
    return this.options.url ?? `http://${host}:${port}`;
  }

  end(token: string): void {
    this.#sessions.delete(token);
  }

  async close(): Promise<void> {
    const server = await this.#listening;
    if (!server) return;
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  #listen(): Promise<HttpServer> {
    const server = createServer((request, response) => {
      this.#answer(request, response).catch(() => {
        if (!response.headersSent) send(response, 500, failureBody('relay_failed', 'the call could not be made'));
        else response.destroy();
      });
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.options.port, this.options.host, () => resolve(server.unref()));
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const session = this.#sessions.get(tokenOf(request));
    if (!session)
      return send(response, 401, failureBody('session_unknown', 'no call of a framework is under way with this token'));
    const at = `${request.method ?? ''} ${(request.url ?? '').split('?')[0]}`;
    if (at === 'POST /v1/chat/completions') return complete(session, request, response);
    if (at === 'GET /v1/models') {
      return send(response, 200, {
        object: 'list',
        data: [{ id: session.model, object: 'model', created: 0, owned_by: 'writ' }],
      });
    }
    if (at.endsWith(' /mcp'))
      return toNodeHandler(createMcpHandler(() => serverOf(session)))(request as never, response as never);
    return send(response, 404, failureBody('not_found', `there is no ${at}`));
  }
}

async function complete(session: RelaySession, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const read = await readBody(request, MOST_BYTES);
  if (read.kind !== 'whole')
    return send(response, 413, failureBody('request_too_large', `at most ${MOST_BYTES} bytes are taken`));
  const body = parsed(read.text);
  const asked = modelAsked(body);
  if (!asked) return send(response, 400, failureBody('request_invalid', 'this is no chat-completions request'));
  const answer = await session.ask(asked);
  if (!answer.ok) return send(response, statusOf(answer.failure), refusal(answer.failure, answer.said));
  const whole = completion(answer.value, { id: 'chatcmpl-writ', created: Math.floor(Date.now() / 1_000) });
  if ((body as { stream?: unknown }).stream !== true) return send(response, 200, whole);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(asStream(whole));
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

/** None of these is tried again by the usual clients, which take 429 and 5xx for a reason to. */
const statusOf = ({ class: kind }: Failure): number => (kind === 'policy' || kind === 'budget' ? 403 : 422);

function tokenOf(request: IncomingMessage): string {
  const [scheme = '', token = ''] = (request.headers.authorization ?? '').split(' ');
  return scheme.toLowerCase() === 'bearer' ? token : '';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

const failureBody = (code: string, message: string): JsonObject => ({
  error: { message, type: 'permanent', code, param: null },
});

function send(response: ServerResponse, status: number, body: JsonObject): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
