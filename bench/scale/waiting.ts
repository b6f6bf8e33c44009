import type { Cluster } from '../cluster';
import { type GoalRow, verdict } from '../goals';
import { figure, round } from '../numbers';
import { type ScaleOptions, withSystem } from './open';

const OURS = 'waiting-writ';
const PEERS = ['waiting-mastra', 'waiting-dbos', 'waiting-langgraph'] as const;
const KB = 1_024;

/** What a thousand runs that wait for somebody add to the memory of the process that began them. */
export async function measureWaiting(cluster: Cluster, options: ScaleOptions): Promise<GoalRow[]> {
  const { emit, progress } = options;
  const found = new Map<string, number>();
  for (const name of [OURS, ...PEERS]) {
    progress(`memory of waiting runs: ${name}`);
    try {
      const setup = { waiting: options.quick ? 500 : 4_000 };
      const of = { name, setup, flags: ['--expose-gc'] };
      const figures = await withSystem(cluster, of, (system) => system.figures(0));
      const kb = figures['perThousand']! / KB;
      found.set(name, kb);
      emit({ bench: 'waiting', system: name.replace('waiting-', ''), runs: figures['runs'], kb_per_1000: round(kb) });
    } catch (error) {
      emit({ bench: 'waiting', system: name, error: (error as Error).message.slice(0, 600) });
    }
  }
  const ours = found.get(OURS) ?? NaN;
  const [best] = PEERS.filter((name) => found.has(name)).sort((a, b) => found.get(a)! - found.get(b)!);
  return [
    {
      goal: 'memory of 1,000 waiting runs',
      must: '≤ 1,024 KB',
      aim: '≤ 256 KB',
      ours: `${figure(ours)} KB`,
      bestPeer: best === undefined ? '–' : `${best.replace('waiting-', '')} ${figure(found.get(best)!)} KB`,
      limit: '0: what waits is in the database',
      verdict: verdict({ value: ours, must: 1_024, aim: 256, more: false }),
    },
  ];
}
