import { type ChildProcess, spawn, type SpawnOptions, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const ROOT = join(__dirname, '..', '..');
const RUN = join(ROOT, 'scripts', 'run.mjs');

/** What `writ dev` says when it is ready. */
export interface Ready {
  readonly url: string;
  readonly api_key: string | null;
  readonly login_file: string;
  readonly database_started: boolean;
  readonly pid: number;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** A home of its own, without anything of this machine's own Writ. */
export function freshHome(): { readonly home: string; readonly env: NodeJS.ProcessEnv; remove(): void } {
  const home = mkdtempSync(join(tmpdir(), 'writ-home-'));
  const { DATABASE_URL, REDIS_URL, WRIT_URL, WRIT_API_KEY, WRIT_PORT, WRIT_HOST, WRIT_LOG_LEVEL, ...rest } =
    process.env;
  void [DATABASE_URL, REDIS_URL, WRIT_URL, WRIT_API_KEY, WRIT_PORT, WRIT_HOST, WRIT_LOG_LEVEL];
  return { home, env: { ...rest, WRIT_HOME: home }, remove: () => rmSync(home, { recursive: true, force: true }) };
}

/** One process of `npm start`, as npm would start it, in a process group of its own. */
export class DevServer {
  readonly ended: Promise<Ended>;
  readonly #said = { out: '', err: '' };

  constructor(
    readonly child: ChildProcess,
    private readonly ready: Promise<Ready>,
  ) {
    child.stdout?.on('data', (chunk: Buffer) => (this.#said.out += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.#said.err += chunk.toString()));
    this.ended = new Promise((resolve) =>
      child.once('close', (code, signal) => resolve({ code, signal, ...this.#said })),
    );
  }

  static start(env: NodeJS.ProcessEnv, args: readonly string[] = ['--port', '0']): DevServer {
    // The channel ends with this process, however it ends, and the server with the channel.
    const options: SpawnOptions = { cwd: ROOT, env, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] };
    const child = spawn(process.execPath, [RUN, 'start', '-o', 'ndjson', ...args], options);
    const ready = new Promise<Ready>((resolve, reject) => {
      let text = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('\n')) resolve(JSON.parse(text) as Ready);
      });
      child.once('close', (code) => reject(new Error(`it ended with ${code} before it was ready`)));
    });
    ready.catch(() => undefined);
    return new DevServer(child, ready);
  }

  async untilReady(): Promise<Ready> {
    return this.ready.catch(async (error: Error) => {
      throw new Error(`${error.message}:\n${(await this.ended).err}`);
    });
  }

  /** To this process alone. */
  send(signal: NodeJS.Signals): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }

  /** To the whole group, as a terminal does on Ctrl-C. */
  sendToGroup(signal: NodeJS.Signals): Promise<Ended> {
    process.kill(-(this.child.pid ?? 0), signal);
    return this.ended;
  }
}

/** Runs one command of the CLI to its end. */
export function writ(env: NodeJS.ProcessEnv, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [RUN, 'writ', ...args], {
    cwd: ROOT,
    env,
    encoding: 'utf8',
    timeout: 120_000,
  });
  return { code: status, out: stdout, err: stderr };
}

/** The same with `-o json`, parsed; fails with what the command said when it did not work. */
export function json(env: NodeJS.ProcessEnv, ...args: readonly string[]): { readonly [name: string]: unknown } {
  const { code, out, err } = writ(env, ...args, '-o', 'json');
  if (out === '') throw new Error(`writ ${args.join(' ')} ended with ${code}: ${err}`);
  return JSON.parse(out) as { readonly [name: string]: unknown };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
