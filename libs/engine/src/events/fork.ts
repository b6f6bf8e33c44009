import type { Hop, RunId } from '@writ/kernel';
import type { RiskTier } from '@writ/words';

/** What the steps of a forked run do to the outside: nothing, what was recorded is given back; or what any run's do. */
export type ForkEffects = 'stubbed' | 'live';

/** The run this one was forked from. Its first events, up to one of them, are this run's own past. */
export interface RunFork {
  readonly run: RunId;
  /** The last event of it that this run has. */
  readonly at: number;
  readonly effects: ForkEffects;
  /** Epoch milliseconds at which that run began. */
  readonly began_at: number;
  /** The agents that stood between its initiator and it: they bound each act of this run too (I6). */
  readonly chain: readonly Hop[];
  /** The tier that came down to that run from those above it. */
  readonly risk?: RiskTier;
}

/**
 * Here the past that a forked run took over ends. What was under way in it, waited for or held is not this run's: it is
 * planned, decided and done again. What was used is not counted again.
 */
export interface RunForked {
  readonly type: 'run_forked';
  readonly at: number;
  readonly run: RunId;
  /** Events taken over, this run's own start not among them. */
  readonly inherited: number;
  /** Milliseconds by which times of the past that still count are moved: deadlines of branches under way. */
  readonly shift_ms: number;
}
