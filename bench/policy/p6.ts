import { median, round } from '../numbers';
import { buildAll, type Built, buildLargest, type Cost, goDirect, type Latency, time } from './ours';
import { timeStock } from './stock';
import type { Candidates } from './world';

export interface P6Options {
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly windowMs: number;
  readonly stock: boolean;
  readonly emit: (line: object) => void;
}

export interface P6Result {
  /** Of the largest size: a whole decision that asks one stage, by candidates. */
  readonly stage: { readonly [C in Candidates]: Latency };
  /** Agent, initiator and one earlier hop. */
  readonly pipeline: Latency;
  /** The same, once the snapshots match by themselves. */
  readonly direct: Latency;
  /** What each stage after the first adds to the median, at three candidates, in microseconds. */
  readonly furtherStageUs: number;
  /** Of the largest size, last round: processor time, so that it says something on a machine others use too. */
  readonly buildMs: number;
  readonly stallMs: number;
  /** The same over all rounds: the first one grows the heap, and collects what was there before. */
  readonly longestStallMs: number;
  /** p50 of the largest size over that of the smallest, one candidate: 1 is flat. */
  readonly growth: number;
}

const SHAPES = [
  { candidates: 1, hops: 0 },
  { candidates: 2, hops: 0 },
  { candidates: 3, hops: 0 },
  { candidates: 1, hops: 1 },
  { candidates: 3, hops: 2 },
] as const;
type Shape = (typeof SHAPES)[number];

const named = ({ candidates, hops }: Shape): string =>
  `${hops === 0 ? 'initiator' : hops === 1 ? 'agent + initiator' : 'agent + initiator + one hop'}, ${candidates} candidate(s)`;

const middle = (runs: readonly Latency[]): Latency => ({
  p50Us: median(runs.map(({ p50Us }) => p50Us)),
  p99Us: median(runs.map(({ p99Us }) => p99Us)),
  perSecond: median(runs.map(({ perSecond }) => perSecond)),
});

const line = (what: string, rules: number, latency: Latency) => ({
  bench: 'p6',
  what,
  rules,
  p50_us: round(latency.p50Us, 2),
  p99_us: round(latency.p99Us, 2),
  per_second: round(latency.perSecond, 0),
});

/** Medians of what building cost; the longest stall of all. */
const costs = (all: readonly Cost[]) => ({
  ms: round(median(all.map(({ ms }) => ms))),
  cpu_ms: round(median(all.map(({ cpuMs }) => cpuMs))),
  max_stall_ms: round(Math.max(...all.map(({ stallMs }) => stallMs))),
  max_stall_cpu_ms: round(Math.max(...all.map(({ stallCpuMs }) => stallCpuMs))),
});

/** The largest size with policies that have no name in common: nothing is in the cache because another tenant wrote it. */
async function timeApart({ sizes, windowMs }: P6Options): Promise<Latency> {
  const built = await buildAll(sizes.at(-1)!, true);
  time(built, { ...SHAPES[0], ms: windowMs / 2 });
  return time(built, { ...SHAPES[0], ms: windowMs });
}

/** P6: decisions without any cache, Casbin in the path, at each size; medians over the rounds. */
export async function measureP6(options: P6Options): Promise<P6Result> {
  const { sizes, rounds, windowMs, emit } = options;
  const results = new Map<number, ReadonlyMap<Shape, Latency>>();
  let last: Built | null = null;
  let longestStallMs = 0;
  for (const rules of sizes) {
    // One world at a time: others beside it in memory would be measured too.
    const spent: Cost[] = [];
    for (let i = 0; i < rounds; i++) {
      last = null;
      last = await buildAll(rules);
      spent.push(last.cost);
    }
    const built = last!;
    longestStallMs = Math.max(...spent.map(({ stallCpuMs }) => stallCpuMs));
    emit({
      bench: 'p6',
      what: 'build',
      rules,
      tenants: built.authorities.size,
      ...costs(spent),
    });
    // One window of each shape a round, so that a busy moment of the machine falls on all.
    const runs = new Map<Shape, Latency[]>(SHAPES.map((shape) => [shape, []]));
    for (const shape of SHAPES) time(built, { ...shape, ms: windowMs / 2 });
    for (let i = 0; i < rounds; i++) {
      for (const shape of SHAPES) runs.get(shape)!.push(time(built, { ...shape, ms: windowMs }));
    }
    const cell = new Map([...runs].map(([shape, all]) => [shape, middle(all)] as const));
    for (const [shape, latency] of cell) emit(line(named(shape), rules, latency));
    results.set(rules, cell);
    if (options.stock) emit(line('stock casbin, one enforcer', rules, await timeStock(rules, windowMs)));
  }
  emit(line(`${named(SHAPES[0])}, no name in common`, sizes.at(-1)!, await timeApart(options)));
  await goDirect(last!);
  const alone = { candidates: 3, hops: 2 } as const;
  const direct = middle(Array.from({ length: rounds + 1 }, () => time(last!, { ...alone, ms: windowMs })).slice(1));
  emit(line(`${named(alone)}, our own matcher`, sizes.at(-1)!, direct));
  const largest = await buildLargest();
  emit({ bench: 'p6', what: 'build of one bundle', rules: largest.rules, ...costs([largest.cost]) });
  const [small, large] = [results.get(sizes[0]!)!, results.get(sizes.at(-1)!)!];
  const at = (candidates: Candidates, hops: number): Latency =>
    large.get(SHAPES.find((shape) => shape.candidates === candidates && shape.hops === hops)!)!;
  return {
    stage: { 1: at(1, 0), 2: at(2, 0), 3: at(3, 0) },
    pipeline: at(3, 2),
    direct,
    furtherStageUs: (at(3, 2).p50Us - at(3, 0).p50Us) / 2,
    buildMs: last!.cost.cpuMs,
    stallMs: last!.cost.stallCpuMs,
    longestStallMs,
    growth: at(1, 0).p50Us / small.get(SHAPES[0])!.p50Us,
  };
}
