import type { LogWatch } from '@writ/audit';
import type { Clock, WorkerId } from '@writ/kernel';
import type { Database, GroupCommit } from '@writ/database';
import type { Relay } from '@writ/gateways';
import type { AuthorityStore } from '@writ/policy';
import type { Pacer } from './pace/pacer';
import type { Doors } from './doors';
import type { Callees } from './guard/callees';

/**
 * Points of an effect at which a test may stop the process: the five crash points of every effect, in order, and the one
 * between a request to people and the wait for them. A no-op in production; injected, so production pays one call.
 */
export type FaultPoint =
  'after_request' | 'before_intent' | 'after_intent' | 'inside_call' | 'before_outcome' | 'after_outcome';

export interface Faults {
  /** Null, or nothing, where there is nothing to wait for: an empty wait costs each act a turn of the queue. */
  at(
    point: FaultPoint,
    place: { readonly run: string; readonly step: number; readonly attempt: number },
  ): void | Promise<void>;
}

export const noFaults: Faults = { at: () => undefined };

/** What advancing a run needs of the other rooms, given once at start-up. */
export interface EngineContext {
  readonly db: Database;
  readonly writer: GroupCommit;
  readonly authority: AuthorityStore;
  readonly doors: Doors;
  /** Holds back mutating effects while the log is behind; null where nothing is sealed. */
  readonly log: Pick<LogWatch, 'blocks'> | null;
  /** How fast endpoints may be called, over all workers. */
  readonly pacer: Pacer;
  readonly clock: Clock;
  readonly faults: Faults;
  /** Events between two snapshots of a run, at least. */
  readonly snapshotEvery: number;
  readonly worker: WorkerId;
  /** Whom guardrails ask. */
  readonly callees: Callees;
  /** Where external frameworks make their calls. */
  readonly relay: Relay;
  /** How long a run that is to end lets calls finish that must not be repeated (milliseconds). */
  readonly patienceMs: number;
  /** Digest or version of the engine's build, named in evidence. */
  readonly build: string;
}
