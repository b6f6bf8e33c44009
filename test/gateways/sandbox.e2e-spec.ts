import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromModule, functionTransport, type ToolFunction } from '@writ/gateways';
import type { JsonObject } from '@writ/kernel';
import { Confinement } from '../../libs/gateways/src/sandbox/confinement';
import type { SandboxProfile } from '../../libs/gateways/src/sandbox/profile';
import { gatewayOver, limits, summary, toolCall } from './calls';
import { openOffice, type TestOffice } from './office';

const MODULE = join(__dirname, 'peers/confined.mjs');
const PROFILE: SandboxProfile = { network: 'open', files: 'none', memoryMb: 64, timeMs: 20_000 };
const ENDPOINT = { type: 'function', function: 'run' } as const;

let office: TestOffice;
let folder: string;
let server: Server;
let port: number;
let networkLess: boolean;
beforeAll(async () => {
  office = await openOffice();
  folder = mkdtempSync(join(tmpdir(), 'writ-confined-'));
  server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as { port: number }).port;
  networkLess = (await new Confinement().networkLess()) !== null;
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await new Promise((resolve) => server.close(resolve));
});

interface Ask {
  readonly args?: JsonObject;
  readonly profile?: Partial<SandboxProfile>;
  readonly confinement?: Confinement;
  readonly limits?: Parameters<typeof limits>[0];
}

function invoke(run: ToolFunction, { args = {}, profile = {}, confinement, limits: given }: Ask = {}) {
  const transport = functionTransport({ open: office.open, functions: { run }, ...(confinement && { confinement }) });
  const tools = gatewayOver(office.open, transport);
  const sandbox = { ...PROFILE, ...profile };
  const call = { ...toolCall(ENDPOINT, args, { effect: 'read' }), sandbox };
  const permit = office.permit({ door: 'tool', target: call.target, args, attempt: 2, key: 'run.9' });
  return tools.invoke(permit, call, limits(given ?? { timeoutMs: 60_000 }));
}
const confined = (name: string, ask?: Ask) => invoke(fromModule(MODULE, name), ask);

describe('a confined function', () => {
  it('is told what it would be told otherwise, and nothing of our environment', async () => {
    const outcome = await confined('told', { args: { order: '#1' } });
    const content = { args: { order: '#1' }, attempt: 2, key: 'run.9', variables: [] };
    expect(outcome).toMatchObject({ kind: 'ok', value: { content } });
    expect(await confined('prints')).toMatchObject({ kind: 'ok', value: { content: 'done' } });
  });

  it('reaches no file, no process and no thread', async () => {
    const file = join(folder, 'secret');
    writeFileSync(file, 'secret');
    for (const [name, args] of [
      ['reads', { file }],
      ['writes', { file: join(folder, 'made') }],
      ['spawns', {}],
      ['threads', {}],
    ] as const) {
      expect([name, summary(await confined(name, { args }))]).toEqual([name, ['sandbox_denied', 'permanent', 'yes']]);
    }
    expect(existsSync(join(folder, 'made'))).toBe(false);
  });

  it('reads files where its profile lets it, and still writes none', async () => {
    const file = join(folder, 'readable');
    writeFileSync(file, 'hello');
    const profile = { files: 'read' } as const;
    expect(await confined('reads', { args: { file }, profile })).toMatchObject({ value: { content: 5 } });
    expect(summary(await confined('writes', { args: { file }, profile }))).toEqual([
      'sandbox_denied',
      'permanent',
      'yes',
    ]);
  });

  it('reaches no network where its profile takes that away, or does not run where this machine cannot', async () => {
    expect(await confined('connects', { args: { port } })).toMatchObject({ value: { content: 'reached' } });
    const without = await confined('connects', { args: { port }, profile: { network: 'none' } });
    if (networkLess) expect(without).toMatchObject({ kind: 'ok', value: { content: 'ENETUNREACH' } });
    else expect(summary(without)).toEqual(['sandbox_unavailable', 'permanent', 'no']);
  });

  it('is ended when it takes more time or memory than it may, loops without end included', async () => {
    const exceeded = ['sandbox_exceeded', 'transient', 'maybe'];
    expect(summary(await confined('loops', { profile: { timeMs: 400 } }))).toEqual(exceeded);
    expect(summary(await confined('hoards'))).toEqual(exceeded);
    if (process.platform === 'linux') expect(summary(await confined('hoardsBuffers'))).toEqual(exceeded);
  });

  it('fails as any other does: what it throws is quoted, what is too large is refused, what leaves is lost', async () => {
    const thrown = await confined('throws');
    expect(thrown).toMatchObject({ failure: { code: 'tool_threw', message: 'the tool failed: no such order' } });
    expect(summary(await confined('talks'))).toEqual(['tool_result_too_large', 'permanent', 'yes']);
    expect(summary(await confined('leaves'))).toEqual(['tool_lost', 'transient', 'maybe']);
    expect(summary(await confined('nothing'))).toEqual(['tool_threw', 'permanent', 'yes']);
    const late = await confined('loops', { limits: { timeoutMs: 2_000 } });
    expect(summary(late)).toEqual(['tool_timeout', 'transient', 'maybe']);
  });

  it('[I7] is not run at all where it cannot be confined: a closure, a machine without namespaces, another’s process', async () => {
    let ran = 0;
    expect(summary(await invoke(() => (ran += 1)))).toEqual(['sandbox_unavailable', 'permanent', 'no']);
    const confinement = new Confinement('', 'linux');
    const elsewhere = await confined('told', { profile: { network: 'none' }, confinement });
    expect(summary(elsewhere)).toEqual(['sandbox_unavailable', 'permanent', 'no']);
    expect(ran).toBe(0);
    const transport = functionTransport({ open: office.open, functions: { run: () => 1 } });
    const tools = gatewayOver(office.open, transport);
    const server = { name: 's', transport: 'http', url: 'http://127.0.0.1:1', headersEnv: {} } as const;
    const mcp = { type: 'mcp', server, tool: 't' } as const;
    expect(await tools.confines(mcp, PROFILE)).toContain('not ours to confine');
    const call = { ...toolCall(mcp, {}), sandbox: PROFILE };
    const permit = office.permit({ door: 'tool', target: call.target, args: {} });
    expect(summary(await tools.invoke(permit, call, limits()))).toEqual(['sandbox_unavailable', 'permanent', 'no']);
  });

  it('runs in this process where nothing obliges to a sandbox', async () => {
    const transport = functionTransport({ open: office.open, functions: { run: fromModule(MODULE, 'told') } });
    const call = toolCall(ENDPOINT, { a: 1 });
    const permit = office.permit({ door: 'tool', target: call.target, args: { a: 1 } });
    const outcome = await transport.invoke(permit, call, limits());
    expect(outcome).toMatchObject({ kind: 'ok', value: { content: { args: { a: 1 } } } });
  });
});
