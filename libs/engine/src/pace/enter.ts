import type { Proposal } from '../proposal';
import type { EngineContext } from '../context';
import type { HeldRun } from '../held-run';
import { FREE, type Paced, pacingOf } from './pacer';

const LEAST_MS = 20;
const WIDEST_MS = 1_000;

/** Whether an act may go out now, as far as what it is sent to can take it; only models have a pace so far. */
export async function enter(
  ctx: Pick<EngineContext, 'pacer'>,
  held: Pick<HeldRun, 'planner'>,
  proposed: Pick<Proposal, 'kind' | 'target' | 'details'>,
): Promise<Paced> {
  const out = proposed.kind === 'model' && proposed.details.stubbed !== true;
  const model = out ? held.planner.bill.models.get(proposed.target) : undefined;
  if (!model) return { kind: 'go', pass: FREE };
  const { definition } = model;
  return ctx.pacer.enter(pacingOf(definition, process.env[definition.base_url_env] ?? ''));
}

/** Those who wait for the same thing do not all come back at once. */
export const spread = (ms: number): number =>
  Math.max(ms, LEAST_MS) + Math.random() * Math.min(ms + LEAST_MS, WIDEST_MS);
