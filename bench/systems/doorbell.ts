import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase, openGroupCommit } from '@writ/database';
import { BullWakeUp, LocalWakeUp, openEngine, RunCommands, type StartWays, type WakeUp } from '@writ/engine';
import { functionTransport } from '@writ/gateways';
import { type RunId, systemClock, type TenantId } from '@writ/kernel';
import { percentile } from '../numbers';
import { serve } from '../serve';
import { stepResult } from '../workload';
import { makeWorld } from './writ-system';
import { CALLER } from './writ-world';

const EACH_MS = 25;
const WARM_UP_RUNS = 3_000;
const AT_ONCE = 16;
const nowhere = (): never => {
  throw new Error('this engine takes commands only');
};

/** Notes when each run was rung for. */
class Timed implements WakeUp {
  readonly rung = new Map<string, number>();

  constructor(private readonly inner: WakeUp) {}

  ring(...[tenant, run, letters]: Parameters<WakeUp['ring']>): Promise<void> {
    this.rung.set(run, performance.now());
    return this.inner.ring(tenant, run, letters);
  }

  listen(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

type Start = (tenant: TenantId) => Promise<RunId>;

const callerIn = (tenant: TenantId) => ({ tenant, kind: 'user', id: CALLER, roles: [] }) as const;

/**
 * P9: to the first decision of a run, at forty runs a second. From the ring: one engine takes the starts, the other leads
 * what it hears of, as in two processes; between them Bull, or nothing. That is the bell, the claim, the journal, the
 * definitions. Where starts are taken by the engine that leads, as in one process: from handing the run over. And of runs
 * that were led here until they came to rest: from the ring of a signal, also until their first intent is on the disk.
 */
serve(async ({ url, redis }) => {
  const tenants = await makeWorld(url, 'bell');
  const config = { url, role: 'writer' } as const;
  const db = await openDatabase(config);
  const writer = await openGroupCommit(config, { clock: systemClock });
  const shared = redis === undefined ? new LocalWakeUp() : null;
  const bell = (): WakeUp => shared ?? new BullWakeUp(redis!);
  const begun = new Map<string, number>();
  const intended = new Map<string, number>();
  const leading = openEngine({
    db,
    writer,
    wakeUp: bell(),
    doors: (open) => ({
      models: { complete: () => Promise.reject(new Error('W5 calls no model')) },
      tools: functionTransport({ open, functions: { step: ({ step }) => stepResult(Number(step)) } }),
    }),
    faults: {
      at(point, { run, step }) {
        if (step !== 1) return;
        if (point === 'before_intent') begun.set(run, performance.now());
        else if (point === 'after_intent') intended.set(run, performance.now());
      },
    },
    build: 'bench',
  });
  const timed = new Timed(bell());
  const taking = openEngine({
    db,
    writer,
    wakeUp: timed,
    doors: () => ({ models: { complete: nowhere }, tools: { invoke: nowhere, close: () => Promise.resolve() } }),
    leads: false,
    build: 'bench',
  });
  await leading.start();
  await taking.start();
  let next = 0;
  const starter = (commands: Pick<RunCommands, 'start'>, workflow = 'w5'): Start => {
    return async (tenant) => {
      const started = await commands.start({ tenant, caller: callerIn(tenant), workflow, input: {} });
      if (!started.ok) throw new Error(`a run was refused: ${started.failure.message}`);
      return started.value.run;
    };
  };
  const rung = starter(taking.commands);
  const led = starter(startingHere(leading.worker!, timed));
  const rests = starter(startingHere(leading.worker!, timed), 'rests');
  /** Led here until it came to rest, and rung for. */
  const again: Start = async (tenant) => {
    const run = await rests(tenant);
    while (leading.worker!.leading > 0) await sleep(2);
    const told = await taking.commands.signal({ tenant, run, caller: callerIn(tenant), name: 'go', payload: null });
    if (!told.ok) throw new Error(`a signal was refused: ${told.failure.message}`);
    return run;
  };
  const start = (by: Start): Promise<RunId> => by(tenants[next++ % tenants.length]!);
  const begins = async (run: RunId): Promise<void> => {
    while (!begun.has(run)) await sleep(2);
  };
  const play = async (by: Start, ms: number): Promise<number[]> => {
    for (const times of [timed.rung, begun, intended]) times.clear();
    for (const end = performance.now() + ms; performance.now() < end; await sleep(EACH_MS)) void start(by);
    await sleep(1_500);
    return since(begun);
  };
  const since = (then: ReadonlyMap<string, number>): number[] =>
    [...timed.rung].flatMap(([run, at]) => (then.has(run) ? [then.get(run)! - at] : []));
  // Code is measured as compiled and optimised.
  const warmUp = async (by: Start): Promise<void> => {
    const end = next + WARM_UP_RUNS;
    const starting = async (): Promise<void> => {
      while (next < end) await begins(await start(by));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, starting));
    await play(by, 2_000);
  };
  return {
    op: () => start(rung),
    async figures(ms) {
      await warmUp(rung);
      const taken = await play(rung, ms);
      const runs = next;
      await warmUp(led);
      const here = await play(led, ms);
      await warmUp(again);
      const rested = await play(again, ms);
      const onDisk = since(intended);
      return {
        restedP50Ms: percentile(rested, 50),
        restedP99Ms: percentile(rested, 99),
        onDiskP50Ms: percentile(onDisk, 50),
        p50Ms: percentile(taken, 50),
        p99Ms: percentile(taken, 99),
        hereP50Ms: percentile(here, 50),
        hereP99Ms: percentile(here, 99),
        runs,
      };
    },
    async close() {
      await taking.close();
      await leading.close(2_000);
      await writer.close();
      await db.close();
    },
  };
});

/** The commands of an engine that leads what it starts; each run is noted as it is handed to the worker. */
function startingHere(worker: NonNullable<ReturnType<typeof openEngine>['worker']>, { rung }: Timed): RunCommands {
  const { wakeUp, admission } = worker;
  const local: StartWays['local'] = {
    mayBegin: (tenant) => worker.mayBegin(tenant),
    adopt(held) {
      rung.set(held.run, performance.now());
      return worker.adopt(held);
    },
  };
  return new RunCommands(worker.ctx, { wakeUp, admission, local });
}
