import type { RiskTier } from '@writ/words';

/** A definition that has a part in an act, and who answers for it. */
export interface Answerable {
  readonly type: 'workflow' | 'agent' | 'tool';
  readonly id: string;
  readonly tier: RiskTier;
  /** Epoch milliseconds from which its review is overdue; null where no date was given. */
  readonly reviewBy: number | null;
  /** It has an owner and a purpose. */
  readonly owned: boolean;
}

/**
 * Everything that has a part in an act: the workflow, every agent of the chain, what is acted on. INVARIANT: the tier of an
 * act is the highest of them, so that it never sinks along a chain: whoever hands over to something harmless stays under what
 * holds for itself.
 */
export interface ActRisk {
  readonly parts: readonly Answerable[];
  /** A tier that it has whatever its parts say: that of the whole run for its start, that of the runs above for a child. */
  readonly atLeast?: RiskTier;
}
