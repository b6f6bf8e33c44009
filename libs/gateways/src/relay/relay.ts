import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { Failure, JsonObject } from '@writ/kernel';
import { readBody } from '../http/body';
import type { RelaySession } from './session';
import { asStream, completion, modelAsked, refusal } from './wire';

export interface RelayOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** How frameworks reach it, where that is not the address it listens at. */
  readonly url: string | null;
}

const MOST_BYTES = 4 * 1024 * 1024;

/** The server library is some 15 MB of a process, which only one that is called by frameworks needs. */
const mcp = () => createRequire(__filename)('./mcp-server') as typeof import('./mcp-server');

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
    if (at.endsWith(' /mcp')) return mcp().answerMcp(session, request, response);
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
