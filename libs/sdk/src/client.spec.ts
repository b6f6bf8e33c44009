import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ROUTES } from '@writ/contract';
import { WritClient, WritError } from './index';
import { PLACES } from './places';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
interface Scripted {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: { readonly [name: string]: string };
  /** Breaks the connection instead of answering. */
  readonly cut?: boolean;
}

const problem = (code: string, status: number) => ({
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: { code, status, title: code, detail: 'why', request_id: 'req_1', trace_id: null, retryable: status >= 500 },
});

/** A server that answers by a script, in order, and remembers what it was asked. */
async function scripted(answers: Scripted[]): Promise<{ url: string; seen: Seen[]; server: Server }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push({ method: request.method!, url: request.url!, headers: request.headers, body });
      const answer = answers.shift() ?? { status: 500 };
      if (answer.cut) return void request.socket.destroy();
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
      response.end(JSON.stringify(answer.body ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, seen, server };
}

describe('the client', () => {
  let open: Server | undefined;
  const serve = async (...answers: Scripted[]) => {
    const { url, seen, server } = await scripted(answers);
    open = server;
    return { client: new WritClient({ url, apiKey: 'writ_x' }), seen };
  };
  afterEach(() => open?.close());

  it('knows every operation of the contract at its place', () => {
    const table = Object.entries(ROUTES).map(([name, route]) => [name, [route.method, route.path]]);
    expect(PLACES).toEqual(Object.fromEntries(table));
  });

  it('sends one idempotency key with every attempt of a call', async () => {
    const { client, seen } = await serve({ status: 0, cut: true }, problem('unavailable', 503), {
      status: 201,
      body: { id: 'run_1', workflow: 'w' },
    });
    await expect(client.runs.start({ workflow: 'w', input: { a: 1 } })).resolves.toEqual({
      id: 'run_1',
      workflow: 'w',
    });
    expect(seen).toHaveLength(3);
    const keys = new Set(seen.map((one) => one.headers['idempotency-key']));
    expect(keys.size).toBe(1);
    expect([...keys][0]).toMatch(/^[0-9a-f-]{36}$/);
    for (const one of seen) expect(JSON.parse(one.body)).toEqual({ workflow: 'w', input: { a: 1 } });
    expect(seen[0]?.headers.authorization).toBe('Bearer writ_x');
  });

  it('waits for a first attempt that is still executing, as long as it is told to', async () => {
    const busy = problem('idempotency_in_progress', 409);
    const { client, seen } = await serve(
      { ...busy, headers: { ...busy.headers, 'retry-after': '0' } },
      { status: 202 },
    );
    await client.runs.cancel('run_1', { reason: 'r' }, { idempotencyKey: 'mine' });
    expect(seen.map((one) => one.headers['idempotency-key'])).toEqual(['mine', 'mine']);
  });

  it('waits for a line that is full as long as it is told to, and gives up at once when that is too long', async () => {
    const full = problem('busy', 429);
    const told = (seconds: string) => ({ ...full, headers: { ...full.headers, 'retry-after': seconds } });
    const started = { status: 201, body: { id: 'run_1', workflow: 'w' } };
    const { client, seen } = await serve(told('0'), started, told('11'), started);
    await client.runs.start({ workflow: 'w' });
    expect(new Set(seen.map((one) => one.headers['idempotency-key'])).size).toBe(1);
    const refused = await client.runs.start({ workflow: 'w' }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'busy', status: 429, retryAfterMs: 11_000 });
    expect(seen).toHaveLength(3);
  });

  it('does not repeat what cannot succeed, and tells the code, the request and the problem', async () => {
    const { client, seen } = await serve(problem('policy_denied', 403));
    const error = await client.runs.get('run_1').then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(WritError);
    expect(error).toMatchObject({ code: 'policy_denied', status: 403, requestId: 'req_1', retryable: false });
    expect((error as WritError).problem?.detail).toBe('why');
    expect(seen).toHaveLength(1);
  });

  it('gives up after the retries it was given', async () => {
    const { client, seen } = await serve(problem('internal', 500), problem('internal', 500));
    await expect(client.system.me({ maxRetries: 1 })).rejects.toMatchObject({ code: 'internal' });
    expect(seen).toHaveLength(2);
  });

  it('says when the other side is not the API', async () => {
    const { client } = await serve({ status: 404, headers: { 'content-type': 'text/html' } });
    await expect(client.system.me()).rejects.toMatchObject({ code: 'unexpected_answer', status: 404 });
  });

  it('answers a readiness of 503 as an answer, since the contract describes it', async () => {
    const { client } = await serve({ status: 503, body: { status: 'not_ready', checks: [] } });
    await expect(client.system.ready()).resolves.toEqual({ status: 'not_ready', checks: [] });
  });

  it('walks every page of a list with the same filter', async () => {
    const { client, seen } = await serve(
      { status: 200, body: { data: [{ id: 'run_1' }, { id: 'run_2' }], has_more: true, next_cursor: 'c&1' } },
      { status: 200, body: { data: [{ id: 'run_3' }], has_more: false, next_cursor: null } },
    );
    const ids: string[] = [];
    for await (const run of client.runs.list({ status: 'failed', limit: 2 })) ids.push(run.id);
    expect(ids).toEqual(['run_1', 'run_2', 'run_3']);
    expect(seen.map((one) => one.url)).toEqual([
      '/v1/runs?status=failed&limit=2',
      '/v1/runs?status=failed&limit=2&cursor=c%261',
    ]);
  });

  it('escapes what it puts into a path', async () => {
    const { client, seen } = await serve({ status: 200 });
    await client.runs.get('../stops?x');
    expect(seen[0]?.url).toBe('/v1/runs/..%2Fstops%3Fx');
  });

  it('stops at once when its signal is aborted', async () => {
    const { client, seen } = await serve({ status: 0, cut: true }, { status: 200 });
    const controller = new AbortController();
    const call = client.system.me({ signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 20);
    await expect(call).rejects.toThrow('enough');
    expect(seen.length).toBeLessThanOrEqual(1);
  });
});
