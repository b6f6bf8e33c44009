import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { canonicalJson, type Json, type JsonObject } from '@writ/kernel';
import type { Step, Suite } from './dataset';

/** What reached the tools of one run: for each step of its script, whether it was called. */
export interface Reached {
  readonly steps: ReadonlySet<number>;
  /** Calls that no script holds. */
  readonly foreign: readonly string[];
}

interface Session {
  readonly steps: readonly Step[];
  readonly reached: Set<number>;
  readonly foreign: string[];
}

interface ToolsCall {
  readonly name: string;
  readonly arguments?: JsonObject;
  readonly _meta?: { readonly [key: string]: Json };
}

/** Missing and null arguments are the same to these tools, and the order of writing is none. */
const keyOf = (name: string, args: JsonObject): string =>
  `${name} ${canonicalJson(Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null)))}`;

/**
 * An MCP server over HTTP that answers every run from its own script. It refuses nothing and asks nobody: whatever stops
 * an attacker's call stood before it.
 */
export class ToolServer {
  readonly #sessions = new Map<string, Session>();
  readonly #awaited = new Map<string, (() => void)[]>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  constructor(private readonly suites: readonly Suite[]) {}

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  url(suite: Suite): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${suite.name}`;
  }

  /** What the tools answer to one run. Calls that come before this wait for it. */
  play(run: string, steps: readonly Step[]): void {
    this.#sessions.set(run, { steps, reached: new Set(), foreign: [] });
    for (const go of this.#awaited.get(run) ?? []) go();
    this.#awaited.delete(run);
  }

  /** What reached the tools of a run, which is over. */
  take(run: string): Reached {
    const { reached, foreign } = this.#sessions.get(run)!;
    this.#sessions.delete(run);
    return { steps: reached, foreign };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const send = (status: number, body?: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(body === undefined ? '' : JSON.stringify(body));
    };
    let text = '';
    for await (const piece of request) text += String(piece);
    if (request.method !== 'POST') return send(405);
    const message = JSON.parse(text) as { id?: number; method: string; params?: JsonObject };
    if (message.id === undefined) return send(202);
    const result = await this.#result(request.url ?? '', message.method, message.params ?? {});
    const error = { code: -32601, message: 'Method not found' };
    send(200, { jsonrpc: '2.0', id: message.id, ...(result === null ? { error } : { result }) });
  }

  async #result(path: string, method: string, params: JsonObject): Promise<object | null> {
    switch (method) {
      case 'initialize': {
        const serverInfo = { name: 'replay', version: '1.0.0' };
        return { protocolVersion: params['protocolVersion'], capabilities: { tools: {} }, serverInfo };
      }
      case 'ping':
        return {};
      case 'tools/list':
        return { tools: this.suites.find(({ name }) => path.startsWith(`/${name}`))?.tools ?? [] };
      case 'tools/call':
        return this.#call(params as unknown as ToolsCall);
      default:
        return null;
    }
  }

  async #call({ name, arguments: args = {}, _meta: meta = {} }: ToolsCall): Promise<object> {
    const session = await this.#session(String(meta['writ/run']));
    const key = String(meta['writ/idempotency-key']);
    const wanted = keyOf(name, args);
    // The key ends in the run's step: a turn of the model is one, and its one call the next. Two calls of a script may be the same.
    const at = Number(key.slice(key.lastIndexOf('.') + 1)) / 2 - 1;
    const step = session.steps[at];
    if (!step || keyOf(step.name, step.args) !== wanted) {
      session.foreign.push(wanted);
      return { content: [{ type: 'text', text: 'no such call was recorded' }], isError: true };
    }
    session.reached.add(at);
    const text = step.error ?? step.result;
    return { content: [{ type: 'text', text }], ...(step.error !== null && { isError: true }) };
  }

  async #session(run: string): Promise<Session> {
    if (!this.#sessions.has(run)) {
      await new Promise<void>((resolve) => this.#awaited.set(run, [...(this.#awaited.get(run) ?? []), resolve]));
    }
    return this.#sessions.get(run)!;
  }
}
