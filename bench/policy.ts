import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type GoalRow, verdict } from './goals';
import { Measured } from './measured';
import { figure, median, round } from './numbers';
import type { P6Result } from './policy/p6';
import type { WindowResult } from './protocol';
import { startOf } from './shipped';

export interface PolicyOptions {
  readonly quick: boolean;
  readonly rules: number;
  readonly rounds: number;
  readonly emit: (line: object) => void;
  readonly progress: (text: string) => void;
}

const PEERS = ['casbin', 'cedar', 'casl'] as const;
type PeerName = (typeof PEERS)[number];
const WINDOW_MS = 700;

interface PeerCell {
  readonly peer: PeerName;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** P6: Writ's decisions (bench/policy, in a process of its own, started as a worker is), then the peers beside one another on as many rules. */
export async function measurePolicy(options: PolicyOptions): Promise<GoalRow[]> {
  const ours = await measureOurs(options);
  const peers = await measurePeers(options);
  return p6(ours, peers);
}

async function measureOurs({ quick, emit, progress }: PolicyOptions): Promise<P6Result> {
  progress('P6: Writ');
  const { flags, env } = startOf('worker');
  const args = [...flags, join(__dirname, 'policy', 'main.js'), ...(quick ? ['--quick'] : [])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 2], env: { ...process.env, ...env } });
  const ended = once(child, 'exit');
  let result: P6Result | undefined;
  for await (const text of createInterface({ input: child.stdout! })) {
    const line = JSON.parse(text) as { what?: string };
    emit(line);
    if (line.what === 'result') result = line as unknown as P6Result;
  }
  const [code] = await ended;
  if (!result) throw new Error(`bench/policy ended without a result, exit code ${String(code)}`);
  return result;
}

/** Windows in turn, as for runs; `concurrency` of a policy peer's set-up is its number of rules. */
async function measurePeers({ rules, rounds, emit, progress }: PolicyOptions): Promise<readonly PeerCell[]> {
  const opened = new Map<PeerName, Measured>();
  const taken = new Map<PeerName, WindowResult[]>();
  try {
    for (const peer of PEERS) {
      progress(`P6: ${peer} loads ${rules} rules`);
      try {
        opened.set(peer, await Measured.open(`policy-peers/${peer}`, { url: '', concurrency: rules }));
        taken.set(peer, []);
      } catch (error) {
        emit({ bench: 'p6', what: peer, rules, error: (error as Error).message.slice(0, 600) });
      }
    }
    for (let i = 0; i < rounds; i++) {
      for (const [peer, process] of opened) {
        taken.get(peer)!.push(await process.window({ concurrency: 1, leadMs: 0, ms: WINDOW_MS }));
      }
    }
  } finally {
    for (const process of opened.values()) await process.close();
  }
  const cells = [...taken].map(([peer, windows]) => ({
    peer,
    p50Us: median(windows.map((window) => window.p50Ms)) * 1000,
    p99Us: median(windows.map((window) => window.p99Ms)) * 1000,
  }));
  for (const { peer, p50Us, p99Us } of cells) {
    emit({ bench: 'p6', what: `${peer}, per tenant`, rules, p50_us: round(p50Us, 2), p99_us: round(p99Us, 2) });
  }
  return cells;
}

/** Measured apart (PERFORMANCE §5): the exact index alone, without Casbin, conditions or reasons. */
const LIMIT = 'exact lookup 0.6 µs';

function p6(ours: P6Result, peers: readonly PeerCell[]): GoalRow[] {
  const beside = (of: (cell: PeerCell) => number): string =>
    peers.map((cell) => `${cell.peer} ${figure(of(cell))} µs`).join('; ') || '–';
  const stages = Object.values(ours.stage);
  const row = (
    goal: string,
    bound: { readonly value: number; readonly must?: number; readonly aim?: number; readonly unit: string },
    bestPeer: string,
  ): GoalRow => {
    const { value, must, aim, unit } = bound;
    const ours = { goal: `P6 ${goal}`, ours: `${figure(value)} ${unit}`, bestPeer, limit: LIMIT };
    // Printed beside a goal, without a goal of its own.
    if (must === undefined || aim === undefined) return { ...ours, must: '–', aim: '–', verdict: 'not shown' };
    return {
      ...ours,
      must: `≤ ${must} ${unit}`,
      aim: `≤ ${aim} ${unit}`,
      verdict: verdict({ value, must, aim, more: false }),
    };
  };
  const worst = (of: (stage: (typeof stages)[number]) => number): number => Math.max(...stages.map(of));
  return [
    // A third of a decision of three stages, with its share of what every decision costs once: guardrails, the record.
    row(
      'a stage of three, 3 candidates each, p50',
      { value: ours.pipeline.p50Us / 3, must: 5, aim: 2, unit: 'µs' },
      beside((cell) => cell.p50Us),
    ),
    row(
      'whole decision of one stage, ≤ 3 candidates, p99',
      { value: worst((one) => one.p99Us), must: 40, aim: 40, unit: 'µs' },
      beside((cell) => cell.p99Us),
    ),
    row('whole decision of one stage, ≤ 3 candidates, p50', { value: worst((one) => one.p50Us), unit: 'µs' }, '–'),
    row('agent + initiator + one hop, p50', { value: ours.pipeline.p50Us, must: 20, aim: 6, unit: 'µs' }, '–'),
    row('the same by our own matcher, p50', { value: ours.direct.p50Us, must: 20, aim: 2, unit: 'µs' }, '–'),
    row(
      'growth from the smallest to the largest policy',
      { value: ours.growth, must: 1.3, aim: 1.3, unit: '× (flat)' },
      '–',
    ),
    row('build of all rules', { value: ours.buildMs, must: 500, aim: 500, unit: 'ms' }, '–'),
    row('longest stall while building', { value: ours.stallMs, must: 10, aim: 10, unit: 'ms' }, '–'),
    row('the same, longest of all rounds', { value: ours.longestStallMs, unit: 'ms' }, '–'),
  ];
}
