import type { Hop, JsonObject } from '@writ/kernel';
import type { DecisionRequest, Door } from '@writ/policy';
import type { EffectClass } from '@writ/words';
import type { StepIntended, StepKind } from './events';
import type { Callee } from './guard/callees';

/** An act made concrete: what is asked of the policy, and what will be sent if it says yes. */
export interface Proposal {
  readonly kind: StepKind;
  readonly door: Door;
  readonly path: string;
  readonly agent: string | null;
  readonly chain: readonly Hop[];
  readonly target: string;
  readonly targetDigest: string;
  readonly args: JsonObject;
  readonly argsText: string;
  readonly argsDigest: string;
  readonly effect: EffectClass;
  readonly call: string | null;
  readonly maxAttempts: number;
  readonly request: DecisionRequest;
  readonly details: Pick<
    StepIntended,
    'reserve' | 'attribute' | 'check' | 'handoff' | 'structured' | 'child' | 'stubbed' | 'relay'
  >;
  /** What it takes was written by the workflow's definition, or filled in where that says. */
  readonly written?: true | undefined;
  /** The step is part of the request only when the journal does not imply it. */
  readonly keepArgs: boolean;
  /** For `check`: whom it asks, which is no part of the run's bill. */
  readonly callee?: Callee;
  /** What a model says is not shown while it says it: guardrails stand before what leaves the run. */
  readonly quiet?: true;
}
