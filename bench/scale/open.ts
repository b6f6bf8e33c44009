import type { Cluster } from '../cluster';
import { Measured } from '../measured';
import type { Setup } from '../protocol';

/** What the measurements of scale are given. */
export interface ScaleOptions {
  readonly quick: boolean;
  readonly rounds: number;
  readonly windowMs: number;
  readonly emit: (line: object) => void;
  readonly progress: (text: string) => void;
}

/** A system over a fresh database, opened, used and closed again. */
export async function withSystem<T>(
  cluster: Cluster,
  of: { readonly name: string; readonly setup?: Partial<Setup>; readonly flags?: readonly string[] },
  use: (system: Measured, url: string) => Promise<T>,
): Promise<T> {
  const database = `bench_${of.name.replaceAll('-', '_')}`;
  const url = await cluster.fresh(database);
  try {
    const start = { flags: of.flags ?? [], env: {} };
    const system = await Measured.open(`systems/${of.name}`, { url, concurrency: 16, ...of.setup }, start);
    try {
      return await use(system, url);
    } finally {
      await system.close();
    }
  } finally {
    await cluster.drop(database);
  }
}
