import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type GoalRow, verdict } from './goals';
import { figure } from './numbers';
import type { P8Result } from './verify/main';

export interface VerifyOptions {
  readonly quick: boolean;
  readonly emit: (line: object) => void;
  readonly progress: (text: string) => void;
}

/** P8: an export is verified, in a process of its own, beside bare hashing and the check a plain chain would take. */
export async function measureVerifying({ quick, emit, progress }: VerifyOptions): Promise<GoalRow[]> {
  progress('P8: verifying a log');
  const args = [join(__dirname, 'verify', 'main.js'), ...(quick ? ['--quick'] : [])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 2] });
  const ended = once(child, 'exit');
  let result: P8Result | undefined;
  for await (const text of createInterface({ input: child.stdout! })) {
    const line = JSON.parse(text) as { what?: string };
    emit(line);
    if (line.what === 'result') result = line as unknown as P8Result;
  }
  const [code] = await ended;
  if (!result) throw new Error(`bench/verify ended without a result, exit code ${String(code)}`);
  return p8(result);
}

function p8(result: P8Result): GoalRow[] {
  const row = (goal: string, value: number, bound: { readonly must: number; readonly aim: number }): GoalRow => ({
    goal: `P8 ${goal}`,
    must: `≥ ${figure(bound.must)}/s`,
    aim: `≥ ${figure(bound.aim)}/s`,
    ours: `${figure(value)}/s`,
    bestPeer: `canonicalising chain check ${figure(result.naive)}/s`,
    limit: `bare SHA-256 of the lines ${figure(result.bareHash)}/s`,
    verdict: verdict({ value, ...bound, more: true }),
  });
  return [
    row('structure: hashes, chains, tree, signatures, one core', result.structure, { must: 200_000, aim: 400_000 }),
    row('verdicts recombined, one core', result.decisions, { must: 20_000, aim: 60_000 }),
  ];
}
