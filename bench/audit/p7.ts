import type { Cluster } from '../cluster';
import { type GoalRow, verdict } from '../goals';
import type { Measured } from '../measured';
import { figure, median } from '../numbers';
import { watchForeign } from '../processor-time';
import type { WindowResult } from '../protocol';
import { NOISY_CORES, open } from '../w5';

/** In the order of a round: ours stand between what they are compared with. */
const APPENDING = [
  'audit-raw',
  'audit-writ',
  'audit-for-update',
  'audit-sealed',
  'audit-advisory',
  'audit-pairs',
] as const;
/** Events of one append. */
const eventsOf = (name: string): number => (name === 'audit-pairs' ? 2 : 1);
const SAID = {
  'audit-writ': '',
  'audit-sealed': ', sealed meanwhile',
  'audit-pairs': ', two events a unit as the engine has it',
} as const;
const PRODUCERS = 64;
const WARM_UP_MS = 2_000;

export interface AuditOptions {
  readonly rounds: number;
  readonly windowMs: number;
  readonly emit: (line: object) => void;
  readonly progress: (text: string) => void;
}

interface Cell {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** P7: evidence appended by 64 producers, beside the usual ways of chaining it and beside no chain at all. */
export async function measureAppending(cluster: Cluster, options: AuditOptions): Promise<GoalRow[]> {
  const cells = await measure(cluster, APPENDING, options);
  const [raw, locked, advisory] = [cells['audit-raw'], cells['audit-for-update'], cells['audit-advisory']];
  const limit = `raw ${figure(raw.perSecond)}/s`;
  const peers = `FOR UPDATE ${figure(locked.perSecond)}/s; advisory ${figure(advisory.perSecond)}/s`;
  return (['audit-writ', 'audit-sealed', 'audit-pairs'] as const).flatMap((name): GoalRow[] => {
    const ours = cells[name];
    const beside = SAID[name];
    const common = { bestPeer: peers, limit };
    const [toRaw, toLocked] = [ours.perSecond / raw.perSecond, ours.perSecond / locked.perSecond];
    return [
      {
        goal: `P7 audit, 64 producers, to raw one-row inserts${beside}`,
        must: '≥ 1.5×',
        aim: '≥ 2.5×',
        ours: `${figure(ours.perSecond)}/s = ${figure(toRaw)}×`,
        ...common,
        verdict: verdict({ value: toRaw, must: 1.5, aim: 2.5, more: true }),
      },
      {
        goal: `P7 audit, 64 producers, to the FOR UPDATE chain${beside}`,
        must: '≥ 12×',
        aim: '≥ 12×',
        ours: `${figure(toLocked)}×`,
        ...common,
        verdict: verdict({ value: toLocked, must: 12, aim: 12, more: true }),
      },
      {
        goal: `P7 audit, 64 producers, p99${beside}`,
        must: '≤ 15 ms',
        aim: '≤ 9 ms',
        ours: `${figure(ours.p99Ms)} ms`,
        bestPeer: `FOR UPDATE ${figure(locked.p99Ms)} ms; advisory ${figure(advisory.p99Ms)} ms`,
        limit: `raw ${figure(raw.p99Ms)} ms`,
        verdict: verdict({ value: ours.p99Ms, must: 15, aim: 9, more: false }),
      },
    ];
  });
}

/** Event to checkpoint under that same load. */
export async function measureLag(cluster: Cluster, options: AuditOptions): Promise<GoalRow[]> {
  const { 'audit-lag': lag } = await measure(cluster, ['audit-lag'], options);
  return [
    {
      goal: 'Event to signed checkpoint, p99, 64 producers at full rate',
      must: '≤ 1000 ms',
      aim: '≤ 500 ms',
      ours: `${figure(lag.p99Ms)} ms (p50 ${figure(lag.p50Ms)} ms)`,
      bestPeer: '–',
      limit: `${figure(lag.perSecond)} events/s`,
      verdict: verdict({ value: lag.p99Ms, must: 1_000, aim: 500, more: false }),
    },
  ];
}

async function measure<N extends string>(
  cluster: Cluster,
  names: readonly N[],
  { rounds, windowMs: ms, emit, progress }: AuditOptions,
): Promise<Record<N, Cell>> {
  const opened = new Map<N, Measured>();
  const taken = new Map<N, WindowResult[]>(names.map((name) => [name, []]));
  const foreign = new Map<N, number[]>(names.map((name) => [name, []]));
  try {
    for (const name of names) {
      progress(`P7: ${name} warms up`);
      const system = await open(cluster, name, PRODUCERS);
      opened.set(name, system);
      await system.window({ concurrency: PRODUCERS, leadMs: 0, ms: WARM_UP_MS });
    }
    for (let round = 1; round <= rounds; round++) {
      for (const [name, system] of opened) {
        progress(`P7: round ${round} of ${rounds}, ${name}`);
        const others = watchForeign(cluster.postmaster);
        taken.get(name)!.push(await system.window({ concurrency: PRODUCERS, leadMs: 300, ms }));
        foreign.get(name)!.push(others() ?? 0);
      }
    }
  } finally {
    for (const system of opened.values()) await system.close();
    for (const name of names) await cluster.drop(`bench_${name.replaceAll('-', '_')}`);
  }
  const cells = {} as Record<N, Cell>;
  for (const name of names) {
    const windows = taken.get(name)!;
    const middle = (of: (window: WindowResult) => number): number => median(windows.map(of));
    cells[name] = {
      perSecond: middle((w) => w.perSecond) * eventsOf(name),
      p50Ms: middle((w) => w.p50Ms),
      p99Ms: middle((w) => w.p99Ms),
    };
    emit({
      bench: 'p7',
      system: name,
      producers: PRODUCERS,
      events_per_s: Math.round(cells[name].perSecond),
      events_a_unit: eventsOf(name),
      p50_ms: Math.round(cells[name].p50Ms * 100) / 100,
      p99_ms: Math.round(cells[name].p99Ms * 100) / 100,
      windows_events_per_s: windows.map((w) => Math.round(w.perSecond * eventsOf(name))),
      cpu_ms_per_1000: Math.round(middle((w) => w.cpuMsPerRun) * 1000),
      failed: windows.reduce((sum, w) => sum + w.failed, 0),
      ...(foreign.get(name)!.some((cores) => cores > NOISY_CORES) && { noisy: true }),
    });
  }
  return cells;
}
