import { spawn } from 'node:child_process';
import { join } from 'node:path';

const MAIN = join(__dirname, '..', 'main.js');

export interface Answered {
  readonly code: number | null;
  /** What it printed, parsed. */
  readonly row: { readonly [member: string]: unknown };
}

/**
 * Runs a command of this CLI as a person would, in a process of its own that knows only what `env` says, and answers with
 * its exit code and what it printed under `-o json`.
 */
export async function writ(env: { readonly [name: string]: string }, ...words: readonly string[]): Promise<Answered> {
  const child = spawn(process.execPath, ['--enable-source-maps', MAIN, ...words, '-o', 'json'], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (out === '') throw new Error(`writ ${words.slice(0, 2).join(' ')} ended with ${code}: ${err.trim()}`);
  return { code, row: JSON.parse(out) as Answered['row'] };
}
