import { hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkChain } from '@writ/audit';
import { verifyExport } from '@writ/verify';
import { median, round } from '../numbers';
import { type World, writeWorld } from './world';

/**
 * `node dist/bench/verify/main.js [--quick] [--rounds=n]`: P8 alone, as JSON lines. One pass is one core's work: the checks
 * run on the main thread, and only the signatures of checkpoints and the reading of the file on others, which is told.
 */
const quick = process.argv.includes('--quick');
const rounds = Number(process.argv.find((arg) => arg.startsWith('--rounds='))?.slice('--rounds='.length) ?? 5);
const EVENTS = quick ? 50_000 : 200_000;

/** What the last line says. */
export interface P8Result {
  /** Events a second: lines, hashes, chains, tree, signatures. */
  readonly structure: number;
  /** The same by all processor time of the process, other threads included. */
  readonly structurePerCpuSecond: number;
  /** Decisions a second: parsed, canonical, recombined from their rules. */
  readonly decisions: number;
  /** Events a second, everything. */
  readonly whole: number;
  /** SHA-256 of each line, one after the other, and nothing else. */
  readonly bareHash: number;
  /** Each run's chain by parsing, canonicalising and hashing. */
  readonly naive: number;
}

interface Pass {
  readonly ms: number;
  readonly cpuMs: number;
  readonly contentMs: number;
}

async function pass(file: string, world: World, content: boolean): Promise<Pass> {
  const cpu = process.cpuUsage();
  const source = createReadStream(file, { highWaterMark: 1 << 20 });
  const report = await verifyExport(source, { trust: { keys: [world.key] }, content });
  if (report.verdict !== 'intact' || report.events !== world.events) {
    throw new Error(`what should be intact is not: ${JSON.stringify(report.problems[0])}`);
  }
  if (content && report.decisions.by_rules !== world.decisions) throw new Error('not all verdicts came from rules');
  const { user, system } = process.cpuUsage(cpu);
  return { ms: report.ms, cpuMs: (user + system) / 1000, contentMs: report.content_ms };
}

function bareHash(lines: readonly Buffer[]): number {
  const started = performance.now();
  for (const line of lines) hash('sha256', line, 'hex');
  return performance.now() - started;
}

function naive({ chains }: World): number {
  const started = performance.now();
  for (const lines of chains) if (!checkChain(lines).ok) throw new Error('a chain does not hold');
  return performance.now() - started;
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'writ-bench-'));
  const say = (line: object): void => void process.stdout.write(`${JSON.stringify({ bench: 'p8', ...line })}\n`);
  try {
    const file = join(folder, 'log.ndjson');
    const world = await writeWorld(file, EVENTS);
    const { events, decisions, bytes, checkpoints } = world;
    say({ what: 'log', events, decisions, checkpoints, bytes, bytes_per_event: round(bytes / events, 0) });
    const lines = world.lines.map((line) => Buffer.from(line));
    const took = { structure: [] as Pass[], whole: [] as Pass[], bare: [] as number[], naive: [] as number[] };
    // One of each a round, so that a busy moment of the machine falls on all; the first round warms up.
    for (let i = 0; i <= rounds; i++) {
      const one = {
        structure: await pass(file, world, false),
        bare: bareHash(lines),
        whole: await pass(file, world, true),
        naive: naive(world),
      };
      if (i === 0) continue;
      took.structure.push(one.structure);
      took.whole.push(one.whole);
      took.bare.push(one.bare);
      took.naive.push(one.naive);
      say({
        what: 'round',
        structure_ms: round(one.structure.ms),
        whole_ms: round(one.whole.ms),
        bare_ms: round(one.bare),
        naive_ms: round(one.naive),
      });
    }
    const perSecond = (count: number, ms: readonly number[]): number => (count * 1000) / median(ms);
    const result: P8Result = {
      structure: perSecond(
        events,
        took.structure.map(({ ms }) => ms),
      ),
      structurePerCpuSecond: perSecond(
        events,
        took.structure.map(({ cpuMs }) => cpuMs),
      ),
      decisions: perSecond(
        decisions,
        took.whole.map(({ contentMs }) => contentMs),
      ),
      whole: perSecond(
        events,
        took.whole.map(({ ms }) => ms),
      ),
      bareHash: perSecond(events, took.bare),
      naive: perSecond(events, took.naive),
    };
    say({ what: 'result', ...result });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
