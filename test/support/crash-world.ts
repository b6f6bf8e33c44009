import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { Client } from 'pg';
import type { Principal, TenantId } from '@writ/kernel';
import type { FaultPoint } from '@writ/engine';

export const ROOT = join(__dirname, '..', '..');
const compiled = (path: string): string => join(ROOT.endsWith('dist') ? ROOT : join(ROOT, 'dist'), path);

const spawned = new Set<ChildProcess>();
/** Frozen ones too: a suite that failed in the middle must not leave workers that go on beside the next one. */
if (typeof afterAll === 'function') afterAll(() => spawned.forEach((child) => child.kill('SIGKILL')));

/** A child of the crash tests, from the built tree: it prints one line when it is ready, and ends with this process. */
export interface Child {
  readonly process: ChildProcess;
  readonly ready: string;
  exited(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export async function spawnChild(script: string, env: Readonly<Record<string, string>> = {}): Promise<Child> {
  // Without source maps: reading them takes as long as everything else a child does before it is ready.
  const child = spawn(process.execPath, [compiled(script)], {
    env: { ...process.env, WRIT_LOG_LEVEL: 'fatal', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  spawned.add(child);
  child.once('exit', () => spawned.delete(child));
  const gone = once(child, 'exit');
  const lines = createInterface({ input: child.stdout! });
  const first = once(lines, 'line').then(([line]) => String(line));
  const ready = await Promise.race([
    first,
    gone.then(([code, signal]) => {
      throw new Error(`${script} ended before it was ready: ${String(code ?? signal)}`);
    }),
  ]);
  return {
    process: child,
    ready: ready as string,
    exited: async () => void (await gone),
    kill: async (signal) => {
      child.kill(signal);
      if (signal === 'SIGKILL' || signal === 'SIGTERM') await gone;
    },
  };
}

/** Where a worker process is to stop, and how. */
export interface PlannedFault {
  readonly point: FaultPoint;
  /** The step of a run at which; any, unless told. */
  readonly step?: number;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
}

export interface WorkerSetup {
  readonly url: string;
  readonly counter: string;
  readonly fault?: PlannedFault;
  readonly redis?: string;
  /** Another origin beside the counter's that its tools may reach. */
  readonly reaches?: string;
  /** Runs led at once; 16 unless told. */
  readonly concurrency?: number;
}

export const startWorkerProcess = (setup: WorkerSetup): Promise<Child> =>
  spawnChild('test/support/worker-process.js', { WRIT_CRASH_SETUP: JSON.stringify(setup) });

export const startCounter = (delayMs = 0): Promise<Child> =>
  spawnChild('test/support/counter-server.js', { WRIT_COUNTER_DELAY_MS: String(delayMs) });

export type Effects = Readonly<Record<string, { readonly arrivals: number; readonly effects: number }>>;

export async function effectsOf(counter: string): Promise<Effects> {
  return (await (await fetch(counter)).json()) as Effects;
}

/** What became of one step, asked now. */
export async function effectOf(counter: string, key: string): Promise<Effects[string]> {
  return (await (await fetch(new URL(`/${key}`, counter))).json()) as Effects[string];
}

/** Waits until a process that stops itself has stopped. */
export const frozen = (child: Child): Promise<true> =>
  until('the worker to freeze', async () => {
    const stat = await readFile(`/proc/${child.process.pid}/stat`, 'utf8');
    // The state follows the name, which stands in brackets and may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
  });

/** Leases of a dead worker expire after `seconds` here instead of ten: tests kill often. */
export async function shortenLeases(ownerUrl: string, seconds: number): Promise<void> {
  const client = new Client(ownerUrl);
  await client.connect();
  await client.query(
    `create or replace function writ.lease_ttl() returns interval
       language sql immutable parallel safe return interval '${seconds} seconds'`,
  );
  await client.end();
}

/** Does what the time would until a dead worker's leases have run out. */
export async function endLease(db: Pick<Client, 'query'>, dead: Child): Promise<void> {
  await db.query(`update writ.worker set beat_at = beat_at - 2 * writ.lease_ttl() where id = $1`, [dead.ready]);
}

export const person = (tenant: TenantId): Principal => ({
  tenant,
  kind: 'user',
  id: 'user:operator',
  roles: ['role:administrator'],
});

export async function until<T>(what: string, probe: () => Promise<T | null | false>, ms = 90_000): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const value = await probe();
    if (value !== null && value !== false) return value;
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
