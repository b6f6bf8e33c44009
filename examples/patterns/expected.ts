import type { Engine, StartRunInput } from '@writ/engine';
import type { Json, JsonObject } from '@writ/kernel';
import type { RunStatus } from '@writ/words';

type NewBatch = Parameters<Engine['batches']['create']>[1];
type Batch = NonNullable<Awaited<ReturnType<Engine['batches']['get']>>>;

/** One input, or a batch of them, and what must come of it: one entry of an example's `expected.yaml`. */
export interface Expected {
  readonly case: string;
  /** A run's; a batch has those of its items. */
  readonly input?: JsonObject;
  readonly batch?: Pick<NewBatch, 'items' | 'concurrency' | 'budget'>;
  /** What the run may use. */
  readonly budget?: NonNullable<StartRunInput['budget']>;
  readonly status: RunStatus | Batch['status'];
  /** The run's output, where it succeeds; of a batch, how many items came to what end. */
  readonly output?: Json;
  /** The code it ends with, where it does not. */
  readonly code?: string;
  /** What happened, one line a step, in order. */
  readonly steps: readonly string[];
  /** Parts of it run at the same time: the steps may come in another order. */
  readonly side_by_side?: boolean;
}

/** What came of it. */
export type Outcome = Pick<Expected, 'status' | 'output' | 'code' | 'steps'>;

export interface Played {
  readonly expected: Expected;
  readonly outcome: Outcome;
  /** The steps, and between them what agents said. */
  readonly told: readonly string[];
}

const inOrder = (steps: readonly string[], sideBySide = false): readonly string[] =>
  sideBySide ? [...steps].sort() : steps;

/** What came of a case beside what must, each in the same form: equal exactly when the example does what it says. */
export function held({ expected, outcome }: Played): readonly [came: Outcome, must: Outcome] {
  const form = ({ status, output, code, steps }: Outcome): Outcome => ({
    status,
    ...(output !== undefined && { output }),
    ...(code !== undefined && { code }),
    steps: inOrder(steps, expected.side_by_side),
  });
  return [form(outcome), form(expected)];
}
