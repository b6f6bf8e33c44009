import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from './numbers';
import type { Answer, CountResult, Order, Setup, System, WindowResult } from './protocol';

/** More failures than this and the loop ends: a system that only fails must not look fast. */
const MOST_FAILURES = 20;

/** `concurrency` loops that each start a run as soon as their last one ended. */
class ClosedLoop {
  readonly latencies: number[] = [];
  runs = 0;
  failed = 0;
  lastError: unknown = null;
  #stop = false;
  readonly #loops: readonly Promise<void>[];

  constructor(
    readonly system: System,
    concurrency: number,
  ) {
    this.#loops = Array.from({ length: concurrency }, (_, index) => this.#loop(index));
  }

  async #loop(index: number): Promise<void> {
    while (!this.#stop) {
      const started = performance.now();
      try {
        await this.system.op(index);
        this.runs += 1;
        this.latencies.push(performance.now() - started);
      } catch (error) {
        this.lastError = error;
        this.failed += 1;
        if (this.failed > MOST_FAILURES) this.#stop = true;
      }
    }
  }

  async end(): Promise<void> {
    this.#stop = true;
    await Promise.all(this.#loops);
    if (this.failed > MOST_FAILURES) throw this.lastError;
  }
}

async function window(system: System, order: Extract<Order, { do: 'window' }>): Promise<WindowResult> {
  if (system.window) return system.window(order.ms);
  const loop = new ClosedLoop(system, order.concurrency);
  await sleep(order.leadMs);
  loop.latencies.length = 0;
  const before = { at: performance.now(), runs: loop.runs, cpu: process.cpuUsage() };
  await sleep(order.ms);
  const seconds = (performance.now() - before.at) / 1000;
  const runs = loop.runs - before.runs;
  const cpu = process.cpuUsage(before.cpu);
  const latencies = loop.latencies.slice(0, runs);
  await loop.end();
  return {
    runs,
    perSecond: runs / seconds,
    p50Ms: percentile(latencies, 50),
    p99Ms: percentile(latencies, 99),
    cpuMsPerRun: (cpu.user + cpu.system) / 1000 / runs,
    // Kilobytes on every platform: getrusage's own unit differs, Node's does not.
    peakRss: process.resourceUsage().maxRSS * 1024,
    failed: loop.failed,
  };
}

/** Samples every 200 µs: five times finer than V8's default, since one run takes well under a millisecond here. */
async function profiled<T>(file: string | undefined, work: () => Promise<T>): Promise<T> {
  if (file === undefined) return work();
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 200 });
  await session.post('Profiler.start');
  const result = await work();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  writeFileSync(file, JSON.stringify(profile));
  return result;
}

async function count(system: System, order: Extract<Order, { do: 'count' }>): Promise<CountResult> {
  const loop = new ClosedLoop(system, order.concurrency);
  await sleep(order.ms);
  await loop.end();
  return { runs: loop.runs, failed: loop.failed };
}

const say = (answer: Answer): void => void process.send?.(answer);
const text = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** The main of every measured process: opens its system, obeys orders from the parent until `close`. */
export function serve(open: (setup: Setup) => Promise<System>): void {
  const setup = JSON.parse(process.argv[2] ?? '{}') as Setup;
  // Without a parent nobody measures: a killed run leaves no process behind.
  process.once('disconnect', () => process.exit(1));
  open(setup).then(
    (system) => {
      process.on('message', (order: Order) => void obey(system, order));
      say({ kind: 'ready' });
    },
    (error: unknown) => say({ kind: 'failed', message: text(error) }),
  );
}

async function obey(system: System, order: Order): Promise<void> {
  try {
    switch (order.do) {
      case 'window':
        return say({ kind: 'window', result: await profiled(order.profile, () => window(system, order)) });
      case 'count':
        return say({ kind: 'count', result: await count(system, order) });
      case 'figures':
        if (!system.figures) throw new Error('this system tells no figures');
        return say({ kind: 'figures', result: await system.figures(order.ms) });
      case 'close':
        // A system that does not close in time is killed by the parent's disconnect.
        await Promise.race([system.close(), sleep(3_000)]);
        process.send?.({ kind: 'closed' } satisfies Answer, () => process.exit(0));
    }
  } catch (error) {
    say({ kind: 'failed', message: text(error) });
  }
}
