import { setTimeout as sleep } from 'node:timers/promises';
import type { Figures } from '../protocol';

/**
 * Bytes of the heap and beside it after everything unused was collected; needs `--expose-gc`. Not the resident set: it
 * holds what V8 keeps for later, which hides a few megabytes either way.
 */
export async function settledMemory(): Promise<number> {
  const collect = (globalThis as { gc?: () => void }).gc;
  if (!collect) throw new Error('start this process with --expose-gc');
  for (let i = 0; i < 4; i++) {
    collect();
    await sleep(250);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** What `count` waiting runs add to this process: begun `abreast` at a time by `begin`, which resolves once one waits. */
export async function memoryOfWaiting(count: number, begin: (index: number) => Promise<unknown>): Promise<Figures> {
  const abreast = 16;
  // Pools, compiled code and caches are no part of a run.
  for (let i = 0; i < 64; i++) await begin(i);
  const before = await settledMemory();
  let next = 64;
  const one = async (): Promise<void> => {
    for (let i = next++; i < count + 64; i = next++) await begin(i);
  };
  await Promise.all(Array.from({ length: abreast }, one));
  const after = await settledMemory();
  return { runs: count, before, after, perThousand: ((after - before) / count) * 1_000 };
}
