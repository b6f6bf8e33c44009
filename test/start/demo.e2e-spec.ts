import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshHome, ROOT } from './dev-server';

jest.setTimeout(400_000);

const RUN = join(ROOT, 'scripts', 'run.mjs');
const LIMIT_S = 60;

interface Told {
  readonly acts: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly ms: number;
    readonly facts: { readonly [name: string]: unknown };
    readonly failed: string | null;
  }[];
  readonly ok: boolean;
  readonly seconds: number;
  readonly url: string;
  readonly folder: string;
}

interface Demo {
  readonly child: ChildProcess;
  said(): { readonly out: string; readonly err: string };
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** `npm run demo -- …` as npm would start it, in a process group of its own. */
function demo(env: NodeJS.ProcessEnv, ...args: readonly string[]): Demo {
  const child = spawn(process.execPath, [RUN, 'demo', ...args], {
    cwd: ROOT,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const ended = new Promise<Awaited<Demo['ended']>>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  );
  return { child, said: () => ({ out, err }), ended };
}

/** Processes that belong to a demo: by their command line, and on Linux by their environment. */
function processesOf(folder: string): string[] {
  if (process.platform !== 'linux') return [];
  const read = (pid: string, what: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${what}`, 'utf8').replaceAll('\0', ' ');
    } catch {
      return '';
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => `${read(pid, 'cmdline')}${read(pid, 'environ')}`.includes(folder))
    .map((pid) => `${pid} ${read(pid, 'cmdline')}`);
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 300_000; !holds();) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('npm run demo', () => {
  const home = freshHome();
  /** Where a demo puts its folder. */
  const place = mkdtempSync(join(tmpdir(), 'writ-demos-'));
  // The account that Postgres runs under as root has to get through.
  chmodSync(place, 0o755);
  const env = { ...home.env, TMPDIR: place };
  const folderOf = (): string =>
    join(place, readdirSync(place).find((name) => name.startsWith('writ-demo-')) ?? 'none');
  afterAll(() => {
    home.remove();
    rmSync(place, { recursive: true, force: true });
  });

  it('[I4] [I5] [I6] [I9] proves each of its acts (within a minute, where nothing runs beside it), and leaves nothing behind', async () => {
    const one = demo(env, '--yes', '-o', 'json');
    const { code } = await one.ended;
    const { out, err } = one.said();
    expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
    const told = JSON.parse(out) as Told;
    process.stdout.write(
      `demo: ${told.seconds.toFixed(1)} s (${told.acts.map(({ name, ms }) => `${name} ${ms} ms`).join(', ')})\n`,
    );
    expect(told.acts.map(({ name }) => name)).toEqual([
      'start',
      'refund',
      'refusal',
      'stop',
      'kill',
      'verify',
      'tamper',
    ]);
    expect(told.acts.filter(({ ok }) => !ok)).toEqual([]);
    if (process.env['WRIT_SOAK'] === '1') expect(told.seconds).toBeLessThan(LIMIT_S);
    // Nobody sits at a terminal: plain lines, one for each claim.
    expect(err).not.toContain('\u001b');
    expect(err).not.toContain('\r');
    expect(err.match(/^ +✓ /gm)?.length).toBeGreaterThan(15);
    expect(existsSync(told.folder)).toBe(false);
    expect(readdirSync(place)).toEqual([]);
    expect(processesOf(told.folder)).toEqual([]);
  });

  it('ends with code 1, naming the act and the claim, when something it tells is not so', async () => {
    const desk = mkdtempSync(join(tmpdir(), 'writ-desk-'));
    cpSync(join(ROOT, 'examples', 'refund-desk', 'desk'), desk, { recursive: true });
    const policy = join(desk, 'policy.yaml');
    const loose = readFileSync(policy, 'utf8').replace(
      'service, , deny, , no-money-after-mail',
      'service, , allow, , money-after-mail',
    );
    writeFileSync(policy, loose);
    const one = demo(env, '--yes', '-o', 'json', '--desk', desk);
    const { code } = await one.ended;
    rmSync(desk, { recursive: true });
    expect(code).toBe(1);
    const told = JSON.parse(one.said().out) as Told;
    expect(told.ok).toBe(false);
    // Nothing is played after an act that failed.
    expect(told.acts.map(({ name, ok }) => [name, ok])).toEqual([
      ['start', true],
      ['refund', true],
      ['refusal', false],
    ]);
    expect(one.said().err).toMatch(/✗ it does not hold that /);
    expect(readdirSync(place)).toEqual([]);
  });

  it.each([
    ['Ctrl-C', 'SIGINT', 130],
    ['a kill that nothing survives', 'SIGKILL', null],
  ] as const)('leaves nothing behind after %s either', async (_what, signal, expected) => {
    const one = demo(env, '--yes');
    const over = one.ended.then(({ code }) => Promise.reject(new Error(`it ended with ${code}: ${one.said().err}`)));
    await Promise.race([until('the first act to be over', () => one.said().err.includes('2/')), over]);
    over.catch(() => undefined);
    const folder = folderOf();
    expect(processesOf(folder).length).toBeGreaterThan(process.platform === 'linux' ? 4 : -1);
    if (signal === 'SIGINT') process.kill(-(one.child.pid ?? 0), signal);
    else one.child.kill(signal);
    expect((await one.ended).code).toBe(expected);
    await until('its folder to be gone', () => !existsSync(folder));
    await until('its processes to be gone', () => processesOf(folder).length === 0);
  });
});
