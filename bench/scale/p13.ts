import type { Cluster } from '../cluster';
import { type GoalRow, verdict } from '../goals';
import { figure, round } from '../numbers';
import { type ScaleOptions, withSystem } from './open';

/** P13: a run of ten thousand steps costs as much at its end as at its beginning, and is resumed in no time. */
export async function measureLongRun(cluster: Cluster, { emit, progress }: ScaleOptions): Promise<GoalRow[]> {
  progress('P13: a run of ten thousand steps');
  const figures = await withSystem(cluster, { name: 'long-run' }, (system) => system.figures(0));
  const [early, late, resumed] = [figures['earlyMs']!, figures['lateMs']!, figures['resumedMs']!];
  emit({
    bench: 'p13',
    steps: figures['steps'],
    early_ms: round(early, 3),
    late_ms: round(late, 3),
    resumed_ms: round(resumed),
  });
  const ratio = late / early;
  return [
    {
      goal: 'P13 cost of step 9,990, to that of step 10',
      must: '≤ 1.2×',
      aim: '≤ 1×',
      ours: `${figure(late)} ms = ${figure(ratio)}×`,
      bestPeer: 'Mastra writes the whole run at each step',
      limit: `step 10: ${figure(early)} ms`,
      verdict: verdict({ value: ratio, must: 1.2, aim: 1, more: false }),
    },
    {
      goal: 'P13 resume of a run of 10,000 steps',
      must: '≤ 300 ms',
      aim: '≤ 100 ms',
      ours: `${figure(resumed)} ms`,
      bestPeer: '–',
      limit: '–',
      verdict: verdict({ value: resumed, must: 300, aim: 100, more: false }),
    },
  ];
}
