import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startScriptedModel } from '@writ/gateways';

const MAIN = join(process.cwd(), 'dist/libs/gateways/src/scripted/main.js');

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

async function start(...flags: string[]): Promise<Running> {
  const child = spawn(process.execPath, [MAIN, ...flags], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, url: (JSON.parse(line) as { url: string }).url };
}

const ask = (url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/chat/completions`, { method: 'POST', headers, body: JSON.stringify(body) });

const conversation = (script: string, assistants: number): object => ({
  model: 'm',
  user: 'run_1',
  messages: [
    { role: 'user', content: `script:${script}` },
    ...Array.from({ length: assistants }, () => ({ role: 'assistant', content: 'said' })),
  ],
});

const said = async (response: Response): Promise<unknown> =>
  ((await response.json()) as { choices: { message: { content: unknown } }[] }).choices[0]?.message.content;

describe('the scripted model as a process', () => {
  let folder: string;
  let file: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'writ-script-'));
    file = join(folder, 'scripts.json');
    writeFileSync(file, JSON.stringify({ one: { turns: [{ text: 'first' }, { text: 'second' }], final: 'last' } }));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('plays a conversation on where another one of it was killed', async () => {
    const first = await start('--scripts', file);
    expect(await said(await ask(first.url, conversation('one', 0)))).toBe('first');
    const gone = once(first.child, 'exit');
    first.child.kill('SIGKILL');
    await gone;
    const second = await start('--scripts', file);
    expect(await said(await ask(second.url, conversation('one', 1)))).toBe('second');
    expect(await said(await ask(second.url, conversation('one', 2)))).toBe('last');
    second.child.kill('SIGTERM');
    expect(await once(second.child, 'exit')).toEqual([0, null]);
  });

  it('tied to its input, ends with whoever started it', async () => {
    const { child } = await start('--tied');
    const gone = once(child, 'exit');
    child.stdin?.end();
    expect(await gone).toEqual([0, null]);
  });

  it('that is given scripts it cannot read says so and does not start', async () => {
    const bad = join(folder, 'bad.json');
    writeFileSync(bad, '{"one": {"turn": []}}');
    const child = spawn(process.execPath, [MAIN, '--scripts', bad], { stdio: ['ignore', 'ignore', 'pipe'] });
    let words = '';
    child.stderr.on('data', (chunk) => (words += String(chunk)));
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(words).toMatch(/^scripted model: the scripts cannot be read at \/one/);
  });
});

describe('its control endpoints', () => {
  it('take scripts, tell the journal, and forget', async () => {
    const model = await startScriptedModel();
    const control = model.url.replace(/\/v1$/, '/__script');
    const post = (body: unknown): Promise<Response> => fetch(control, { method: 'POST', body: JSON.stringify(body) });
    expect((await post({ two: { turns: [{ text: 'hi' }] } })).status).toBe(200);
    expect((await post({ two: { turns: 'none' } })).status).toBe(422);
    expect((await post('nonsense')).status).toBe(422);
    const key = { 'idempotency-key': 'k', 'x-writ-attempt': '2' };
    expect(await said(await ask(model.url, conversation('two', 0), key))).toBe('hi');
    const journal = (await (await fetch(`${control}/journal?script=two`)).json()) as { entries: unknown[] };
    expect(journal.entries).toMatchObject([
      {
        script: 'two',
        turn: 0,
        attempt: 2,
        fault: null,
        idempotencyKey: 'k',
        user: 'run_1',
        model: 'm',
        stream: false,
      },
    ]);
    expect(model.journal('other')).toEqual([]);
    await fetch(control, { method: 'DELETE' });
    expect(model.journal()).toEqual([]);
    expect((await ask(model.url, conversation('two', 0))).status).toBe(404);
    await model.close();
  });

  it('and the endpoint itself answer what they do not know with a vendor error', async () => {
    const model = await startScriptedModel();
    expect((await fetch(`${model.url}/models`)).status).toBe(200);
    expect((await fetch(`${model.url}/embeddings`)).status).toBe(404);
    expect((await fetch(`${model.url}/chat/completions`, { method: 'POST', body: '{' })).status).toBe(400);
    expect((await ask(model.url, { messages: [] })).status).toBe(400);
    await model.close();
  });
});

it('two runs of one script get the same turns, ids and all', async () => {
  const model = await startScriptedModel({ scripts: { same: { turns: [{ calls: [{ name: 'f' }, { name: 'g' }] }] } } });
  const [one, two] = await Promise.all([0, 1].map(async () => (await ask(model.url, conversation('same', 0))).json()));
  expect((one as { choices: unknown }).choices).toEqual((two as { choices: unknown }).choices);
  await model.close();
});
