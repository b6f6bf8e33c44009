import { availableParallelism, totalmem } from 'node:os';
import { measureAppending, measureLag } from './audit/p7';
import { type Cluster, openCluster } from './cluster';
import { measureCounts } from './counts';
import { type GoalRow, p1, p11, p2, p3, p4, p5 } from './goals';
import { type Options, readOptions, USAGE } from './options';
import { peerVersion } from './peer';
import { measurePolicy } from './policy';
import { profile } from './profile';
import { measureStarts } from './scale/p10';
import { measureFleets } from './scale/p12';
import { measureLongRun } from './scale/p13';
import { measureDoorbell } from './scale/p9';
import { measureWaiting } from './scale/waiting';
import { table } from './table';
import { measureVerifying } from './verify';
import { measureW5, SEALED } from './w5';

const VERSIONED = [
  '@mastra/core',
  '@mastra/pg',
  '@dbos-inc/dbos-sdk',
  '@langchain/langgraph',
  '@langchain/langgraph-checkpoint-postgres',
  'casbin',
  '@cedar-policy/cedar-wasm',
  '@casl/ability',
  'pg',
];

const NOISE = `Closed loop: load, client and server share the cores. Figures are medians of interleaved windows; on two cores read
differences below 15 % as noise, and a window marked noisy (others kept more than a quarter core busy) as worse than that.
Ratios within one run and counts hold better than absolute figures.`;

const WITHOUT_DATABASE: ReadonlySet<string> = new Set(['p6', 'p8']);

const emit = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const progress = (text: string): void => void process.stderr.write(`[bench] ${text}\n`);

async function measure(cluster: Cluster, options: Options): Promise<GoalRow[]> {
  const { names, systems, rounds, windowMs, countMs } = options;
  const rows: GoalRow[] = [];
  const w5 = { systems, rounds, windowMs, emit, progress };
  if (names.has('p1') || names.has('p5') || names.has('p11')) {
    const cells = await measureW5(cluster, { ...w5, concurrency: 64 });
    if (names.has('p1')) rows.push(...p1(cells));
    if (names.has('p5')) rows.push(...p5(cells));
    if (names.has('p11')) rows.push(...p11(cells));
  }
  if (names.has('p2')) rows.push(...p2(await measureW5(cluster, { ...w5, concurrency: 1 })));
  if (names.has('p4')) {
    rows.push(...p4(await measureCounts(cluster, { systems, concurrencies: [1, 64], ms: countMs, emit, progress })));
  }
  if (names.has('p3')) {
    const f8 = { ...w5, workload: 'f8', systems: systems.filter((name) => name !== SEALED) } as const;
    const alone = await measureW5(cluster, { ...f8, concurrency: 1 });
    rows.push(...p3(alone, await measureW5(cluster, { ...f8, concurrency: 16 })));
  }
  const scale = { quick: options.quick, rounds, windowMs, emit, progress };
  if (names.has('p9')) rows.push(...(await measureDoorbell(cluster, scale)));
  if (names.has('p10')) rows.push(...(await measureStarts(cluster, scale)));
  if (names.has('p12')) rows.push(...(await measureFleets(cluster, scale)));
  if (names.has('p13')) rows.push(...(await measureLongRun(cluster, scale)));
  if (names.has('waiting')) rows.push(...(await measureWaiting(cluster, scale)));
  const audit = { rounds, windowMs, emit, progress };
  if (names.has('p7')) rows.push(...(await measureAppending(cluster, audit)));
  if (names.has('p7-lag')) rows.push(...(await measureLag(cluster, audit)));
  if (names.has('profile')) await profile(cluster, { ...options, emit, progress });
  return rows;
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') return void process.stdout.write(USAGE);
  const started = performance.now();
  const rows: GoalRow[] = [];
  const needsDatabase = [...options.names].some((name) => !WITHOUT_DATABASE.has(name));
  const cluster = needsDatabase ? await openCluster() : null;
  const stop = (): void => void cluster?.stop().finally(() => process.exit(130));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    emit({
      bench: 'environment',
      node: process.version,
      cores: availableParallelism(),
      memory_gb: Math.round(totalmem() / 2 ** 30),
      platform: `${process.platform}-${process.arch}`,
      ...(cluster && { postgres: { source: cluster.source, ...cluster.settings } }),
      peers: Object.fromEntries(VERSIONED.map((name) => [name, peerVersion(name)])),
    });
    if (cluster) rows.push(...(await measure(cluster, options)));
  } finally {
    await cluster?.stop();
  }
  if (options.names.has('p6')) rows.push(...(await measurePolicy({ ...options, emit, progress })));
  if (options.names.has('p8')) rows.push(...(await measureVerifying({ ...options, emit, progress })));
  for (const row of rows) emit({ bench: 'goal', ...row });
  if (rows.length > 0) process.stdout.write(`\n${table(rows)}\n\n${NOISE}\n`);
  progress(`took ${Math.round((performance.now() - started) / 1000)} s`);
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
