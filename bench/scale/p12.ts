import { readFileSync, readdirSync } from 'node:fs';
import type { Cluster } from '../cluster';
import { walBytesSince, walPosition } from '../counts';
import { type GoalRow, verdict } from '../goals';
import { Measured } from '../measured';
import { figure, median, round } from '../numbers';
import type { WindowResult } from '../protocol';
import { type PrivateRedis, startRedis } from '../redis';
import { measureDisk } from './disk';
import { type ScaleOptions, withSystem } from './open';
import { bestWorkers, contentionOf, type Demands, predict } from './p12-model';

const CONCURRENCY = 64;
const FLEETS = [1, 4] as const;
const CORES = [2, 4, 8, 16] as const;
const MANY = 16;
/** Each worker of a fleet has its own code to compile and optimise, and four have a quarter of the runs each. */
const WARM_UP_MS = 6_000;

interface Fleet {
  readonly workers: number;
  readonly perSecond: number;
  readonly p99Ms: number;
  /** Milliseconds of processor time per run: of all workers, of the process that starts runs, of the database. */
  readonly workerMs: number;
  readonly starterMs: number;
  readonly databaseMs: number;
  /** Units per commit of the workers, and commits per run. */
  readonly perBatch: number;
  readonly commits: number;
  readonly walBytes: number;
  /** Of the sealer; 0 where none seals. */
  readonly sealerMs: number;
}

/** P12: what four workers over Bull do that one does not, and what more cores would give. */
export async function measureFleets(cluster: Cluster, options: ScaleOptions): Promise<GoalRow[]> {
  const redis = await startRedis();
  try {
    const fleets: Fleet[] = [];
    for (const workers of FLEETS) {
      options.progress(`P12: ${workers} workers over Bull`);
      redis.command('FLUSHALL');
      fleets.push(await measureFleet(cluster, { workers, redis, options, sealed: false }));
    }
    // Apart, since it shares the cores with the others.
    options.progress('P12: four workers over Bull, sealed meanwhile');
    redis.command('FLUSHALL');
    const { sealerMs } = await measureFleet(cluster, { workers: 4, redis, options, sealed: true });
    return rowsOf(fleets as [Fleet, Fleet], sealerMs, options);
  } finally {
    await redis.stop();
  }
}

async function measureFleet(
  cluster: Cluster,
  of: {
    readonly workers: number;
    readonly redis: PrivateRedis;
    readonly options: ScaleOptions;
    readonly sealed: boolean;
  },
): Promise<Fleet> {
  const { workers: count, redis, options, sealed } = of;
  const setup = { concurrency: CONCURRENCY, redis: redis.url };
  return withSystem(cluster, { name: 'fleet-starter', setup }, async (starter, url) => {
    const workers: Measured[] = [];
    const sealer = sealed ? await Measured.open('systems/fleet-sealer', { ...setup, url }) : null;
    try {
      for (let i = 0; i < count; i++) workers.push(await Measured.open('systems/fleet-worker', { ...setup, url }));
      await starter.window({ concurrency: CONCURRENCY, leadMs: 0, ms: WARM_UP_MS * count });
      const windows: (WindowResult & Omit<Fleet, 'workers' | 'perSecond' | 'p99Ms'>)[] = [];
      for (let i = 0; i < options.rounds; i++) {
        const before = databaseCpu(cluster.postmaster);
        const from = await walPosition(cluster);
        const [window, sealing, ...spent] = await Promise.all([
          starter.window({ concurrency: CONCURRENCY, leadMs: 0, ms: options.windowMs }),
          sealer?.figures(options.windowMs) ?? null,
          ...workers.map((worker) => worker.figures(options.windowMs)),
        ]);
        const sum = (of: string): number => spent.reduce((total, figures) => total + figures[of]!, 0);
        windows.push({
          ...window,
          workerMs: sum('cpuMs') / window.runs,
          starterMs: window.cpuMsPerRun,
          databaseMs: (databaseCpu(cluster.postmaster) - before) / window.runs,
          perBatch: sum('units') / Math.max(1, sum('batches')),
          commits: sum('batches') / window.runs,
          walBytes: (await walBytesSince(cluster, from)) / window.runs,
          sealerMs: (sealing?.['cpuMs'] ?? 0) / window.runs,
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
        commits: middle((window) => window.commits),
        walBytes: middle((window) => window.walBytes),
        sealerMs: middle((window) => window.sealerMs),
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
        wal_bytes_per_run: round(fleet.walBytes, 0),
        ...(sealed && { sealer_cpu_ms_per_run: round(fleet.sealerMs, 2) }),
      });
      return fleet;
    } finally {
      for (const worker of workers) await worker.close();
      await sealer?.close();
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

function demandsOf([one, four]: readonly [Fleet, Fleet], sealerMs: number): Demands {
  return {
    workerAlone: one.workerMs,
    worker: four.workerMs,
    starter: four.starterMs,
    database: four.databaseMs,
    sealer: sealerMs,
    walBytes: four.walBytes,
    commits: four.commits,
  };
}

function rowsOf(fleets: readonly [Fleet, Fleet], sealerMs: number, { emit }: ScaleOptions): GoalRow[] {
  const [one, four] = fleets;
  const ratio = four.perSecond / one.perSecond;
  const demands = demandsOf(fleets, sealerMs);
  const disk = measureDisk();
  const said = Object.entries({ ...demands, ...disk }).map(([name, value]) => [name, round(value, 3)]);
  emit({ bench: 'p12-demands', ...Object.fromEntries(said) });
  for (const cores of CORES) {
    const { workers, perSecond, limit } = bestWorkers(demands, disk, cores);
    emit({ bench: 'p12-model', cores, workers, runs_per_s: round(perSecond), limited_by: limit });
  }
  const single = predict(demands, disk, { cores: MANY, workers: 1 });
  for (const workers of [1, 2, 4, 8]) {
    const { perSecond, limit } = predict(demands, disk, { cores: MANY, workers });
    const linear = round(perSecond / (workers * single.perSecond), 2);
    emit({ bench: 'p12-model', cores: MANY, workers, runs_per_s: round(perSecond), linear, limited_by: limit });
  }
  for (const { point, perSecond } of contentionOf(demands, disk, { cores: MANY, workers: 8 })) {
    emit({ bench: 'p12-contention', cores: MANY, workers: 8, point, full_at_runs_per_s: round(perSecond) });
  }
  const best = bestWorkers(demands, disk, MANY);
  const eight = predict(demands, disk, { cores: MANY, workers: 8 });
  const linear = eight.perSecond / (8 * single.perSecond);
  return [
    {
      goal: 'P12 four workers over Bull, to one',
      must: '≥ 0.8×',
      aim: '≥ 0.8×',
      ours: `${figure(four.perSecond)}/s = ${figure(ratio)}×`,
      bestPeer: '–',
      limit: `one ${figure(one.perSecond)}/s on these cores`,
      verdict: verdict({ value: ratio, must: 0.8, aim: 0.8, more: true }),
    },
    {
      goal: 'P12 model of 16 cores: eight workers, to eight times one',
      must: '–',
      aim: '≥ 0.95×',
      ours: `${figure(linear)}×; best ${figure(best.perSecond)}/s with ${best.workers} workers`,
      bestPeer: '–',
      limit: best.limit,
      // A model decides no goal: it is met where it says linear, and shows nothing where it does not.
      verdict: linear >= 0.95 ? 'met, aim too' : 'not shown',
    },
  ];
}
