import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { JsonObject } from '@writ/kernel';
import { ANSWER_FD, confinedCommand, type NetworkLess } from './confinement';
import type { FunctionSource } from './from-module';
import type { SandboxProfile } from './profile';

/** Why a confined process was ended by this side. */
export type Excess = 'memory' | 'time' | 'answer' | 'aborted';

export type Confined =
  | { readonly kind: 'value'; readonly value: unknown }
  /** It threw; `denied` when it reached for something the profile withholds. */
  | { readonly kind: 'threw'; readonly message: string; readonly denied: boolean }
  | { readonly kind: 'ended'; readonly by: Excess }
  /** It ended without an answer. */
  | { readonly kind: 'lost'; readonly code: number | null; readonly signal: string | null };

export interface ConfinedCall {
  readonly source: FunctionSource;
  readonly profile: SandboxProfile;
  readonly networkLess: NetworkLess;
  readonly args: JsonObject;
  /** What of the context can be told to another process. */
  readonly context: JsonObject;
  /** Most bytes of the answer. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** What a process that does nothing yet takes already. */
const BASE_MB = 96;
const WATCH_MS = 50;
/** Room for the answer's envelope. */
const ENVELOPE_BYTES = 4_096;
const PAGE_BYTES = 4_096;
const ABORTED_BY_V8 = 134;

/**
 * Runs one function of a module in a process of its own, held to its profile, and ends that process whatever comes of it.
 * Never rejects. Its heap is bounded by the engine, all of its memory by a watch over its resident pages; its time by the
 * clock, endless loops included.
 */
export function runConfined(call: ConfinedCall): Promise<Confined> {
  const { source, profile, networkLess, signal } = call;
  const { program, args } = confinedCommand(source, profile, networkLess);
  const child = spawn(program, [...args], { env: {}, stdio: ['pipe', 'ignore', 'ignore', 'pipe'] });
  return new Promise((resolve) => {
    let excess: Excess | null = null;
    const end = (why: Excess): void => {
      excess ??= why;
      child.kill('SIGKILL');
    };
    const chunks: Buffer[] = [];
    let bytes = 0;
    (child.stdio[ANSWER_FD] as Readable).on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > call.maxBytes + ENVELOPE_BYTES) end('answer');
      else chunks.push(chunk);
    });
    const timer = setTimeout(() => end('time'), profile.timeMs);
    const watch = setInterval(() => void watchMemory(child, profile, end), WATCH_MS);
    const onAbort = (): void => end('aborted');
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    const settle = (confined: Confined): void => {
      clearTimeout(timer);
      clearInterval(watch);
      signal.removeEventListener('abort', onAbort);
      resolve(confined);
    };
    child.once('error', () => settle({ kind: 'lost', code: null, signal: null }));
    child.once('close', (code, by) => {
      if (excess !== null) return settle({ kind: 'ended', by: excess });
      if (code === ABORTED_BY_V8 || by === 'SIGABRT') return settle({ kind: 'ended', by: 'memory' });
      settle(answerOf(Buffer.concat(chunks)) ?? { kind: 'lost', code, signal: by });
    });
    const { module, name } = source;
    child.stdin!.on('error', () => undefined);
    child.stdin!.end(JSON.stringify({ module, name, args: call.args, context: call.context }));
  });
}

async function watchMemory(
  { pid }: ChildProcess,
  { memoryMb }: SandboxProfile,
  end: (why: Excess) => void,
): Promise<void> {
  if (pid === undefined || process.platform !== 'linux') return;
  const pages = await readFile(`/proc/${pid}/statm`, 'utf8').then(
    (text) => Number(text.split(' ')[1]),
    () => 0,
  );
  if (pages * PAGE_BYTES > (memoryMb + BASE_MB) * 1_048_576) end('memory');
}

/** Whatever the other side wrote is taken for text of a stranger. */
function answerOf(bytes: Buffer): Confined | null {
  try {
    const said = JSON.parse(bytes.toString('utf8')) as { value?: unknown; error?: unknown; denied?: unknown } | null;
    if (typeof said !== 'object' || said === null) return null;
    if ('value' in said) return { kind: 'value', value: said.value };
    return typeof said.error === 'string' ? { kind: 'threw', message: said.error, denied: said.denied === true } : null;
  } catch {
    return null;
  }
}
