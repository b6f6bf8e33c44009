import { digestOf } from '@writ/kernel';
import type { ClaimedRun } from '@writ/database';
import type { Held } from '../budget/holdings';
import type { RunState } from '../state';
import { fromText, textOf } from './state-text';

/** All that leading a run goes by and its journal implies, behind its first `state.seq` events. */
export interface Snapshot {
  readonly state: RunState;
  /** What its steps hold of the tenant's budgets. */
  readonly held: ReadonlyMap<string, Held>;
  /** Digests of the contexts its evidence has declared, and the last one in force. */
  readonly declared: ReadonlySet<string>;
  readonly context: string | null;
}

export const snapshotText = (snapshot: Snapshot): string => textOf(snapshot);

/** What a snapshot's text must hash to: bound to the place it is of, so that none is taken for another's. */
export const snapshotDigest = (of: { readonly run: string; readonly seq: number; readonly body: string }): string =>
  digestOf(`${of.run} ${of.seq}\n${of.body}`);

/** A stored snapshot; null for one that is not what was stored, or not of this place. */
export function openSnapshot(run: string, { seq, digest, body }: NonNullable<ClaimedRun['snapshot']>): Snapshot | null {
  if (snapshotDigest({ run, seq, body }) !== digest) return null;
  try {
    const snapshot = fromText<Snapshot>(body);
    return snapshot.state.seq === seq ? snapshot : null;
  } catch {
    return null;
  }
}
