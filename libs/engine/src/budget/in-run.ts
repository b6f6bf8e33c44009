import type { Failure } from '@writ/kernel';
import type { Proposal } from '../proposal';
import type { Tail } from '../unit-request';
import { triedBefore } from '../budget';
import type { HeldRun } from '../held-run';
import { boundOf } from './crossing';
import { exhausted } from './scope-ledger';
import { shareOf } from './shares';

/**
 * Whether one more step fits the limits that `overBudget` does not know: money, time and handoffs of the run, and all
 * limits of the branches it stands in, counting its reservation before it is made (I13), and those of `beside`: what other
 * branches take in the same unit. Null when it does.
 */
export function overLimits(
  held: HeldRun,
  proposed: Proposal,
  { beside, now }: { readonly beside: readonly Tail[]; readonly now: number },
): Failure | null {
  const { ledger } = held.state;
  if (!ledger.limits) return null;
  const cost = costBound(held, proposed);
  if (cost !== null && typeof cost !== 'number') return cost;
  const { kind, path, details } = proposed;
  const again = triedBefore(held.state, proposed);
  const unbounded = details.child ? ledger.unbounded(path, details.child.budget) : null;
  if (unbounded !== null) return childUnbounded(unbounded, proposed.target);
  const bound = shareOf({
    kind,
    attempt: again ? 2 : 1,
    reserve: details.reserve,
    cost_bound: cost ?? undefined,
    child: details.child,
  });
  const reserved = beside.flatMap(({ events }) =>
    events.flatMap((event) => (event.type === 'step_intended' ? [{ path: event.path, bound: shareOf(event) }] : [])),
  );
  const crossing = ledger.crossing({ path, bound, now, depth: 0 }, reserved);
  return crossing ? exhausted(crossing, proposed.target) : null;
}

/** What an intent keeps for the fold, which reads no prices: the most the call may cost, where that is limited. */
export function costBound(held: HeldRun, proposed: Proposal): number | null | Failure {
  if (proposed.kind !== 'model' || !held.state.ledger.reads('cost_micros')) return null;
  const { cost_micros: cost } = boundOf(held, proposed);
  if (typeof cost === 'number') return cost;
  return {
    code: 'price_unknown',
    class: 'budget',
    message: `the run may cost so much and no more, and the price of model ${proposed.target} is not known`,
    next: 'Publish the model with a price, or limit calls or tokens instead.',
    details: { model: proposed.target },
  };
}

/** A child run spends by itself: under a limit it needs one of its own, or nobody could say what it will come to. */
const childUnbounded = (dimension: string, target: string): Failure => ({
  code: 'budget_exhausted',
  class: 'budget',
  message: `a run of ${target} would stand under a limit of ${dimension} and has none of its own`,
  next: `Give the child run a budget of ${dimension}.`,
  details: { name: dimension },
});
