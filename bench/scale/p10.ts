import type { Cluster } from '../cluster';
import { type GoalRow, verdict } from '../goals';
import { Measured } from '../measured';
import { figure, median, round } from '../numbers';
import type { WindowResult } from '../protocol';
import type { ScaleOptions } from './open';

const SYSTEMS = ['start-floor', 'start-writ'] as const;
const CONNECTIONS = 64;
const WARM_UP_MS = 3_000;

/** P10: taking starts over HTTP at 64 connections, beside a bare route that makes one insert. */
export async function measureStarts(cluster: Cluster, options: ScaleOptions): Promise<GoalRow[]> {
  const opened = new Map<string, Measured>();
  const windows = new Map<string, WindowResult[]>(SYSTEMS.map((name) => [name, []]));
  const databaseOf = (name: string): string => `bench_${name.replaceAll('-', '_')}`;
  try {
    for (const name of SYSTEMS) {
      const url = await cluster.fresh(databaseOf(name));
      const system = await Measured.open(`systems/${name}`, { url, concurrency: CONNECTIONS });
      opened.set(name, system);
      await system.window({ concurrency: CONNECTIONS, leadMs: 0, ms: WARM_UP_MS });
    }
    for (let i = 0; i < options.rounds; i++) {
      for (const [name, system] of opened) {
        options.progress(`P10: ${name}`);
        windows.get(name)!.push(await system.window({ concurrency: CONNECTIONS, leadMs: 300, ms: options.windowMs }));
      }
    }
  } finally {
    for (const system of opened.values()) await system.close();
    for (const name of SYSTEMS) await cluster.drop(databaseOf(name));
  }
  const rate = (name: string): number => median(windows.get(name)!.map(({ perSecond }) => perSecond));
  for (const name of SYSTEMS) {
    const p99 = median(windows.get(name)!.map(({ p99Ms }) => p99Ms));
    options.emit({ bench: 'p10', system: name, per_s: round(rate(name)), p99_ms: round(p99) });
  }
  const ours = rate('start-writ');
  const floor = rate('start-floor');
  return [
    {
      goal: 'P10 POST /v1/runs at 64 connections, to bare Fastify and one insert',
      must: '≥ 0.5×',
      aim: '≥ 0.8×',
      ours: `${figure(ours)}/s = ${figure(ours / floor)}×`,
      bestPeer: '–',
      limit: `${figure(floor)}/s`,
      verdict: verdict({ value: ours / floor, must: 0.5, aim: 0.8, more: true }),
    },
  ];
}
