import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join, sep } from 'node:path';
import type { FunctionSource } from './from-module';
import type { SandboxProfile } from './profile';

/** A program and its arguments that leave it without a network. */
export type NetworkLess = readonly string[];

/** Long: a machine that is merely busy must not pass for one that cannot, for as long as the process lives. */
const PROBE_MS = 60_000;

/**
 * What takes a process's network away here: a network namespace of its own, which Linux gives to whoever may have one.
 * Null where nothing does. Asked once, by doing it.
 */
export class Confinement {
  #found: Promise<NetworkLess | null> | null = null;

  constructor(
    private readonly path: string = process.env['PATH'] ?? '',
    private readonly platform: NodeJS.Platform = process.platform,
  ) {}

  networkLess(): Promise<NetworkLess | null> {
    return (this.#found ??= this.#probe());
  }

  /** Why a profile cannot be kept on this machine; null when it can. */
  async lacks({ network }: SandboxProfile): Promise<string | null> {
    if (network === 'open' || (await this.networkLess()) !== null) return null;
    return 'this machine cannot take the network away from a process (it needs `unshare` and user namespaces)';
  }

  async #probe(): Promise<NetworkLess | null> {
    if (this.platform !== 'linux') return null;
    for (const folder of this.path.split(delimiter)) {
      const program = join(folder, 'unshare');
      if (folder === '' || !(await runs(program))) continue;
      const command = [program, '--user', '--map-root-user', '--net', '--'];
      return (await endsWell([...command, process.execPath, '--version'])) ? command : null;
    }
    return null;
  }
}

const runs = (program: string): Promise<boolean> =>
  access(program, constants.X_OK).then(
    () => true,
    () => false,
  );

function endsWell([program = '', ...args]: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'ignore', env: {}, timeout: PROBE_MS, killSignal: 'SIGKILL' });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}

/**
 * The command that runs a function of a module confined. Node's permissions take away files, child processes, threads,
 * addons and WASI; the namespace takes the network. Nothing of our environment goes along.
 */
export function confinedCommand(
  { folder }: FunctionSource,
  { files, memoryMb }: SandboxProfile,
  networkLess: NetworkLess,
): { readonly program: string; readonly args: readonly string[] } {
  const readable = files === 'read' ? '*' : folder.endsWith(sep) ? folder : `${folder}${sep}`;
  const node = [
    process.execPath,
    '--permission',
    `--allow-fs-read=${readable}`,
    `--max-old-space-size=${memoryMb}`,
    '--no-warnings',
    '--input-type=module',
    '--eval',
    INSIDE,
  ];
  const [program = '', ...args] = [...networkLess, ...node];
  return { program, args };
}

/** File descriptor on which the answer comes; what the function prints goes nowhere. */
export const ANSWER_FD = 3;

/** Runs in the confined process: reads one request, answers once, and ends. */
const INSIDE = `
import { writeSync } from 'node:fs';
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { module, name, args, context } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
let answer;
try {
  const work = (await import(module))[name];
  if (typeof work !== 'function') throw new Error('the module has no function ' + name);
  const value = await work(args, { ...context, signal: new AbortController().signal });
  answer = { value: value === undefined ? null : value };
} catch (error) {
  answer = { error: error instanceof Error ? error.message : String(error), denied: error?.code === 'ERR_ACCESS_DENIED' };
}
let bytes;
try {
  bytes = Buffer.from(JSON.stringify(answer));
} catch (error) {
  bytes = Buffer.from(JSON.stringify({ error: 'its result is no JSON: ' + error.message, denied: false }));
}
for (let at = 0; at < bytes.length; ) {
  try {
    at += writeSync(${ANSWER_FD}, bytes, at);
  } catch (error) {
    if (error.code !== 'EAGAIN') throw error;
  }
}
process.exit(0);
`;
