import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface RunningShop {
  readonly url: string;
  /** Ends the process and waits for it. */
  stop(): Promise<void>;
  /** Ends it as a crash does: nothing is finished, nobody is told. */
  kill(): Promise<void>;
}

/** The compiled server: beside this file in dist, or in dist when this file runs from its source. */
export function shopProgram(): string {
  const beside = join(__dirname, 'server', 'main.js');
  return existsSync(beside) ? beside : join(__dirname, '..', '..', 'dist', 'examples', 'retail', 'server', 'main.js');
}

/** Starts the shop's MCP server as a process of its own, over Streamable HTTP, and waits until it answers. */
export async function startShop(options: {
  readonly databaseUrl: string;
  readonly data: string;
  readonly holdMs?: number;
}): Promise<RunningShop> {
  const program = shopProgram();
  if (!existsSync(program)) throw new Error(`${program} is missing: run \`npm run build\` first`);
  const child = spawn(process.execPath, ['--enable-source-maps', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      RETAIL_DATABASE_URL: options.databaseUrl,
      RETAIL_DATA: options.data,
      RETAIL_HOLD_MS: String(options.holdMs ?? 0),
    },
  });
  const url = await firstLine(child);
  const gone = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    url,
    stop: async () => {
      if (gone()) return;
      const ended = once(child, 'exit');
      child.stdin.end();
      const late = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(late);
    },
    kill: async () => {
      if (gone()) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('the server has no standard output');
  const lines = createInterface({ input: child.stdout });
  const line = once(lines, 'line').then(([text]) => String(text));
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`the retail server ended with code ${String(code)} before it was ready`);
  });
  const text = await Promise.race([line, gone]);
  gone.catch(() => undefined);
  return (JSON.parse(text) as { url: string }).url;
}
