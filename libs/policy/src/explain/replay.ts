import type { Verdict } from '@writ/words';
import type { TenantAuthority } from '../authority';
import { decide } from '../decide';
import { sentence } from '../sentence';
import type { Snapshot } from '../snapshot';
import type { DecisionRequest } from '../types';

/** A decision that was made, and what was asked. */
export interface PastAct {
  readonly id: string;
  readonly verdict: Verdict;
  /** Digest of the policy it was made under. */
  readonly snapshot: string;
  readonly request: DecisionRequest;
}

/** A decision that would be another one. */
export interface MovedAct {
  readonly id: string;
  readonly before: Verdict;
  readonly after: Verdict;
  /** What the other policy says to it. */
  readonly sentence: string;
}

export interface Replay {
  /** Acts that were decided again under both policies. */
  readonly replayed: number;
  readonly moved: readonly MovedAct[];
  /** Of those that were decided under `before`, how many it decides now as it did then. */
  readonly faithful: number;
  readonly comparable: number;
}

/** Acts decided between two pauses: a few milliseconds of work. */
const STRIDE = 64;

/**
 * Decides past acts again, under the policy in force and under another, and tells which would have been decided otherwise;
 * new permissions come first. Stops count for neither: it is the policies that are compared. Nothing is recorded.
 */
export async function replayActs(
  authority: TenantAuthority,
  other: Snapshot,
  acts: readonly PastAct[],
): Promise<Replay> {
  const before = { ...authority, stops: [] };
  const after = { ...before, snapshot: other };
  const moved: MovedAct[] = [];
  let faithful = 0;
  let comparable = 0;
  for (const [i, { id, verdict, snapshot, request }] of acts.entries()) {
    if (i % STRIDE === STRIDE - 1) await new Promise((resolve) => setImmediate(resolve));
    const was = decide(before, request).verdict;
    const would = decide(after, request);
    if (snapshot === authority.snapshot?.digest) {
      comparable += 1;
      // What people have approved since was asked about first.
      if (was === verdict || (was === 'ask' && verdict === 'allow')) faithful += 1;
    }
    if (would.verdict !== was) moved.push({ id, before: was, after: would.verdict, sentence: sentence(would) });
  }
  moved.sort((a, b) => ORDER.indexOf(a.after) - ORDER.indexOf(b.after));
  return { replayed: acts.length, moved, faithful, comparable };
}

const ORDER: readonly Verdict[] = ['allow', 'ask', 'deny'];
