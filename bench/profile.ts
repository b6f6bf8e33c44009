import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Cluster, trackStatements } from './cluster';
import { type HotSpot, readProfile } from './cpu-profile';
import { round } from './numbers';
import { benchFolder } from './peer';
import type { Workload } from './protocol';
import { openAs, type SystemName } from './w5';

export interface ProfileOptions {
  readonly systems: readonly SystemName[];
  readonly concurrency: number;
  readonly workload: Workload;
  readonly windowMs: number;
  readonly emit: (line: object) => void;
  readonly progress: (text: string) => void;
}

const SHOWN = 45;

/**
 * Where one system (Writ, or the only one named) spends its time: V8's sampled profile of its process by room and by
 * function, and the server's time by statement. Profiling slows the process: read shares, not rates.
 */
export async function profile(cluster: Cluster, options: ProfileOptions): Promise<void> {
  const { concurrency, workload, emit, progress } = options;
  const name = options.systems.length === 1 ? options.systems[0]! : 'writ';
  const folder = join(benchFolder, 'results');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}-${workload}-c${concurrency}.cpuprofile`);
  const system = await openAs(cluster, name, { concurrency, workload });
  await system.window({ concurrency, leadMs: 0, ms: 2000 });
  if (cluster.countsStatements) {
    await trackStatements(cluster.admin, true);
    await cluster.admin.query('select pg_stat_statements_reset()');
  }
  progress(`profile ${workload} c=${concurrency}: ${name}`);
  const window = await system.window({ concurrency, leadMs: 200, ms: options.windowMs, profile: file });
  emit({
    bench: 'profile',
    system: name,
    workload,
    concurrency,
    runs: window.runs,
    cpu_ms_per_run: round(window.cpuMsPerRun, 3),
  });
  if (cluster.countsStatements) {
    await statements(cluster, { system: name, runs: window.runs, emit });
    await trackStatements(cluster.admin, false);
  }
  await system.close();
  const spots = readProfile(file, dirname(benchFolder));
  const line = ({ what, selfMs, totalMs }: HotSpot) => ({
    what,
    self_percent: round((selfMs / spots.busyMs) * 100, 1),
    total_percent: round((totalMs / spots.busyMs) * 100, 1),
  });
  for (const room of spots.rooms.slice(0, 25)) emit({ bench: 'profile_room', ...line(room) });
  for (const spot of spots.functions.slice(0, SHOWN)) emit({ bench: 'profile_function', ...line(spot) });
  const ours = spots.functions.filter(({ what }) => what.includes(' dist/libs/')).sort((a, b) => b.totalMs - a.totalMs);
  for (const spot of ours.slice(0, SHOWN)) emit({ bench: 'profile_total', ...line(spot) });
  progress(`the whole profile: ${file}`);
}

async function statements(
  cluster: Cluster,
  { system, runs, emit }: { readonly system: string; readonly runs: number; readonly emit: (line: object) => void },
): Promise<void> {
  const { rows } = await cluster.admin.query<{ query: string; calls: string; mean_ms: number; total_ms: number }>(
    `select left(regexp_replace(query, '\\s+', ' ', 'g'), 120) as query, calls,
            mean_exec_time as mean_ms, total_exec_time as total_ms
       from pg_stat_statements s join pg_database d on d.oid = s.dbid
      where d.datname = $1 order by total_exec_time desc limit 20`,
    [`bench_${system.replaceAll('-', '_')}`],
  );
  for (const row of rows) {
    emit({
      bench: 'profile_statement',
      query: row.query,
      calls_per_run: round(Number(row.calls) / runs, 3),
      mean_ms: round(row.mean_ms, 3),
      server_ms_per_run: round(row.total_ms / runs, 4),
    });
  }
}
