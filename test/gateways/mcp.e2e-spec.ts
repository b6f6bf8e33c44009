import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@writ/kernel';
import { type CallOutcome, type McpServer, type McpTransport, mcpTransport, type ToolReply } from '@writ/gateways';
import { withTraceContext } from '@writ/telemetry';
import { until } from '../support/until';
import { limits, summary, type Summary, toolCall } from './calls';
import { openOffice, type TestOffice } from './office';
import { type RunningPeer, startHttpPeer, stdioPeer } from './peers';

let office: TestOffice;
let transport: McpTransport;
const peers: RunningPeer[] = [];
let folder: string;
const environment: NodeJS.ProcessEnv = { PATH: process.env['PATH'], SHOWN: 'shown', HIDDEN: 'hidden' };

const KINDS = [
  'stdio',
  'stdio, 2025',
  'stdio, 2025, exits on a probe',
  'http',
  'http, 2025 sessions',
  'http, 2026 only',
] as const;
const servers = new Map<string, McpServer>();

beforeAll(async () => {
  office = await openOffice();
  folder = mkdtempSync(join(tmpdir(), 'writ-mcp-'));
  transport = mcpTransport({ open: office.open, env: environment });
  const http = async (flags: readonly string[]): Promise<McpServer> => {
    const peer = await startHttpPeer(flags);
    peers.push(peer);
    return peer.server;
  };
  servers.set('stdio', stdioPeer([], ['SHOWN']));
  servers.set('stdio, 2025', stdioPeer(['--old']));
  servers.set('stdio, 2025, exits on a probe', stdioPeer(['--old', '--exit']));
  servers.set('http', await http([]));
  servers.set('http, 2025 sessions', await http(['--session']));
  servers.set('http, 2026 only', await http(['--modern']));
});
afterAll(async () => {
  await transport.close();
  await Promise.all(peers.map((peer) => peer.close()));
  rmSync(folder, { recursive: true, force: true });
});

interface Ask {
  readonly effect?: 'read' | 'irreversible';
  readonly attempt?: number;
  readonly limits?: Parameters<typeof limits>[0];
  readonly on?: McpTransport;
}

async function invoke(
  server: McpServer,
  tool: string,
  args: JsonObject = {},
  ask: Ask = {},
): Promise<CallOutcome<ToolReply>> {
  const { effect = 'irreversible', attempt = 1 } = ask;
  const call = toolCall({ type: 'mcp', server, tool }, args, { effect });
  for (;;) {
    const permit = office.permit({ door: 'tool', target: call.target, args, attempt, key: 'run.3' });
    const outcome = await (ask.on ?? transport).invoke(permit, call, limits(ask.limits));
    // As the engine does: a server slow to start has spent the permit, and the call is decided again.
    if (outcome.kind === 'ok' || outcome.failure.code !== 'permit_expired') return outcome;
  }
}

const content = (outcome: CallOutcome<ToolReply>): unknown => (outcome.kind === 'ok' ? outcome.value.content : outcome);

describe.each(KINDS)('a server over %s', (kind) => {
  const server = (): McpServer => servers.get(kind)!;

  it('is called with the decided arguments and answers with JSON', async () => {
    const args = { text: 'grüß dich', list: [1, { deep: null }], empty: {} };
    expect(content(await invoke(server(), 'echo', args))).toEqual(args);
  });

  it('is told the key of the step, the attempt, the run and the trace', async () => {
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const meta = content(await withTraceContext(trace, () => invoke(server(), 'meta', {}, { attempt: 4 })));
    expect(meta).toMatchObject({ 'writ/idempotency-key': 'run.3', 'writ/attempt': 4, traceparent: trace });
    expect((meta as Record<string, unknown>)['writ/run']).toMatch(/^run_/);
  });

  it('keeps one connection, and one process, for all its calls', async () => {
    const pids = await Promise.all([1, 2, 3].map(() => invoke(server(), 'pid')));
    expect(new Set(pids.map((pid) => JSON.stringify(content(pid)))).size).toBe(1);
  });

  const TABLE: readonly (readonly [what: string, tool: string, args: JsonObject, then: Summary])[] = [
    ['a tool that reports an error', 'fail', { text: 'no such order' }, ['tool_reported_error', 'permanent', 'yes']],
    ['a NUL character', 'nul', {}, ['tool_result_unencodable', 'permanent', 'yes']],
    ['one byte too many', 'big', { bytes: 1_048_575 }, ['tool_result_too_large', 'permanent', 'yes']],
    ['50 MB', 'big', { bytes: 50_000_000 }, ['tool_result_too_large', 'permanent', 'yes']],
  ];
  it.each(TABLE)('that answers with %s', async (_what, tool, args, then) => {
    expect(summary(await invoke(server(), tool, args))).toEqual(then);
    expect(content(await invoke(server(), 'echo', { still: 'here' }))).toEqual({ still: 'here' });
  });

  it('that hangs is a timeout that may have landed, and other calls go on', async () => {
    const hung = invoke(server(), 'hang', {}, { limits: { timeoutMs: 1_000 } });
    expect(content(await invoke(server(), 'echo', { n: 1 }))).toEqual({ n: 1 });
    expect(summary(await hung)).toEqual(['tool_timeout', 'unknown', 'maybe']);
    const read = await invoke(server(), 'hang', {}, { effect: 'read', limits: { timeoutMs: 800 } });
    expect(summary(read)).toEqual(['tool_timeout', 'transient', 'maybe']);
    expect(content(await invoke(server(), 'echo', { n: 2 }))).toEqual({ n: 2 });
  });

  it('is let go at once on a cancel', async () => {
    const cancel = new AbortController();
    const pending = invoke(server(), 'hang', {}, { limits: { signal: cancel.signal } });
    setTimeout(() => cancel.abort(), 500);
    expect(summary(await pending)).toEqual(['call_cancelled', 'cancelled', 'maybe']);
  });

  it('lists its tools under a permit for data', async () => {
    const args = { server: 'peer' };
    const permit = office.permit({ door: 'data', target: 'peer', args });
    const listed = await transport.listTools(permit, { target: 'peer', server: server(), args }, limits());
    expect(listed).toMatchObject({ kind: 'ok' });
    if (listed.kind === 'ok')
      expect(listed.value[0]).toEqual({ name: 'echo', description: 'the echo tool', inputSchema: { type: 'object' } });
  });
});

describe('what a tool answers', () => {
  const stdio = (): McpServer => servers.get('stdio')!;

  it('is its structured content where it has one', async () => {
    expect(content(await invoke(stdio(), 'structured'))).toEqual({ in: 'structure' });
  });

  it.each([
    ['{"a": [1]}', { a: [1] }],
    ['true', true],
    ['42', 42],
    ['"quoted"', 'quoted'],
    ['plain words', 'plain words'],
    ['{broken', '{broken'],
    ['12345678901234567890', '12345678901234567890'],
    ['1.0', '1.0'],
    ['', ''],
  ])('as the text %j is read as JSON only where that loses nothing', async (text, value) => {
    expect(content(await invoke(stdio(), 'text', { text }))).toEqual(value);
  });

  it('in several parts is a list', async () => {
    expect(content(await invoke(stdio(), 'parts', { parts: ['{"a":1}', 'two'] }))).toEqual([{ a: 1 }, 'two']);
    expect(content(await invoke(stdio(), 'parts', { parts: [] }))).toBeNull();
  });

  it('as an error is quoted to the agent', async () => {
    const outcome = await invoke(stdio(), 'fail', { text: 'Error: order not found' });
    expect(outcome).toMatchObject({ failure: { message: 'Error: order not found' } });
  });

  it('to a tool it does not know is a refusal or an error, never a reply', async () => {
    const outcome = await invoke(stdio(), 'no_such_tool');
    expect(outcome.kind).toBe('failed');
  });
});

describe('a server process', () => {
  it('is given the environment its definition names, and nothing else', async () => {
    const env = content(await invoke(servers.get('stdio')!, 'env')) as Record<string, string>;
    expect(env['SHOWN']).toBe('shown');
    expect(Object.keys(env).filter((name) => !/^(SHOWN|__CF)/.test(name))).toEqual([]);
  });

  it('that dies in a call may have acted; the next call starts another', async () => {
    const server = stdioPeer([], ['SHOWN', 'PATH']);
    const before = content(await invoke(server, 'pid'));
    expect(summary(await invoke(server, 'crash'))).toEqual(['mcp_connection_lost', 'unknown', 'maybe']);
    expect(summary(await invoke(server, 'crash', {}, { effect: 'read' }))).toEqual([
      'mcp_connection_lost',
      'transient',
      'maybe',
    ]);
    const after = content(await invoke(server, 'pid'));
    expect(after).toMatchObject({ pid: expect.any(Number) });
    expect(after).not.toEqual(before);
  });

  it('that dies between calls is started again without a word', async () => {
    const server = stdioPeer([], ['HIDDEN']);
    const { pid } = content(await invoke(server, 'pid')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    await until('it to be gone', () => {
      try {
        return !process.kill(pid, 0);
      } catch {
        return true;
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(content(await invoke(server, 'pid'))).not.toEqual({ pid });
  });

  it('that cannot be started has not landed, and says what to check', async () => {
    const missing: McpServer = { name: 'gone', transport: 'stdio', command: '/nonexistent/server', args: [], env: [] };
    expect(summary(await invoke(missing, 'echo'))).toEqual(['mcp_unreachable', 'permanent', 'no']);
    const dies: McpServer = {
      name: 'dies',
      transport: 'stdio',
      command: process.execPath,
      args: ['-e', 'process.exit(1)'],
      env: [],
    };
    expect(summary(await invoke(dies, 'echo'))).toEqual(['mcp_unreachable', 'transient', 'no']);
  });

  it('that is slow to start spends the permit, sends nothing under it, and is ready for the next', async () => {
    const log = join(folder, 'slow');
    const server = stdioPeer(['--wait', '1500', '--log', log]);
    const call = toolCall({ type: 'mcp', server, tool: 'echo' }, { once: true });
    const permit = office.permit({ door: 'tool', target: call.target, args: call.args });
    const first = await transport.invoke(permit, call, limits());
    expect(summary(first)).toEqual(['permit_expired', 'policy', 'no']);
    expect(readFileSync(log, 'utf8')).not.toContain('tools/call');
    expect(content(await invoke(server, 'echo', { once: true }))).toEqual({ once: true });
    expect(readFileSync(log, 'utf8').split('"tools/call"')).toHaveLength(2);
  });

  it('ends when the transport is closed, and with it what it had started', async () => {
    const own = mcpTransport({ open: office.open, env: environment });
    const { pid } = content(await invoke(servers.get('stdio')!, 'pid', {}, { on: own })) as { pid: number };
    await own.close();
    expect(() => process.kill(pid, 0)).toThrow();
  });
});

describe('a server behind HTTP', () => {
  it('that forgot the session is met again, and the call had not landed', async () => {
    const server = servers.get('http, 2025 sessions')!;
    expect(content(await invoke(server, 'echo', { n: 1 }))).toEqual({ n: 1 });
    if (server.transport === 'http') await fetch(new URL('/forget', server.url));
    expect(summary(await invoke(server, 'echo', { n: 2 }))).toEqual(['mcp_unavailable', 'transient', 'no']);
    expect(content(await invoke(server, 'echo', { n: 3 }))).toEqual({ n: 3 });
  });

  it('that goes away in a call may have acted; gone, it has not', async () => {
    const peer = await startHttpPeer();
    expect(content(await invoke(peer.server, 'echo', { n: 1 }))).toEqual({ n: 1 });
    const lost = invoke(peer.server, 'hang');
    const gone = once(peer.process, 'exit');
    setTimeout(() => peer.process.kill('SIGKILL'), 600);
    expect(summary(await lost)).toEqual(['mcp_connection_lost', 'unknown', 'maybe']);
    // Until the process has gone its listening socket may still take a connection, and that call may have landed.
    await gone;
    expect(summary(await invoke(peer.server, 'echo'))).toEqual(['mcp_connection_lost', 'transient', 'no']);
  });

  it('that was never there has not landed', async () => {
    const peer = await startHttpPeer();
    await peer.close();
    expect(summary(await invoke(peer.server, 'echo'))).toEqual(['mcp_unreachable', 'transient', 'no']);
  });
});
