import { type Cluster, trackStatements } from './cluster';
import { round } from './numbers';
import { open, type SystemName } from './w5';

/** What one W5 run costs the database, on average. */
export interface Counts {
  readonly system: SystemName;
  readonly concurrency: number;
  readonly runs: number;
  readonly commits: number;
  /** Round trips as the server counts them: top-level statements, BEGIN and COMMIT among them. Null when not counted. */
  readonly statements: number | null;
  readonly walBytes: number;
  readonly fsyncs: number;
}

export interface CountOptions {
  readonly systems: readonly SystemName[];
  readonly concurrencies: readonly number[];
  readonly ms: number;
  readonly emit: (line: object) => void;
  readonly progress: (text: string) => void;
}

interface Totals {
  readonly commits: number;
  readonly fsyncs: number;
}

interface Pass {
  /** Runs between the marks: what statements and WAL bytes belong to. */
  readonly runs: number;
  /** These and the warm-up's: what the totals of the whole pass belong to. */
  readonly allRuns: number;
  readonly commits: number;
  readonly fsyncs: number;
  readonly walBytes: number;
  readonly statements: number | null;
}

/**
 * Counters per run. The server's own totals of a backend arrive up to ten seconds late, but always when it ends: so a
 * short pass (set-up only) and a long one (the same set-up, then runs) are each counted from before the process starts
 * to after its last connection is gone, and subtracted. Statements and WAL position are exact at once.
 */
export async function measureCounts(cluster: Cluster, options: CountOptions): Promise<readonly Counts[]> {
  const found: Counts[] = [];
  if (cluster.countsStatements) await trackStatements(cluster.admin, true);
  try {
    for (const concurrency of options.concurrencies) {
      for (const system of options.systems) {
        options.progress(`counts c=${concurrency}: ${system}`);
        try {
          const short = await pass(cluster, { system, concurrency, ms: 0 });
          const long = await pass(cluster, { system, concurrency, ms: options.ms });
          const counts = perRun({ system, concurrency }, short, long);
          found.push(counts);
          options.emit(line(counts));
        } catch (error) {
          options.emit({ bench: 'counts', system, concurrency, error: (error as Error).message.slice(0, 600) });
        }
      }
    }
  } finally {
    if (cluster.countsStatements) await trackStatements(cluster.admin, false);
  }
  return found;
}

const WARM_MS = 400;

async function pass(
  cluster: Cluster,
  of: { readonly system: SystemName; readonly concurrency: number; readonly ms: number },
): Promise<Pass> {
  const { admin } = cluster;
  const { system, concurrency, ms } = of;
  const process = await open(cluster, system, concurrency);
  const database = `bench_${system.replaceAll('-', '_')}`;
  try {
    const before = await totals(cluster, database);
    const warm = await process.count({ concurrency, ms: WARM_MS });
    // The first change of a page after a checkpoint logs the page whole: both marks lie on the same side of one.
    await admin.query('checkpoint');
    if (cluster.countsStatements) await admin.query('select pg_stat_statements_reset()');
    const from = await walPosition(cluster);
    const { runs } = ms === 0 ? { runs: 0 } : await process.count({ concurrency, ms });
    const walBytes = await walBytesSince(cluster, from);
    const statements = await statementsOf(cluster, database);
    await process.close();
    await disconnected(cluster, database);
    const after = await totals(cluster, database);
    return {
      runs,
      allRuns: runs + warm.runs,
      commits: after.commits - before.commits,
      fsyncs: after.fsyncs - before.fsyncs,
      walBytes,
      statements,
    };
  } finally {
    await process.close();
    await cluster.drop(database);
  }
}

function perRun(of: { system: SystemName; concurrency: number }, short: Pass, long: Pass): Counts {
  const { runs } = long;
  const more = long.allRuns - short.allRuns;
  return {
    ...of,
    runs,
    commits: (long.commits - short.commits) / more,
    fsyncs: (long.fsyncs - short.fsyncs) / more,
    walBytes: long.walBytes / runs,
    statements: long.statements === null ? null : long.statements / runs,
  };
}

async function one<T>(cluster: Cluster, text: string, values: readonly unknown[] = []): Promise<T> {
  const { rows } = await cluster.admin.query(text, [...values]);
  return rows[0] as T;
}

async function totals(cluster: Cluster, database: string): Promise<Totals> {
  const text = `select xact_commit as commits from pg_stat_database where datname = $1`;
  const { commits } = await one<{ commits: string }>(cluster, text, [database]);
  return { commits: Number(commits), fsyncs: await fsyncs(cluster) };
}

/** WAL fsyncs of the whole cluster: pg_stat_wal held them until Postgres 17, pg_stat_io holds them since 18. */
async function fsyncs(cluster: Cluster): Promise<number> {
  const recent = Number.parseInt(cluster.settings['server_version'] ?? '', 10) >= 18;
  const text = recent
    ? `select coalesce(sum(fsyncs), 0) as n from pg_stat_io where object = 'wal'`
    : `select wal_sync as n from pg_stat_wal`;
  return Number((await one<{ n: string }>(cluster, text)).n);
}

export const walPosition = async (cluster: Cluster): Promise<string> =>
  (await one<{ lsn: string }>(cluster, 'select pg_current_wal_insert_lsn()::text as lsn')).lsn;

export async function walBytesSince(cluster: Cluster, from: string): Promise<number> {
  const text = 'select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::pg_lsn) as bytes';
  return Number((await one<{ bytes: string }>(cluster, text, [from])).bytes);
}

async function statementsOf(cluster: Cluster, database: string): Promise<number | null> {
  if (!cluster.countsStatements) return null;
  const text = `select coalesce(sum(s.calls), 0) as calls
      from pg_stat_statements s join pg_database d on d.oid = s.dbid where d.datname = $1 and s.toplevel`;
  return Number((await one<{ calls: string }>(cluster, text, [database])).calls);
}

async function disconnected(cluster: Cluster, database: string): Promise<void> {
  for (let tries = 0; tries < 250; tries++) {
    const text = 'select count(*)::int as n from pg_stat_activity where datname = $1';
    if ((await one<{ n: number }>(cluster, text, [database])).n === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`connections to ${database} stayed open: its counters are not complete`);
}

function line(counts: Counts): object {
  return {
    bench: 'counts',
    system: counts.system,
    concurrency: counts.concurrency,
    runs: counts.runs,
    commits_per_run: round(counts.commits, 2),
    statements_per_run: counts.statements === null ? null : round(counts.statements, 2),
    wal_bytes_per_run: round(counts.walBytes, 0),
    wal_fsyncs_per_run: round(counts.fsyncs, 2),
  };
}
