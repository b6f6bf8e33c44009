import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A child of this example, which said one line when it was ready and ends when its standard input does. */
export interface Child {
  readonly ready: string;
  /** Ends the process and waits for it. */
  stop(): Promise<void>;
  /** Ends it as a crash does: nothing is finished, nobody is told. */
  kill(): Promise<void>;
}

const STOP_MS = 10_000;

/** The compiled program: beside this file in dist, or in dist when this file runs from its source. */
export function program(...path: readonly string[]): string {
  const beside = join(__dirname, ...path);
  const compiled = existsSync(beside) ? beside : join(__dirname, '..', '..', 'dist', 'examples', 'retail', ...path);
  if (!existsSync(compiled)) throw new Error(`${compiled} is missing: run \`npm run build\` first`);
  return compiled;
}

export async function startChild(path: string, env: { readonly [name: string]: string }): Promise<Child> {
  const child = spawn(process.execPath, ['--enable-source-maps', path], { stdio: ['pipe', 'pipe', 'inherit'], env });
  const ready = await firstLine(child, path);
  const over = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    ready,
    stop: async () => {
      if (over()) return;
      const ended = once(child, 'exit');
      child.stdin.end();
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(late);
    },
    kill: async () => {
      if (over()) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function firstLine(child: ChildProcess, path: string): Promise<string> {
  if (!child.stdout) throw new Error(`${path} has no standard output`);
  const line = once(createInterface({ input: child.stdout }), 'line').then(([text]) => String(text));
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`${path} ended with code ${String(code)} before it was ready`);
  });
  gone.catch(() => undefined);
  return Promise.race([line, gone]);
}
