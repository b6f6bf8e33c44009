import { randomUUID } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import {
  type JSONRPCMessage,
  StreamableHTTPClientTransport,
  type Transport,
  type TransportSendOptions,
} from '@modelcontextprotocol/client';
import { ok } from '@writ/kernel';
import { exchange, type ExchangeRequest } from '../http/exchange';
import type { McpServer } from '../types';
import { Gate, sealed } from './gate';
import type { Environment } from './spawn-environment';
import { PermitRefused, type Ticket } from './ticket';

/** The same options, as two files of the library spell them under exact optional properties. */
type SendOptions = NonNullable<Parameters<StreamableHTTPClientTransport['send']>[1]>;
type HttpServer = Extract<McpServer, { transport: 'http' }>;

/** Carries a ticket's number from `send` through the library to its `fetch`; taken off there, never on the wire. */
const TICKET_HEADER = 'x-writ-ticket';
/** For handshake messages and cancellations, which no call's deadline covers. */
const CHORE_MS = 10_000;
const CHORE_BYTES = 1_048_576;
/** Statuses that the Fetch standard allows no body for. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** The exchange failed below HTTP; `written` says whether the request may have arrived. */
export class WireBroken extends Error {
  override readonly name = 'WireBroken';
  constructor(
    readonly network: string,
    readonly written: boolean,
  ) {
    super(`the connection to the server failed (${network})`);
  }
}

/** A server behind Streamable HTTP: the client library's transport over our own `fetch`, which is where permits open. */
export class HttpPipe implements Transport {
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: Transport['onmessage'];
  readonly hasPerRequestStream = true;
  readonly gate = new Gate();
  private readonly inner: StreamableHTTPClientTransport;
  private readonly tickets = new Map<string, Ticket>();

  constructor(
    private readonly server: HttpServer,
    private readonly env: Environment,
  ) {
    this.inner = new StreamableHTTPClientTransport(new URL(server.url), {
      fetch: (url, init) => this.fetch(new URL(url), init ?? {}),
    });
  }

  get sessionId(): string | undefined {
    return this.inner.sessionId;
  }

  setProtocolVersion(version: string): void {
    this.inner.setProtocolVersion(version);
  }

  start(): Promise<void> {
    this.inner.onclose = () => this.onclose?.();
    this.inner.onerror = (error) => this.onerror?.(error);
    this.inner.onmessage = (message) => {
      if (!('method' in message) && message.id !== undefined) this.gate.answered(message.id);
      this.onmessage?.(message);
    };
    return this.inner.start();
  }

  async send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    const pass = this.gate.admit(message);
    if (pass.kind !== 'call') return this.inner.send(message, (options ?? {}) as SendOptions);
    const number = randomUUID();
    this.tickets.set(number, pass.ticket);
    try {
      await this.inner.send(message, {
        ...options,
        headers: { ...options?.headers, [TICKET_HEADER]: number },
        // A stream that ends without the answer: the library would wait for its own timeout.
        onRequestStreamEnd: () => pass.ticket.break('cut'),
      } as SendOptions);
    } finally {
      this.tickets.delete(number);
    }
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  private async fetch(url: URL, init: RequestInit): Promise<Response> {
    // The library asks for a standing stream of server messages; no permit covers one and nothing here would read it.
    if (init.method !== 'POST') return new Response(null, { status: 405 });
    const headers = new Headers(init.headers as Headers);
    const number = headers.get(TICKET_HEADER);
    headers.delete(TICKET_HEADER);
    const ticket = number === null ? null : (this.tickets.get(number) ?? null);
    const limit = ticket ? ticket.request.signal : AbortSignal.timeout(CHORE_MS);
    const answer = await exchange({
      url,
      method: 'POST',
      headers: { ...Object.fromEntries(headers), ...this.secretHeaders() },
      signal: init.signal ? AbortSignal.any([init.signal, limit]) : limit,
      fresh: ticket !== null && !ticket.repeatable,
      write: this.writer(String(init.body), ticket),
    });
    if (answer.kind === 'refused') throw new PermitRefused(answer.refusal);
    if (answer.kind === 'broken') throw new WireBroken(answer.code, answer.written);
    return response(answer.status, answer.message, ticket);
  }

  private writer(body: string, ticket: Ticket | null): ExchangeRequest['write'] {
    if (ticket === null) return () => ok({ body });
    return () => {
      const message = JSON.parse(body) as JSONRPCMessage;
      try {
        const text = JSON.stringify(sealed(message, ticket));
        ticket.sent = true;
        this.gate.wrote(message);
        return ok({ body: text });
      } catch (error) {
        if (error instanceof PermitRefused) return { ok: false, failure: error.refusal };
        throw error;
      }
    };
  }

  /** Read at each request and added below the library, which therefore never holds a secret. */
  private secretHeaders(): OutgoingHttpHeaders {
    const headers: OutgoingHttpHeaders = {};
    for (const [header, variable] of Object.entries(this.server.headersEnv)) {
      const value = this.env[variable];
      if (value !== undefined) headers[header.toLowerCase()] = value;
    }
    return headers;
  }
}

function response(status: number, message: IncomingMessage, ticket: Ticket | null): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(message.headers)) {
    if (typeof value === 'string') headers.set(name, value);
  }
  if (BODILESS.has(status)) {
    message.resume();
    return new Response(null, { status, headers });
  }
  return new Response(cappedBody(message, ticket), { status, headers });
}

/** The body as a stream that ends the connection once it has brought more than the ticket allows. */
function cappedBody(message: IncomingMessage, ticket: Ticket | null): ReadableStream<Uint8Array> {
  const cap = ticket?.request.wireBytes ?? CHORE_BYTES;
  let size = 0;
  let over = false;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const fail = (reason: 'too_large' | 'cut'): void => {
        if (over) return;
        over = true;
        ticket?.break(reason);
        controller.error(new WireBroken(reason, true));
        message.destroy();
      };
      message.on('data', (chunk: Buffer) => {
        if (over) return;
        size += chunk.length;
        if (size > cap) fail('too_large');
        else controller.enqueue(new Uint8Array(chunk));
      });
      message.on('end', () => {
        if (over) return;
        over = true;
        controller.close();
      });
      message.on('error', () => fail('cut'));
      message.on('close', () => fail('cut'));
    },
    cancel() {
      over = true;
      message.destroy();
    },
  });
}
