import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { openDatabase, openGroupCommit } from '@writ/database';
import { type Engine, openEngine, RunCommands, type StartWays } from '@writ/engine';
import { functionTransport } from '@writ/gateways';
import { type Principal, type RunId, systemClock, type TenantId } from '@writ/kernel';
import type { Setup, System } from '../protocol';
import { stepResult } from '../workload';
import { openSealing } from './sealing';
import { CALLER, type World } from './writ-world';

/**
 * Writ with everything on: each run is started through the engine's command, decided, journalled, chained into evidence,
 * each step under a permit from a committed decision; it counts when `run_finished` is committed. `sealed`: the sequencer
 * seals that evidence in the same process, as in a worker, and effects would wait for a log that is behind.
 */
export async function openWrit(
  { url, concurrency, workload = 'w5' }: Setup,
  { sealed }: { readonly sealed: boolean },
): Promise<System> {
  const tenants = await makeWorld(url, workload);
  const config = { url, role: 'writer' } as const;
  const db = await openDatabase(config);
  const writer = await openGroupCommit(config, { clock: systemClock });
  const sealing = sealed ? await openSealing(url, db) : null;
  const engine = openEngine({
    db,
    writer,
    ...(sealing && { log: sealing.watch }),
    doors: (open) => ({
      models: { complete: () => Promise.reject(new Error('W5 calls no model')) },
      tools: functionTransport({ open, functions: { step: ({ step }) => stepResult(Number(step)) } }),
    }),
    options: { concurrency: concurrency * 2, heartbeatMs: 2_000, sweepMs: 1_000, mailMs: 250 },
    build: 'bench',
  });
  await engine.start();
  const start = starter(engine, workload);
  let next = 0;
  return {
    op: () => start(tenants[next++ % tenants.length]!),
    async close() {
      await engine.close(2_000);
      await sealing?.close();
      await writer.close();
      await db.close();
    },
  };
}

/** A database with its tenants, each with one workflow: the name of the world. */
export async function makeWorld(url: string, world: World): Promise<readonly TenantId[]> {
  const child = fork(join(__dirname, 'writ-world.js'), [url, world], { stdio: ['ignore', 2, 2, 'ipc'] });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the set-up of Writ's database ended early, with exit code ${String(code)}`);
  });
  const [tenants] = (await Promise.race([once(child, 'message'), ended])) as [TenantId[]];
  return tenants;
}

/**
 * `start` answers once the run is durable; the run's end is what the worker's own promise tells. The command hands its
 * runs to anything that can lead one, so a wrapper around the worker sees each of those promises.
 */
function starter({ worker }: Engine, workflow: string): (tenant: TenantId) => Promise<void> {
  if (!worker) throw new Error('the benchmark leads its runs in this process');
  const led = new Map<RunId, Promise<string>>();
  const { wakeUp, admission } = worker;
  const local: StartWays['local'] = {
    mayBegin: (tenant) => worker.mayBegin(tenant),
    adopt(held) {
      const end = worker.adopt(held);
      led.set(
        held.run,
        end.then(({ kind }) => `${kind} ${held.state.status}`),
      );
      return end;
    },
  };
  const commands = new RunCommands(worker.ctx, { wakeUp, admission, local });
  return async (tenant) => {
    const caller: Principal = { tenant, kind: 'user', id: CALLER, roles: [] };
    const started = await commands.start({ tenant, caller, workflow, input: {} });
    if (!started.ok) throw new Error(`a run was refused: ${started.failure.message}`);
    const { run } = started.value;
    const leading = led.get(run);
    if (!leading) throw new Error(`run ${run} is led elsewhere`);
    led.delete(run);
    const ended = await leading;
    if (ended !== 'final succeeded') throw new Error(`run ${run} ended as ${ended}`);
  };
}
