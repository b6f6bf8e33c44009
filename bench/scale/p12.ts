import { readFileSync, readdirSync } from 'node:fs';
import type { Cluster } from '../cluster';
import { type GoalRow, verdict } from '../goals';
import { Measured } from '../measured';
import { figure, median, round } from '../numbers';
import type { WindowResult } from '../protocol';
import { type PrivateRedis, startRedis } from '../redis';
import { type ScaleOptions, withSystem } from './open';

const CONCURRENCY = 64;
const FLEETS = [1, 4] as const;
const CORES = [2, 4, 8, 16] as const;
const WARM_UP_MS = 4_000;

interface Fleet {
  readonly workers: number;
  readonly perSecond: number;
  readonly p99Ms: number;
  /** Milliseconds of processor time per run: of all workers, of the process that starts runs, of the database. */
  readonly workerMs: number;
  readonly starterMs: number;
  readonly databaseMs: number;
  /** Units per commit of the workers. */
  readonly perBatch: number;
}

/** P12: what four workers over Bull do that one does not, and what more cores would give. */
export async function measureFleets(cluster: Cluster, options: ScaleOptions): Promise<GoalRow[]> {
  const redis = await startRedis();
  try {
    const fleets: Fleet[] = [];
    for (const workers of FLEETS) {
      options.progress(`P12: ${workers} workers over Bull`);
      redis.command('FLUSHALL');
      fleets.push(await measureFleet(cluster, { workers, redis, options }));
    }
    return rowsOf(fleets as [Fleet, Fleet], options);
  } finally {
    await redis.stop();
  }
}

async function measureFleet(
  cluster: Cluster,
  of: { readonly workers: number; readonly redis: PrivateRedis; readonly options: ScaleOptions },
): Promise<Fleet> {
  const { workers: count, redis, options } = of;
  const setup = { concurrency: CONCURRENCY, redis: redis.url };
  return withSystem(cluster, { name: 'fleet-starter', setup }, async (starter, url) => {
    const workers: Measured[] = [];
    try {
      for (let i = 0; i < count; i++) workers.push(await Measured.open('systems/fleet-worker', { ...setup, url }));
      await starter.window({ concurrency: CONCURRENCY, leadMs: 0, ms: WARM_UP_MS });
      const windows: (WindowResult & Omit<Fleet, 'workers' | 'perSecond' | 'p99Ms'>)[] = [];
      for (let i = 0; i < options.rounds; i++) {
        const before = databaseCpu(cluster.postmaster);
        const [window, ...spent] = await Promise.all([
          starter.window({ concurrency: CONCURRENCY, leadMs: 0, ms: options.windowMs }),
          ...workers.map((worker) => worker.figures(options.windowMs)),
        ]);
        const sum = (of: string): number => spent.reduce((total, figures) => total + figures[of]!, 0);
        windows.push({
          ...window,
          workerMs: sum('cpuMs') / window.runs,
          starterMs: window.cpuMsPerRun,
          databaseMs: (databaseCpu(cluster.postmaster) - before) / window.runs,
          perBatch: sum('units') / Math.max(1, sum('batches')),
        });
      }
      const middle = (pick: (window: (typeof windows)[number]) => number): number => median(windows.map(pick));
      const fleet: Fleet = {
        workers: count,
        perSecond: middle((window) => window.perSecond),
        p99Ms: middle((window) => window.p99Ms),
        workerMs: middle((window) => window.workerMs),
        starterMs: middle((window) => window.starterMs),
        databaseMs: middle((window) => window.databaseMs),
        perBatch: middle((window) => window.perBatch),
      };
      options.emit({
        bench: 'p12',
        workers: count,
        runs_per_s: round(fleet.perSecond),
        p99_ms: round(fleet.p99Ms),
        worker_cpu_ms_per_run: round(fleet.workerMs, 2),
        starter_cpu_ms_per_run: round(fleet.starterMs, 2),
        database_cpu_ms_per_run: round(fleet.databaseMs, 2),
        units_per_commit: round(fleet.perBatch, 1),
      });
      return fleet;
    } finally {
      for (const worker of workers) await worker.close();
    }
  });
}

/** Milliseconds of processor time that the server and its backends have used; NaN where it is not ours or not Linux. */
function databaseCpu(postmaster: number | null): number {
  if (postmaster === null || process.platform !== 'linux') return NaN;
  let ticks = 0;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const text = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      if (Number(entry) === postmaster || Number(fields[1]) === postmaster) {
        ticks += Number(fields[11]) + Number(fields[12]);
        if (Number(entry) === postmaster) ticks += Number(fields[13]) + Number(fields[14]);
      }
    } catch {
      // It ended while it was read.
    }
  }
  return ticks * 10;
}

/**
 * What `cores` would give: processor time is the only thing that runs share, until one of these is used up. A worker is
 * one thread: no more than its share of runs. The database has one write-ahead log: it flushes once per commit, one at a
 * time, and many commits share a flush only while they wait for it.
 */
function model(one: Fleet, four: Fleet, cores: number): { readonly perSecond: number; readonly limit: string } {
  const perRunMs = four.workerMs + four.starterMs + four.databaseMs;
  const cpu = (cores * 1_000) / perRunMs;
  const workers = Math.max(1, Math.round((cores * four.workerMs) / perRunMs));
  const threads = (workers * 1_000) / one.workerMs;
  const starter = 1_000 / four.starterMs;
  const limits = [
    ['processor time', cpu],
    [`${workers} worker threads`, threads],
    ['the one process that takes starts', starter],
  ] as const;
  const [limit, perSecond] = [...limits].sort((a, b) => a[1] - b[1])[0]!;
  return { perSecond, limit };
}

function rowsOf([one, four]: readonly [Fleet, Fleet], { emit }: ScaleOptions): GoalRow[] {
  const ratio = four.perSecond / one.perSecond;
  for (const cores of CORES) {
    const { perSecond, limit } = model(one, four, cores);
    emit({ bench: 'p12-model', cores, runs_per_s: round(perSecond), limited_by: limit });
  }
  const sixteen = model(one, four, 16);
  const share = four.databaseMs / (four.workerMs + four.starterMs + four.databaseMs);
  return [
    {
      goal: 'P12 four workers over Bull, to one',
      must: '≥ 0.8×',
      aim: '≥ 0.8×',
      ours: `${figure(four.perSecond)}/s = ${figure(ratio)}×`,
      bestPeer: '–',
      limit: `one ${figure(one.perSecond)}/s; 16 cores by the model ${figure(sixteen.perSecond)}/s, then ${sixteen.limit}; Postgres is ${figure(share * 100)} % of a run`,
      verdict: verdict({ value: ratio, must: 0.8, aim: 0.8, more: true }),
    },
  ];
}
