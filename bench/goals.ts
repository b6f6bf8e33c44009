import type { Counts } from './counts';
import { figure } from './numbers';
import type { W5Cell, W5Cells } from './w5';

/** A goal of the table at the end: what must hold, what was seen, beside what. */
export interface GoalRow {
  readonly goal: string;
  readonly must: string;
  readonly aim: string;
  readonly ours: string;
  readonly bestPeer: string;
  readonly limit: string;
  /** `not shown`: something it is compared with was not measured in this run. */
  readonly verdict: 'met' | 'met, aim too' | 'not met' | 'not shown';
}

interface Bound {
  readonly value: number;
  readonly must: number;
  readonly aim: number;
  /** Whether more is better. */
  readonly more: boolean;
}

export function verdict({ value, must, aim, more }: Bound): GoalRow['verdict'] {
  if (!Number.isFinite(value)) return 'not shown';
  const holds = (bound: number): boolean => (more ? value >= bound : value <= bound);
  return holds(aim) && holds(must) ? 'met, aim too' : holds(must) ? 'met' : 'not met';
}

const PEER_NAMES = ['mastra', 'dbos', 'langgraph'] as const;

function best(cells: W5Cells, of: (cell: W5Cell) => number, more: boolean): W5Cell | undefined {
  const peers = PEER_NAMES.map((name) => cells.get(name)).filter((cell) => cell !== undefined);
  return peers.sort((a, b) => (more ? of(b) - of(a) : of(a) - of(b)))[0];
}

const perSecond = (cell: W5Cell): number => cell.perSecond;
const shown = (cell: W5Cell | undefined, of: (cell: W5Cell) => number, unit = ''): string =>
  cell ? `${cell.system} ${figure(of(cell))}${unit}` : '–';

/** P1: governed throughput at c=64, against the best peer and against the ungoverned floor. */
export function p1(cells: W5Cells): GoalRow[] {
  const ours = cells.get('writ')?.perSecond ?? NaN;
  const peer = best(cells, perSecond, true);
  const floor = cells.get('floor-pertx');
  const toPeer = ours / (peer?.perSecond ?? NaN);
  const toFloor = ours / (floor?.perSecond ?? NaN);
  const common = {
    bestPeer: shown(peer, perSecond, '/s'),
    limit: `${shown(floor, perSecond, '/s')}; ${shown(cells.get('floor-group'), perSecond, '/s')}`,
  };
  return [
    {
      goal: 'P1 W5 governed c=64, to the best peer',
      must: '≥ 4×',
      aim: '≥ 4×',
      ours: `${figure(ours)}/s = ${figure(toPeer)}×`,
      ...common,
      verdict: verdict({ value: toPeer, must: 4, aim: 4, more: true }),
    },
    {
      goal: 'P1 W5 governed c=64, to floor-pertx',
      must: '≥ 0.8×',
      aim: '≥ 1.2×',
      ours: `${figure(ours)}/s = ${figure(toFloor)}×`,
      ...common,
      verdict: verdict({ value: toFloor, must: 0.8, aim: 1.2, more: true }),
    },
    ...p1Sealed(cells, common),
  ];
}

/** The same while the sequencer runs, where it was asked for. */
function p1Sealed(cells: W5Cells, common: Pick<GoalRow, 'bestPeer' | 'limit'>): GoalRow[] {
  const sealed = cells.get('writ-sealed');
  if (!sealed) return [];
  const ratio = sealed.perSecond / (cells.get('floor-pertx')?.perSecond ?? NaN);
  return [
    {
      goal: 'P1 the same, sealed meanwhile, to floor-pertx',
      must: '≥ 0.8×',
      aim: '≥ 1.2×',
      ours: `${figure(sealed.perSecond)}/s = ${figure(ratio)}×`,
      ...common,
      verdict: verdict({ value: ratio, must: 0.8, aim: 1.2, more: true }),
    },
  ];
}

/** P2: governed latency of one run alone. */
export function p2(cells: W5Cells): GoalRow[] {
  const p50 = (cell: W5Cell): number => cell.p50Ms;
  const ours = cells.get('writ')?.p50Ms ?? NaN;
  const floor = cells.get('floor-pertx');
  const ratio = ours / (floor?.p50Ms ?? NaN);
  return [
    {
      goal: 'P2 W5 governed c=1, p50 to floor-pertx',
      must: '≤ 2.3×',
      aim: '≤ 1.6×',
      ours: `${figure(ours)} ms = ${figure(ratio)}×`,
      bestPeer: shown(best(cells, p50, false), p50, ' ms'),
      limit: shown(floor, p50, ' ms'),
      verdict: verdict({ value: ratio, must: 2.3, aim: 1.6, more: false }),
    },
  ];
}

/** P5: the slowest percent at c=64. */
export function p5(cells: W5Cells): GoalRow[] {
  const p99 = (cell: W5Cell): number => cell.p99Ms;
  const row = (goal: string, ours: number): GoalRow => ({
    goal,
    must: '≤ 100 ms',
    aim: '≤ 55 ms',
    ours: `${figure(ours)} ms`,
    bestPeer: shown(best(cells, p99, false), p99, ' ms'),
    limit: shown(cells.get('floor-group'), p99, ' ms'),
    verdict: verdict({ value: ours, must: 100, aim: 55, more: false }),
  });
  const sealed = cells.get('writ-sealed');
  return [
    row('P5 W5 governed c=64, p99', cells.get('writ')?.p99Ms ?? NaN),
    ...(sealed ? [row('P5 the same, sealed meanwhile', sealed.p99Ms)] : []),
  ];
}

/** P11: resident memory of the process that leads 64 runs at once. */
export function p11(cells: W5Cells): GoalRow[] {
  const mb = (cell: W5Cell): number => cell.peakRss / 2 ** 20;
  const cell = cells.get('writ');
  const ours = cell ? mb(cell) : NaN;
  return [
    {
      goal: 'P11 peak RSS of one worker, c=64',
      must: '≤ 220 MB',
      aim: '≤ 160 MB',
      ours: `${figure(ours)} MB`,
      bestPeer: shown(best(cells, mb, false), mb, ' MB'),
      limit: shown(cells.get('floor-group'), mb, ' MB'),
      verdict: verdict({ value: ours, must: 220, aim: 160, more: false }),
    },
  ];
}

/** P3: eight governed steps at once, then one that merges: alone, and sixteen such runs at once. */
export function p3(alone: W5Cells, sixteen: W5Cells): GoalRow[] {
  const p50 = (cell: W5Cell): number => cell.p50Ms;
  const latency = alone.get('writ')?.p50Ms ?? NaN;
  const ours = sixteen.get('writ')?.perSecond ?? NaN;
  const peer = best(sixteen, perSecond, true);
  const ratio = ours / (peer?.perSecond ?? NaN);
  return [
    {
      goal: 'P3 F8 governed c=1, p50',
      must: '≤ 3 ms',
      aim: '≤ 1.5 ms',
      ours: `${figure(latency)} ms`,
      bestPeer: shown(best(alone, p50, false), p50, ' ms'),
      limit: shown(alone.get('floor-group'), p50, ' ms'),
      verdict: verdict({ value: latency, must: 3, aim: 1.5, more: false }),
    },
    {
      goal: 'P3 F8 governed c=16, to the best peer',
      must: '≥ 4×',
      aim: '≥ 10×',
      ours: `${figure(ours)}/s = ${figure(ratio)}×`,
      bestPeer: shown(peer, perSecond, '/s'),
      limit: shown(sixteen.get('floor-group'), perSecond, '/s'),
      verdict: verdict({ value: ratio, must: 4, aim: 10, more: true }),
    },
  ];
}

interface CountGoal {
  readonly concurrency: number;
  readonly what: string;
  readonly of: (counts: Counts) => number;
  readonly must: number;
  readonly aim: number;
  readonly unit?: string;
}

const KB = 1000;
const COUNT_GOALS: readonly CountGoal[] = [
  { concurrency: 1, what: 'commits', of: (counts) => counts.commits, must: 7, aim: 6 },
  { concurrency: 1, what: 'statements', of: (counts) => counts.statements ?? NaN, must: 12, aim: 7 },
  { concurrency: 1, what: 'WAL', of: (counts) => counts.walBytes / KB, must: 18, aim: 10, unit: ' KB' },
  { concurrency: 64, what: 'commits', of: (counts) => counts.commits, must: 0.5, aim: 0.2 },
  { concurrency: 64, what: 'WAL', of: (counts) => counts.walBytes / KB, must: 18, aim: 10, unit: ' KB' },
];

/** P4: what a governed run costs the database, in counts. */
export function p4(counts: readonly Counts[]): GoalRow[] {
  return COUNT_GOALS.map(({ concurrency, what, of, must, aim, unit = '' }) => {
    const at = (name: string): Counts | undefined =>
      counts.find((each) => each.system === name && each.concurrency === concurrency);
    const ours = at('writ');
    const value = ours ? of(ours) : NaN;
    const sealed = at('writ-sealed');
    const floor = at('floor-pertx');
    const peers = PEER_NAMES.map(at)
      .filter((each) => each !== undefined)
      .sort((a, b) => of(a) - of(b));
    const peer = peers[0];
    return {
      goal: `P4 ${what} per governed W5, c=${concurrency}`,
      must: `≤ ${must}${unit}`,
      aim: `≤ ${aim}${unit}`,
      ours: `${figure(value)}${unit}${sealed ? `; sealed ${figure(of(sealed))}${unit}` : ''}`,
      bestPeer: peer ? `${peer.system} ${figure(of(peer))}${unit}` : '–',
      limit: floor ? `floor-pertx ${figure(of(floor))}${unit}` : '–',
      verdict: verdict({ value, must, aim, more: false }),
    };
  });
}
