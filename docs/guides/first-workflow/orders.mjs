// A tool server of a few lines: MCP over standard input and output, with the orders of a shop in a constant.
import { Server } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';

const ORDERS = new Map([
  ['W1001', { id: 'W1001', owner: 'user:ada', status: 'pending', total: '42.00' }],
  ['W1002', { id: 'W1002', owner: 'user:grace', status: 'delivered', total: '17.50' }],
]);

const input = { type: 'object', properties: { id: { type: 'string' } }, required: ['id'], additionalProperties: false };
const TOOLS = [
  { name: 'get_order', description: 'Reads an order.', inputSchema: input },
  { name: 'cancel_order', description: 'Cancels an order.', inputSchema: input },
];

function call(name, { id }) {
  const order = ORDERS.get(id);
  if (!order) return { text: `there is no order ${id}`, isError: true };
  if (name === 'cancel_order') order.status = 'cancelled';
  return { text: JSON.stringify(order), isError: false };
}

serveStdio(() => {
  const server = new Server({ name: 'orders', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', () => ({ tools: TOOLS }));
  server.setRequestHandler('tools/call', ({ params }) => {
    const { text, isError } = call(params.name, params.arguments ?? {});
    return { content: [{ type: 'text', text }], isError };
  });
  return server;
});
