import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import {
  deserializeMessage,
  type JSONRPCMessage,
  serializeMessage,
  type Transport,
} from '@modelcontextprotocol/client';
import { logger } from '@writ/telemetry';
import type { McpServer } from '../types';
import { Gate, sealed } from './gate';
import { LineReader } from './lines';
import { commandPath, type Environment, passedEnvironment } from './spawn-environment';
import type { Ticket } from './ticket';

type StdioServer = Extract<McpServer, { transport: 'stdio' }>;

const IDLE_LINE_BYTES = 1_048_576;
const STDERR_KEPT = 2_000;
const TERM_AFTER_MS = 500;
const KILL_AFTER_MS = 2_000;
const DRAIN_MS = 200;

/**
 * A server as a child process. Our own rather than the client library's: that one passes a set of environment variables
 * on unasked, ends the connection on a long line, and writes before a permit could be opened.
 */
export class StdioPipe implements Transport {
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: Transport['onmessage'];
  readonly gate = new Gate();
  private child: ChildProcessByStdio<Writable, Readable, Readable> | null = null;
  private readonly pending = new Map<number, Ticket>();
  private lastWords = '';
  private closing = false;
  private over = false;
  private exited: Promise<void> = Promise.resolve();

  constructor(
    private readonly server: StdioServer,
    private readonly env: Environment,
  ) {}

  /** With `stderr`, how the client library recognizes a pipe: silence on one means an older server, not an outage. */
  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  get stderr(): string {
    return this.lastWords;
  }

  start(): Promise<void> {
    const command = commandPath(this.server.command, this.env);
    const child = spawn(command, [...this.server.args], {
      env: passedEnvironment(this.server.env, this.env),
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own, so that helpers it started end with it and a Ctrl-C reaches only us.
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    this.child = child;
    const reader = new LineReader(() => this.lineCap(), {
      line: (text) => this.receive(text),
      oversized: (id) => this.discard(id),
    });
    child.stdout.on('data', (chunk: Buffer) => reader.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      this.lastWords = (this.lastWords + chunk.toString('utf8')).slice(-STDERR_KEPT);
    });
    for (const stream of [child.stdin, child.stdout, child.stderr]) {
      stream.on('error', (error: Error) => this.onerror?.(error));
    }
    this.exited = new Promise((resolve) => child.once('exit', () => resolve()));
    // `exit`, not only `close`: a helper that keeps the pipes open must not hide that the server is gone.
    child.once('exit', (code, signal) => {
      if (!this.closing) {
        logger('mcp').warn({ server: this.server.name, code, signal, stderr: this.lastWords }, 'an MCP server ended');
      }
      signalGroup(child.pid, 'SIGKILL');
      this.child = null;
      // Answers the server wrote before it ended may still be in the pipe, and count.
      const drained = setTimeout(() => this.ended(), DRAIN_MS);
      child.once('close', () => {
        clearTimeout(drained);
        this.ended();
      });
    });
    return new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => {
        this.child = null;
        reject(error);
      });
    });
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const pass = this.gate.admit(message);
    const { child } = this;
    if (!child || child.exitCode !== null || !child.stdin.writable) {
      throw new Error('the server process is not running');
    }
    if (pass.kind !== 'call') {
      if (pass.kind === 'cancel') this.settle(pass.id);
      child.stdin.write(serializeMessage(message));
      return;
    }
    const { ticket } = pass;
    const line = sealed(message, ticket);
    ticket.sent = true;
    this.gate.wrote(message);
    if ('id' in message && typeof message.id === 'number') this.pending.set(message.id, ticket);
    child.stdin.write(serializeMessage(line));
  }

  /** Ends the process: end of input, then SIGTERM, then SIGKILL to its group. */
  async close(): Promise<void> {
    this.closing = true;
    const { child } = this;
    if (!child) return;
    child.stdin.end();
    const term = setTimeout(() => signalGroup(child.pid, 'SIGTERM'), TERM_AFTER_MS);
    const kill = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), KILL_AFTER_MS);
    await this.exited;
    clearTimeout(term);
    clearTimeout(kill);
  }

  /** Ends the process at once, for when this process is ending itself. */
  kill(): void {
    this.closing = true;
    signalGroup(this.child?.pid, 'SIGKILL');
  }

  private ended(): void {
    if (this.over) return;
    this.over = true;
    this.onclose?.();
  }

  private receive(text: string): void {
    let message: JSONRPCMessage;
    try {
      message = deserializeMessage(text);
    } catch (error) {
      this.onerror?.(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (!('method' in message)) this.settle(message.id);
    this.onmessage?.(message);
  }

  private discard(id: number | null): void {
    if (id !== null) {
      // No ticket: the answer to a call that was given up.
      this.pending.get(id)?.break('too_large');
      this.settle(id);
      return;
    }
    // Nobody can tell whose answer it was: every open call has lost its own.
    this.onerror?.(new Error('a line beyond the cap that answers no known request'));
    void this.close();
  }

  private settle(id: unknown): void {
    if (typeof id !== 'number') return;
    this.pending.delete(id);
    this.gate.answered(id);
  }

  private lineCap(): number {
    let cap = IDLE_LINE_BYTES;
    for (const { request } of this.pending.values()) cap = Math.max(cap, request.wireBytes);
    return cap;
  }
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // It ended in the meantime.
  }
}
