import type { JSONRPCMessage } from '@modelcontextprotocol/client';
import { callMeta, type Ticket } from './ticket';

/** What the client library must exchange before a call can be made; part of the call whose permit opened the connection. */
const HANDSHAKE: ReadonlySet<string> = new Set(['initialize', 'server/discover', 'notifications/initialized']);
const PERMITTED: ReadonlySet<string> = new Set(['tools/call', 'tools/list']);

const MAX_SENT = 4_096;

type Pass =
  | { readonly kind: 'pass' }
  | { readonly kind: 'call'; readonly ticket: Ticket }
  /** A call that was sent is given up; its answer, if it still comes, is nobody's. */
  | { readonly kind: 'cancel'; readonly id: string | number };

/**
 * Stands between the client library and a server, and lets nothing out that no permit covers.
 * INVARIANT (I1): a call leaves only with a ticket handed in for it; whatever else the library would send is refused.
 */
export class Gate {
  /** True only while the handshake of a permitted connection runs. */
  shaking = true;
  private next: Ticket | null = null;
  private readonly sent = new Set<string | number>();

  /**
   * Hands in the ticket of the request that `send` makes. The library writes within the same turn of the event loop, so
   * no two requests can meet here; should it ever wait first, the request finds no ticket and is refused.
   */
  with<T>(ticket: Ticket, send: () => T): T {
    this.next = ticket;
    try {
      return send();
    } finally {
      this.next = null;
    }
  }

  admit(message: JSONRPCMessage): Pass {
    if (!('method' in message)) return { kind: 'pass' };
    if (HANDSHAKE.has(message.method) && this.shaking) return { kind: 'pass' };
    if (message.method === 'notifications/cancelled') {
      const id = (message.params as { requestId?: string | number } | undefined)?.requestId;
      if (id !== undefined && this.sent.delete(id)) return { kind: 'cancel', id };
    }
    if (PERMITTED.has(message.method) && 'id' in message && this.next !== null) {
      const ticket = this.next;
      this.next = null;
      return { kind: 'call', ticket };
    }
    throw new NotPermitted(message.method);
  }

  /** Notes that a request was written, so that it can be cancelled. */
  wrote(message: JSONRPCMessage): void {
    if (!('id' in message) || message.id === undefined) return;
    // A call given up by closing its stream is never cancelled by message: the oldest such go first.
    if (this.sent.size >= MAX_SENT) this.sent.delete(this.sent.values().next().value!);
    this.sent.add(message.id);
  }

  answered(id: string | number): void {
    this.sent.delete(id);
  }
}

class NotPermitted extends Error {
  override readonly name = 'NotPermitted';
  constructor(method: string) {
    super(`${method} was not sent: no permit covers it`);
  }
}

/** The message as it is written: the opened arguments in place of the placeholder, and our `_meta`. */
export function sealed(message: JSONRPCMessage, ticket: Ticket): JSONRPCMessage {
  const opened = ticket.openToSend();
  if (!('method' in message)) return message;
  const params = (message.params ?? {}) as Record<string, unknown>;
  const meta = { ...(params['_meta'] as object | undefined), ...callMeta(opened) };
  // A listing's arguments are the decision's, not the protocol's: only a call carries them.
  const args = message.method === 'tools/call' ? { arguments: opened.args } : {};
  return { ...message, params: { ...params, ...args, _meta: meta } } as JSONRPCMessage;
}
