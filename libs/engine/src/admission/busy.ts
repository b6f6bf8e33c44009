import { performance } from 'node:perf_hooks';
import type { GroupCommit } from '@writ/database';
import type { Clock } from '@writ/kernel';

/** Commits may be under way for a larger part of the time before anybody is late: others join the next one. */
const COMMITS = 0.8;

/**
 * How busy is what all runs of a worker share: its thread, and the database as far as their commits go. Part of the time
 * since it was asked last, 0 to 1; of the two the one that is more in the way.
 */
export function sharedBusy(writer: Pick<GroupCommit, 'stats'>, clock: Clock): () => number {
  let thread = performance.eventLoopUtilization();
  let before = { at: clock.monotonic(), busyMs: writer.stats().busyMs };
  return () => {
    const threadNow = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(threadNow, thread);
    const now = { at: clock.monotonic(), busyMs: writer.stats().busyMs };
    const committing = (now.busyMs - before.busyMs) / Math.max(1, now.at - before.at);
    thread = threadNow;
    before = now;
    return Math.max(utilization, COMMITS * committing);
  };
}
