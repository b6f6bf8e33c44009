/**
 * A Mastra agent as a governed step. It is an ordinary Mastra agent: the two lines that point its model and its tools at the
 * run are all that it knows of Writ. Its packages are its own: `npm ci` in this folder, then
 *   node examples/framework/mastra.mjs 4700
 */
import { createServer } from 'node:http';
import { Agent } from '@mastra/core/agent';
import { createTool } from '@mastra/core/tools';
import { z } from 'zod';

/** One request to the run's MCP address, as its tools are listed and called. */
async function mcp(relay, token, method, params) {
  const response = await fetch(`${relay}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const text = await response.text();
  const line = text.startsWith('{')
    ? text
    : text
        .split('\n')
        .find((one) => one.startsWith('data: '))
        .slice(6);
  return JSON.parse(line).result;
}

async function run({ agent, instructions, input }, relay, token) {
  const { tools } = await mcp(relay, token, 'tools/list', {});
  const own = tools.map(({ name, description }) => [
    name,
    createTool({
      id: name,
      description,
      inputSchema: z.record(z.string(), z.any()),
      execute: async (given) =>
        (await mcp(relay, token, 'tools/call', { name, arguments: given.context ?? given })).content[0].text,
    }),
  ]);
  const mastra = new Agent({
    id: agent,
    name: agent,
    instructions,
    model: { id: 'writ/any', url: `${relay}/v1`, apiKey: token },
    tools: Object.fromEntries(own),
  });
  const { text } = await mastra.generate(String(input.message));
  return { answer: text };
}

createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const { 'x-writ-relay': relay, 'x-writ-relay-token': token } = request.headers;
  try {
    response.end(JSON.stringify(await run(JSON.parse(body), relay, token)));
  } catch (error) {
    response.writeHead(422).end(JSON.stringify({ error: String(error?.message ?? error) }));
  }
}).listen(Number(process.argv[2] ?? 0), '127.0.0.1', function () {
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${this.address().port}` })}\n`);
});
