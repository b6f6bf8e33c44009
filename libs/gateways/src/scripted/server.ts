import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chooseTurn, scriptId } from './choose';
import { sendFault, sendJson, sendReply, vendorError } from './perform';
import { parseRequest, parseScripts, type Script, type ScriptInput } from './script';

/** One request to the model, as it arrived: what a test asserts on. */
export interface JournalEntry {
  readonly script: string;
  readonly turn: number;
  /** From the caller's `x-writ-attempt`; 1 where it sends none. */
  readonly attempt: number;
  readonly fault: string | null;
  readonly idempotencyKey: string | null;
  readonly user: string | null;
  readonly model: string;
  readonly stream: boolean;
  readonly tools: readonly string[];
  readonly messages: readonly unknown[];
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface ScriptedModelOptions {
  readonly host?: string;
  /** 0, the default, for any free one. */
  readonly port?: number;
  readonly scripts?: { readonly [id: string]: ScriptInput };
  /** Newest requests kept, with their messages; 0 keeps none. */
  readonly journal?: number;
}

export interface ScriptedModel {
  /** Base URL for OPENAI_BASE_URL, with `/v1`. */
  readonly url: string;
  /** Adds scripts, or replaces those of the same id. Throws on a script that cannot be read. */
  play(scripts: { readonly [id: string]: ScriptInput }): void;
  journal(script?: string): readonly JournalEntry[];
  /** Forgets scripts and journal. */
  reset(): void;
  close(): Promise<void>;
}

const MAX_REQUEST_BYTES = 64 * 1024 * 1024;
const JOURNAL = 10_000;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

class Stage {
  private readonly scripts = new Map<string, Script>();
  private entries: JournalEntry[] = [];

  constructor(private readonly kept: number) {}

  play(value: unknown): string | null {
    const parsed = parseScripts(value);
    if (!parsed.ok) return parsed.failure.message;
    for (const [id, script] of Object.entries(parsed.value)) this.scripts.set(id, script);
    return null;
  }

  journal(script?: string): readonly JournalEntry[] {
    return script === undefined ? [...this.entries] : this.entries.filter((entry) => entry.script === script);
  }

  ids(): string[] {
    return [...this.scripts.keys()];
  }

  reset(): void {
    this.scripts.clear();
    this.entries = [];
  }

  complete(request: IncomingMessage, response: ServerResponse, body: string): void {
    const asked = parseRequest(body);
    if (!asked) return sendJson(response, 400, vendorError('the body is no chat-completions request', 'invalid_body'));
    const header = request.headers['x-writ-script'];
    const id = scriptId(asked, typeof header === 'string' ? header : undefined, (known) => this.scripts.has(known));
    const script = id === null ? undefined : this.scripts.get(id);
    if (id === null || !script) {
      const message = 'no script fits this request: name one in its first user message, as script:<id>';
      return sendJson(response, 404, vendorError(message, 'script_not_found'));
    }
    const attempt = Math.max(1, Number(request.headers['x-writ-attempt'] ?? 1) || 1);
    const { index, turn, fault } = chooseTurn(script, asked, attempt);
    const key = request.headers['idempotency-key'];
    this.note({
      script: id,
      turn: index,
      attempt,
      fault: fault?.type ?? null,
      idempotencyKey: typeof key === 'string' ? key : null,
      user: asked.user ?? null,
      model: asked.model,
      stream: asked.stream,
      tools: asked.tools.map((tool) => tool.function.name),
      messages: asked.messages,
      at: Date.now(),
    });
    const played = { script: id, index, turn, request: asked, requestBytes: Buffer.byteLength(body) };
    const answer = (): void => (fault ? sendFault(response, played, fault) : sendReply(response, played));
    if (turn.delay_ms === 0) answer();
    else setTimeout(answer, turn.delay_ms);
  }

  private note(entry: JournalEntry): void {
    if (this.kept === 0) return;
    this.entries.push(entry);
    if (this.entries.length > this.kept * 2) this.entries = this.entries.slice(-this.kept);
  }
}

function route(stage: Stage, { request, response }: Exchange, body: string): void {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const at = `${request.method ?? 'GET'} ${url.pathname}`;
  switch (at) {
    case 'POST /v1/chat/completions':
      return stage.complete(request, response, body);
    case 'GET /v1/models': {
      const data = [{ id: 'scripted', object: 'model', created: 0, owned_by: 'writ' }];
      return sendJson(response, 200, { object: 'list', data });
    }
    case 'GET /__script':
      return sendJson(response, 200, { scripts: stage.ids() });
    case 'POST /__script': {
      const problem = stage.play(parsedOrNull(body));
      return problem === null
        ? sendJson(response, 200, { scripts: stage.ids() })
        : sendJson(response, 422, vendorError(problem, 'script_invalid'));
    }
    case 'DELETE /__script':
      stage.reset();
      return sendJson(response, 200, { scripts: [] });
    case 'GET /__script/journal':
      return sendJson(response, 200, { entries: stage.journal(url.searchParams.get('script') ?? undefined) });
    default:
      return sendJson(response, 404, vendorError(`there is no ${at}`, 'unknown_path'));
  }
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function receive(request: IncomingMessage, response: ServerResponse, then: (body: string) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_REQUEST_BYTES) request.destroy();
    else chunks.push(chunk);
  });
  request.on('end', () => then(Buffer.concat(chunks).toString('utf8')));
  request.on('error', () => response.destroy());
}

const listening = (server: Server, port: number, host: string): Promise<AddressInfo> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });

/**
 * A model endpoint that plays scripts, for demonstrations without a key and for tests: OpenAI chat completions, whole
 * and streamed, `GET /v1/models`, and under `/__script` its scripts and the journal of what it was asked.
 */
export async function startScriptedModel(options: ScriptedModelOptions = {}): Promise<ScriptedModel> {
  const stage = new Stage(options.journal ?? JOURNAL);
  const play = (scripts: unknown): void => {
    const problem = stage.play(scripts);
    if (problem !== null) throw new Error(problem);
  };
  play(options.scripts ?? {});
  const server = createServer((request, response) => {
    receive(request, response, (body) => route(stage, { request, response }, body));
  });
  const { address, port } = await listening(server, options.port ?? 0, options.host ?? '127.0.0.1');
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${port}/v1`,
    play,
    journal: (script) => stage.journal(script),
    reset: () => stage.reset(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
