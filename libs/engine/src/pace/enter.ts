import type { ModelDefinition } from '@writ/registry';
import type { Proposal } from '../proposal';
import type { EngineContext } from '../context';
import type { HeldRun } from '../held-run';
import { FREE, type Paced, pacingOf } from './pacer';

const UNPACED: Paced = { kind: 'go', pass: FREE };
const LEAST_MS = 20;
const WIDEST_MS = 1_000;

/** Whether an act may go out now, as far as what it is sent to can take it; only models have a pace so far. */
export function enter(
  ctx: Pick<EngineContext, 'pacer'>,
  held: Pick<HeldRun, 'planner'>,
  proposed: Pick<Proposal, 'kind' | 'target' | 'details' | 'callee'>,
): Promise<Paced> | Paced {
  const definition = proposed.details.stubbed === true ? undefined : modelOf(held, proposed);
  if (!definition) return UNPACED;
  return ctx.pacer.enter(pacingOf(definition, process.env[definition.base_url_env] ?? ''));
}

/** The model that is asked: of the run's bill, or by a guardrail. */
function modelOf(
  held: Pick<HeldRun, 'planner'>,
  { kind, target, callee }: Pick<Proposal, 'kind' | 'target' | 'callee'>,
): ModelDefinition | undefined {
  if (kind === 'model') return held.planner.bill.models.get(target)?.definition;
  return callee?.definition.kind === 'model' ? callee.definition : undefined;
}

/** Those who wait for the same thing do not all come back at once. */
export const spread = (ms: number): number =>
  Math.max(ms, LEAST_MS) + Math.random() * Math.min(ms + LEAST_MS, WIDEST_MS);
