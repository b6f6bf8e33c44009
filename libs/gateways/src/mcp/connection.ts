import { Client, type StandardSchemaV1 } from '@modelcontextprotocol/client';
import { productVersion } from '@writ/telemetry';
import type { McpServer } from '../types';
import { HttpPipe } from './http-pipe';
import type { Environment } from './spawn-environment';
import { StdioPipe } from './stdio-pipe';
import type { Ticket } from './ticket';

const UNNAMED = 'handshake';
const HANDSHAKE_MS = 20_000;
/** How long a pipe may stay silent on a `server/discover` before it is taken for a server of before 2026-07-28. */
const PROBE_MS = 3_000;

/** No connection came about; nothing of the call was sent. */
export class NotConnected extends Error {
  override readonly name = 'NotConnected';
  constructor(
    readonly network: string,
    readonly permanent: boolean,
    override readonly cause: unknown,
  ) {
    super(`no connection to the MCP server came about (${network})`);
  }
}

interface Live {
  readonly client: Client;
  readonly pipe: StdioPipe | HttpPipe;
  closed: boolean;
}

export interface PermittedRequest<R> {
  readonly method: 'tools/call' | 'tools/list';
  readonly params: { readonly [name: string]: unknown };
  readonly schema: StandardSchemaV1<unknown, R>;
}

/**
 * One server, connected when first needed and again after it is lost. Requests share the connection. Both revisions are
 * spoken: 2026-07-28 where the server offers it, else 2025-11-25 and older by handshake.
 */
export class McpConnection {
  private live: Live | null = null;
  private connecting: Promise<Live> | null = null;
  private legacy = false;

  constructor(
    private readonly server: McpServer,
    private readonly env: Environment,
  ) {}

  /** Negotiated revision, for spans; undefined while not connected. */
  get protocolVersion(): string | undefined {
    return this.live?.client.getNegotiatedProtocolVersion();
  }

  /**
   * Sends one request under a ticket. Rejects with what the library, the pipe or the ticket threw; `ticket.sent` then
   * says whether it may have arrived.
   */
  async request<R>(ticket: Ticket, ask: PermittedRequest<R>): Promise<R> {
    const { client, pipe } = this.live ?? (await this.connected(ticket));
    const timeout = 2 ** 31 - 1; // The ticket's own signal ends it.
    const params = ask.params as Record<string, unknown>;
    return pipe.gate.with(ticket, () =>
      Promise.race([
        client.request({ method: ask.method, params }, ask.schema, { signal: ticket.request.signal, timeout }),
        ticket.broken,
      ]),
    );
  }

  /** Forgets a connection whose session the server no longer knows. */
  drop(): void {
    const gone = this.live;
    this.live = null;
    void gone?.client.close().catch(() => undefined);
  }

  async close(): Promise<void> {
    const live = this.live ?? (await this.connecting?.catch(() => null)) ?? null;
    this.live = null;
    await live?.client.close();
  }

  kill(): void {
    if (this.live?.pipe instanceof StdioPipe) this.live.pipe.kill();
  }

  /** The first to come opens its permit for the connection; those that meet it under way wait and open theirs to send. */
  private connected(ticket: Ticket): Promise<Live> {
    if (!this.connecting) {
      ticket.openEarly();
      this.connecting = this.connect().finally(() => {
        this.connecting = null;
      });
      this.connecting.catch(() => undefined);
    }
    return this.connecting;
  }

  private async connect(): Promise<Live> {
    try {
      return await this.handshake(this.legacy);
    } catch (error) {
      // Some servers of before 2026-07-28 exit on a message they do not know: start again, without asking.
      if (this.server.transport === 'stdio' && !this.legacy && !PERMANENT.has(codeOf(error))) {
        return await this.handshake(true).catch((again: unknown) => {
          throw notConnected(again);
        });
      }
      this.legacy = false;
      throw notConnected(error);
    }
  }

  private async handshake(legacy: boolean): Promise<Live> {
    const pipe =
      this.server.transport === 'stdio' ? new StdioPipe(this.server, this.env) : new HttpPipe(this.server, this.env);
    const client = new Client(
      { name: 'writ', version: productVersion() },
      {
        capabilities: {},
        versionNegotiation: { mode: 'auto', probe: { timeoutMs: PROBE_MS } },
        // A permit covers one exchange: rounds of further questions would be sent without one.
        inputRequired: { autoFulfill: false },
      },
    );
    const live: Live = { client, pipe, closed: false };
    client.onclose = () => {
      live.closed = true;
      if (this.live === live) this.live = null;
    };
    try {
      const prior = legacy ? ({ prior: { kind: 'legacy' } } as const) : {};
      await client.connect(pipe, { timeout: HANDSHAKE_MS, ...prior });
    } catch (error) {
      if (pipe instanceof StdioPipe) pipe.kill();
      throw error;
    }
    // It may have ended between its last word and here; a dead connection must not be kept for the next call.
    if (live.closed) throw new Error('the server ended after the handshake');
    pipe.gate.shaking = false;
    this.legacy = client.getProtocolEra() === 'legacy';
    this.live = live;
    return live;
  }
}

/** The code nearest the cause: the library wraps what the pipe threw. */
function codeOf(error: unknown): string {
  const { code, network, status, cause } = (error ?? {}) as { [field: string]: unknown };
  if (typeof network === 'string') return network;
  if (typeof status === 'number') return `http_${status}`;
  const inner = cause === undefined ? UNNAMED : codeOf(cause);
  return inner !== UNNAMED ? inner : typeof code === 'string' ? code : UNNAMED;
}

/** Trying again changes nothing about these. */
const PERMANENT: ReadonlySet<string> = new Set(['ENOENT', 'EACCES', 'http_401', 'http_403']);

function notConnected(error: unknown): NotConnected {
  const code = codeOf(error);
  return new NotConnected(code, PERMANENT.has(code), error);
}
