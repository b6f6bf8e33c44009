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
 * `node dist/bench/verify/main.js [--quick] [--rounds=n]`: P8 alone, as JSON lines. Everything is counted by processor time
 * of the whole process, signatures and the reading of the file on other threads included: that is what one core does, also
 * on a machine that others use too.
 */
const quick = process.argv.includes('--quick');
const rounds = Number(process.argv.find((arg) => arg.startsWith('--rounds='))?.slice('--rounds='.length) ?? 5);
const EVENTS = quick ? 50_000 : 200_000;

/** What the last line says; counts a second of processor time, unless they say wall. */
export interface P8Result {
  /** Events: lines, hashes, chains, tree, signatures. */
  readonly structure: number;
  readonly structureWall: number;
  /** Decisions, of the time that content takes beyond structure: parsed, canonical, recombined from their rules. */
  readonly decisions: number;
  /** Events, everything. */
  readonly whole: number;
  readonly wholeWall: number;
  /** SHA-256 of each line, one after the other, and nothing else. */
  readonly bareHash: number;
  /** Each run's chain by parsing, canonicalising and hashing. */
  readonly naive: number;
}

interface Pass {
  readonly wallMs: number;
  readonly cpuMs: number;
}

async function timed(work: () => unknown): Promise<Pass> {
  const [cpu, started] = [process.cpuUsage(), performance.now()];
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs: performance.now() - started, cpuMs: (user + system) / 1000 };
}

async function verify(file: string, world: World, content: boolean): Promise<void> {
  const source = createReadStream(file, { highWaterMark: 1 << 20 });
  const report = await verifyExport(source, { trust: { keys: [world.key] }, content });
  if (report.verdict !== 'intact' || report.events !== world.events) {
    throw new Error(`what should be intact is not: ${JSON.stringify(report.problems[0])}`);
  }
  if (content && report.decisions.by_rules !== world.decisions) throw new Error('not all verdicts came from rules');
}

function bareHash(lines: readonly Buffer[]): void {
  for (const line of lines) hash('sha256', line, 'hex');
}

function naive({ chains }: World): void {
  for (const lines of chains) if (!checkChain(lines).ok) throw new Error('a chain does not hold');
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
    const works = {
      structure: () => verify(file, world, false),
      bare: () => bareHash(lines),
      whole: () => verify(file, world, true),
      naive: () => naive(world),
    };
    const took = { structure: [] as Pass[], bare: [] as Pass[], whole: [] as Pass[], naive: [] as Pass[] };
    // One of each a round, so that a busy moment of the machine falls on all; the first round warms up.
    for (let i = 0; i <= rounds; i++) {
      for (const name of Object.keys(works) as (keyof typeof works)[]) {
        const pass = await timed(works[name]);
        if (i === 0) continue;
        took[name].push(pass);
        say({ what: name, cpu_ms: round(pass.cpuMs), wall_ms: round(pass.wallMs) });
      }
    }
    const cpu = (name: keyof typeof works): number => median(took[name].map(({ cpuMs }) => cpuMs));
    const wall = (name: keyof typeof works): number => median(took[name].map(({ wallMs }) => wallMs));
    const perSecond = (count: number, ms: number): number => (count * 1000) / ms;
    const result: P8Result = {
      structure: perSecond(events, cpu('structure')),
      structureWall: perSecond(events, wall('structure')),
      decisions: perSecond(decisions, cpu('whole') - cpu('structure')),
      whole: perSecond(events, cpu('whole')),
      wholeWall: perSecond(events, wall('whole')),
      bareHash: perSecond(events, cpu('bare')),
      naive: perSecond(events, cpu('naive')),
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
