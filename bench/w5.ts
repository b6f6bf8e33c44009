import type { Cluster } from './cluster';
import { Measured } from './measured';
import { median } from './numbers';
import { watchForeign } from './processor-time';
import type { WindowResult, Workload } from './protocol';
import { startOf } from './shipped';
import { F8_STEPS, W5_STEPS } from './workload';

export const PEERS = ['mastra', 'dbos', 'langgraph'] as const;
export const FLOORS = ['floor-pertx', 'floor-group'] as const;
export const OURS = 'writ';
/** Ours while the sequencer seals its evidence: measured when asked for. */
export const SEALED = 'writ-sealed';
/** In the order of a round. */
export const SYSTEMS = [FLOORS[0], OURS, SEALED, ...PEERS, FLOORS[1]] as const;
export type SystemName = (typeof SYSTEMS)[number];

/** Cores somebody else kept busy above which a window is called noisy. */
export const NOISY_CORES = 0.25;
/**
 * A server lives for days: code is measured as compiled and optimised, which takes a few thousand runs. Each system gets
 * as many, or as long as five spells last; one that is measured alone makes them sixteen at once, which takes less long.
 */
const WARM_UP = { runs: 4_000, spellMs: 3_000, mostSpells: 5, atOnce: 16 } as const;
const RAW = { leadMs: 150, ms: 350 } as const;

export interface W5Options {
  readonly workload?: Workload;
  readonly concurrency: number;
  readonly rounds: number;
  readonly windowMs: number;
  readonly systems: readonly SystemName[];
  readonly emit: (line: object) => void;
  readonly progress: (text: string) => void;
}

const stepsOf = (workload: Workload): number => (workload === 'f8' ? F8_STEPS : W5_STEPS);

/** One system at one concurrency: medians over its windows. */
export interface W5Cell {
  readonly system: SystemName;
  readonly concurrency: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly peakRss: number;
  /** Steps per second divided by the durable one-row inserts per second measured right before and after. */
  readonly ratioToRaw: number;
  readonly noisy: boolean;
}

interface Window extends WindowResult {
  readonly raw: number;
  readonly foreign: number | null;
}

export type W5Cells = ReadonlyMap<SystemName, W5Cell>;

/**
 * W5, or F8, on every system: each in a process of its own over a database of its own, windows in turn (one of each a round),
 * the raw insert rate before and after every window. A system that cannot run is reported and left out.
 */
export async function measureW5(cluster: Cluster, options: W5Options): Promise<W5Cells> {
  const { concurrency, emit, workload = 'w5' } = options;
  const opened = new Map<SystemName, Measured>();
  const raw = await open(cluster, 'raw', concurrency);
  try {
    for (const name of options.systems) {
      try {
        const system = await openAs(cluster, name, { concurrency: Math.max(concurrency, WARM_UP.atOnce), workload });
        opened.set(name, system);
        options.progress(`${workload} c=${concurrency}: ${name} warms up`);
        await warmUp(system, Math.max(concurrency, WARM_UP.atOnce));
      } catch (error) {
        emit({ bench: workload, system: name, concurrency, error: (error as Error).message.slice(0, 600) });
        await opened.get(name)?.close();
        opened.delete(name);
      }
    }
    const windows = await takeWindows(cluster, { raw, opened, options });
    const cells = new Map<SystemName, W5Cell>();
    for (const [name, taken] of windows) {
      const cell = summary(name, { concurrency, workload }, taken);
      cells.set(name, cell);
      emit({ bench: workload, ...line(cell, taken) });
    }
    return cells;
  } finally {
    for (const system of [raw, ...opened.values()]) await system.close();
    for (const name of ['raw', ...options.systems]) await cluster.drop(databaseOf(name));
  }
}

async function warmUp(system: Measured, concurrency: number): Promise<void> {
  let runs = 0;
  for (let spell = 0; spell < WARM_UP.mostSpells && runs < WARM_UP.runs; spell++) {
    runs += (await system.window({ concurrency, leadMs: 0, ms: WARM_UP.spellMs })).runs;
  }
}

interface Open {
  readonly raw: Measured;
  readonly opened: Map<SystemName, Measured>;
  readonly options: W5Options;
}

async function takeWindows(cluster: Cluster, { raw, opened, options }: Open): Promise<Map<SystemName, Window[]>> {
  const { concurrency, rounds, windowMs: ms, workload = 'w5' } = options;
  const taken = new Map<SystemName, Window[]>([...opened.keys()].map((name) => [name, []]));
  let before = (await raw.window({ concurrency, ...RAW })).perSecond;
  for (let round = 1; round <= rounds; round++) {
    for (const [name, system] of opened) {
      options.progress(`${workload} c=${concurrency}: round ${round} of ${rounds}, ${name}`);
      try {
        const foreign = watchForeign(cluster.postmaster);
        const window = await system.window({ concurrency, leadMs: 300, ms });
        const others = foreign();
        const after = (await raw.window({ concurrency, ...RAW })).perSecond;
        taken.get(name)!.push({ ...window, raw: (before + after) / 2, foreign: others });
        before = after;
      } catch (error) {
        options.emit({ bench: workload, system: name, concurrency, error: (error as Error).message.slice(0, 600) });
        opened.delete(name);
        taken.delete(name);
      }
    }
  }
  return taken;
}

const databaseOf = (name: string): string => `bench_${name.replaceAll('-', '_')}`;

export const open = (cluster: Cluster, name: string, concurrency: number): Promise<Measured> =>
  openAs(cluster, name, { concurrency, workload: 'w5' });

/** A system in a process of its own, over a fresh database. */
export async function openAs(
  cluster: Cluster,
  name: string,
  { concurrency, workload }: { readonly concurrency: number; readonly workload: Workload },
): Promise<Measured> {
  const url = await cluster.fresh(databaseOf(name));
  const start = name === OURS || name === SEALED ? startOf('worker') : undefined;
  return Measured.open(`systems/${name}`, { url, concurrency, workload }, start);
}

function summary(
  system: SystemName,
  { concurrency, workload }: { readonly concurrency: number; readonly workload: Workload },
  windows: readonly Window[],
): W5Cell {
  const middle = (of: (window: Window) => number): number => median(windows.map(of));
  return {
    system,
    concurrency,
    perSecond: middle((window) => window.perSecond),
    p50Ms: middle((window) => window.p50Ms),
    p99Ms: middle((window) => window.p99Ms),
    peakRss: Math.max(...windows.map((window) => window.peakRss)),
    ratioToRaw: middle((window) => (window.perSecond * stepsOf(workload)) / window.raw),
    noisy: windows.some((window) => (window.foreign ?? 0) > NOISY_CORES),
  };
}

const tenth = (value: number): number => Math.round(value * 10) / 10;
const hundredth = (value: number): number => Math.round(value * 100) / 100;

function line(cell: W5Cell, windows: readonly Window[]): object {
  return {
    system: cell.system,
    concurrency: cell.concurrency,
    runs_per_s: tenth(cell.perSecond),
    p50_ms: hundredth(cell.p50Ms),
    p99_ms: hundredth(cell.p99Ms),
    steps_to_raw: hundredth(cell.ratioToRaw),
    raw_inserts_per_s: windows.map((window) => Math.round(window.raw)),
    windows_runs_per_s: windows.map((window) => tenth(window.perSecond)),
    client_cpu_ms_per_run: hundredth(median(windows.map((window) => window.cpuMsPerRun))),
    peak_rss_mb: Math.round(cell.peakRss / 2 ** 20),
    failed: windows.reduce((sum, window) => sum + window.failed, 0),
    foreign_cores: windows.map((window) => (window.foreign === null ? null : hundredth(window.foreign))),
    ...(cell.noisy && { noisy: true }),
  };
}
