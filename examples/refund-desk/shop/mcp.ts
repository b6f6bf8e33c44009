import { ProtocolError, ProtocolErrorCode, Server, type Tool } from '@modelcontextprotocol/server';
import type { Ledger } from './ledger';
import type { Orders } from './orders';

const byOrder = (more: { readonly [name: string]: object } = {}): Tool['inputSchema'] => ({
  type: 'object',
  properties: { order: { type: 'string' }, ...more },
  required: ['order', ...Object.keys(more)],
});

const TOOLS: readonly Tool[] = [
  { name: 'get_order', description: 'Reads an order.', inputSchema: byOrder() },
  { name: 'quote_refund', description: 'What the customer gets back, in cents.', inputSchema: byOrder() },
  { name: 'order_facts', description: 'Whose an order is.', inputSchema: byOrder() },
  { name: 'send_message', description: 'Writes to the customer.', inputSchema: byOrder({ text: { type: 'string' } }) },
];

/** The shop's MCP server; a new one for each request, over the same book. */
export function shopServer({ ledger, orders }: { readonly ledger: Ledger; readonly orders: Orders }): Server {
  const server = new Server({ name: 'refund-desk-shop', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', () => ({ tools: [...TOOLS] }));
  server.setRequestHandler('tools/call', ({ params }) => {
    const args = (params.arguments ?? {}) as { readonly order?: string; readonly text?: string };
    const meta = (params._meta ?? {}) as { readonly [name: string]: unknown };
    const order = args.order ?? '';
    const known = Object.hasOwn(orders, order) ? orders[order] : undefined;
    if (params.name === 'order_facts') return said({ owner: known?.owner ?? null });
    if (!known) return { ...said({ message: 'no such order' }), isError: true };
    switch (params.name) {
      case 'get_order':
        ledger.asked({ what: 'get_order', order, key: String(meta['writ/idempotency-key'] ?? ''), attempt: 1 });
        return said({ order, item: known.item, cents: known.cents, state: known.state });
      case 'quote_refund':
        return said({ order, cents: known.cents });
      case 'send_message': {
        const key = String(meta['writ/idempotency-key'] ?? '');
        ledger.once({ kind: 'message', key, order, text: args.text ?? '' });
        return said({ sent_to: known.owner });
      }
      default:
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, `no tool named ${params.name}`);
    }
  });
  return server;
}

const said = (value: object) => ({ content: [{ type: 'text' as const, text: JSON.stringify(value) }] });
