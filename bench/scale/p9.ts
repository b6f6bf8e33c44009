import type { Cluster } from '../cluster';
import { type GoalRow, verdict } from '../goals';
import { figure, round } from '../numbers';
import { type PrivateRedis, startRedis } from '../redis';
import { type ScaleOptions, withSystem } from './open';

const jobsOf = (redis: PrivateRedis): number => Number(redis.command('GET', 'bull:writ-runs:id').trim() || 0);

/** P9: from the ring to the run's first decision, over Bull and within the process; and how often it rings. */
export async function measureDoorbell(cluster: Cluster, options: ScaleOptions): Promise<GoalRow[]> {
  const rows: GoalRow[] = [];
  for (const over of ['process', 'bull'] as const) {
    options.progress(`P9: the doorbell, ${over}`);
    const redis = over === 'bull' ? await startRedis() : null;
    try {
      const setup = redis ? { redis: redis.url } : {};
      const figures = await withSystem(cluster, { name: 'doorbell', setup }, (system) =>
        system.figures(options.windowMs),
      );
      const jobs = redis ? jobsOf(redis) / figures['runs']! : 0;
      options.emit({
        bench: 'p9',
        over,
        p50_ms: round(figures['p50Ms']!, 2),
        p99_ms: round(figures['p99Ms']!, 2),
        here_p50_ms: round(figures['hereP50Ms']!, 2),
        here_p99_ms: round(figures['hereP99Ms']!, 2),
        rested_p50_ms: round(figures['restedP50Ms']!, 2),
        rested_p99_ms: round(figures['restedP99Ms']!, 2),
        rested_on_disk_p50_ms: round(figures['onDiskP50Ms']!, 2),
        runs: figures['runs'],
        jobs_per_run: round(jobs, 2),
      });
      const row = (goal: string, p50: number, limit: string): GoalRow => {
        const must = redis ? 3 : 0.5;
        const verdictOf = verdict({ value: p50, must, aim: must, more: false });
        const bound = `≤ ${must} ms`;
        return { goal, must: bound, aim: bound, ours: `${figure(p50)} ms`, bestPeer: '–', limit, verdict: verdictOf };
      };
      if (redis) rows.push(row('P9 ring to advance, over Bull, p50', figures['p50Ms']!, 'Bull alone 1.1 ms'));
      else {
        rows.push(row('P9 ring to advance, in process, p50', figures['restedP50Ms']!, '–'));
        rows.push(row('P9 the same, of a run that was not led here, claimed, p50', figures['p50Ms']!, '–'));
        rows.push(row('P9 start to advance where it is led, p50', figures['hereP50Ms']!, '–'));
      }
      if (redis) {
        rows.push({
          goal: 'P9 jobs a run',
          must: '≤ 2',
          aim: '≤ 1',
          ours: figure(jobs),
          bestPeer: '–',
          limit: '–',
          verdict: verdict({ value: jobs, must: 2, aim: 1, more: false }),
        });
      }
    } finally {
      await redis?.stop();
    }
  }
  return rows;
}
