import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

/** What a framework is called with. */
export interface FrameworkCall {
  readonly agent: string;
  readonly instructions: string;
  readonly input: { readonly [name: string]: unknown };
  readonly tools: readonly string[];
}

interface Way {
  readonly url: string;
  readonly token: string;
}

export interface FrameworkPeer {
  readonly origin: string;
  /** Calls it has had, and what each of its own calls came to, in order. */
  readonly heard: string[];
  /** What it does when it is called; by default the loop of `agentLoop`. */
  work: (call: FrameworkCall, way: Way) => Promise<unknown>;
  close(): Promise<void>;
}

/**
 * An agent framework as any other: it asks a model by the OpenAI protocol, calls tools by MCP with the official client,
 * and goes on until the model calls none. It knows nothing of this product but where to make its calls.
 */
export async function agentLoop(
  { instructions, input }: FrameworkCall,
  way: Way,
  note: (text: string) => void,
): Promise<unknown> {
  const client = new Client({ name: 'loop', version: '1.0.0' });
  const authorization = `Bearer ${way.token}`;
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${way.url}/mcp`), { requestInit: { headers: { authorization } } }),
  );
  const { tools } = await client.listTools();
  const messages: unknown[] = [
    { role: 'system', content: instructions },
    { role: 'user', content: String(input['message'] ?? JSON.stringify(input)) },
  ];
  for (;;) {
    const reply = await fetch(`${way.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'whatever-it-likes',
        messages,
        tools: tools.map(({ name, description, inputSchema }) => ({
          type: 'function',
          function: { name, description, parameters: inputSchema },
        })),
      }),
    });
    const said = (await reply.json()) as {
      choices?: {
        message: {
          content: string | null;
          tool_calls?: { id: string; function: { name: string; arguments: string } }[];
        };
      }[];
      error?: { code: string };
    };
    if (said.error) {
      note(`model: ${reply.status} ${said.error.code}`);
      throw new Error(said.error.code);
    }
    const { message } = said.choices![0]!;
    messages.push({ role: 'assistant', ...message });
    if (!message.tool_calls?.length) {
      await client.close();
      return { answer: message.content };
    }
    for (const call of message.tool_calls) {
      const done = await client.callTool({
        name: call.function.name,
        arguments: JSON.parse(call.function.arguments) as never,
      });
      const text = (done.content as { text: string }[])[0]!.text;
      note(`${call.function.name}: ${text}`);
      messages.push({ role: 'tool', tool_call_id: call.id, content: text });
    }
  }
}

/** Thrown by `work`: its process is gone, and its caller hears nothing. */
export class Died extends Error {}

export async function startFramework(): Promise<FrameworkPeer> {
  const heard: string[] = [];
  const peer = {
    heard,
    work: (call: FrameworkCall, way: Way) => agentLoop(call, way, (text) => void heard.push(text)),
  };
  const server = createServer((request, response) => void answer(peer, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(peer, {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  });
}

async function answer(
  peer: Pick<FrameworkPeer, 'work' | 'heard'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const call = JSON.parse(Buffer.concat(chunks).toString('utf8')) as FrameworkCall;
  const way = { url: String(request.headers['x-writ-relay']), token: String(request.headers['x-writ-relay-token']) };
  peer.heard.push(`called ${call.agent}, attempt ${String(request.headers['x-writ-attempt'])}`);
  try {
    const done = await peer.work(call, way);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(done));
  } catch (error) {
    if (error instanceof Died) return void response.destroy();
    peer.heard.push(`gave up: ${error instanceof Error ? error.message : String(error)}`);
    response
      .writeHead(422, { 'content-type': 'application/json' })
      .end(JSON.stringify({ error: 'the framework gave up' }));
  }
}
