import { appendTenantEvent, type AuditDraft, extendChain } from '@writ/audit';
import { drawOf, newId } from '@writ/kernel';
import { reviewing } from '@writ/policy';
import { riskOf } from '@writ/registry';
import type { RiskTier, RunStatus } from '@writ/words';
import { commitUnit } from '../commit';
import type { EngineContext } from '../context';
import type { HeldRun } from '../held-run';

/** What the end of a run says of its draw: its tier, and in the detail all that it takes to draw it again. */
export type DrawEvidence = Pick<AuditDraft, 'tier'> & { readonly detail: NonNullable<AuditDraft['detail']> };

/** Which runs of this one's tier people look at; null where the policy has them look at none. */
export async function reviewTerms(ctx: EngineContext, { tenant, planner }: Pick<HeldRun, 'tenant' | 'planner'>) {
  const { snapshot } = ctx.authority.current(tenant) ?? (await ctx.authority.get(tenant));
  if (snapshot === null || snapshot.tiers === null) return null;
  const tier: RiskTier = riskOf(planner.bill);
  const review = snapshot.tiers.of(tier).review;
  return review && { ...review, tier, policy: snapshot.digest };
}

type Terms = NonNullable<Awaited<ReturnType<typeof reviewTerms>>>;

/**
 * Draws a run that is about to end, where the policy has people look at some of those of its tier. The seed is the hash of the
 * event before the one that says that the run ended: it is in evidence, rests on random salts, and is there only when all is
 * done, so that nobody knows while a run is going on whether somebody will look.
 *
 * INVARIANT: the review is there before the run is over. A crash between the two leaves one that nobody sees yet, of a run that
 * is led on and drawn anew: then either draw puts it before people.
 */
export async function drawReview(
  ctx: EngineContext,
  held: HeldRun,
  { terms, status }: { readonly terms: Terms; readonly status: RunStatus },
): Promise<DrawEvidence> {
  // A review names its run, so the run is there first. One that is refused here is refused again when it ends.
  if (held.create && (await commitUnit(ctx.writer, held, { authority: held.startedUnder! })).kind !== 'committed') {
    return { detail: {} };
  }
  const { tier, policy, share, always, withinDays } = terms;
  // What is pending goes in with the end, and before it.
  const seed = extendChain(held.chain, held.pending.audits).head.hash;
  const why = always.includes(status) ? 'always' : drawOf(seed, held.run) < share ? 'share' : null;
  const evidence = { tier, detail: { policy, seed, share, review: why ?? 'none' } };
  if (why === null) return evidence;
  const { tenant, run } = held;
  const { started } = held.state;
  const id = newId('review', ctx.clock.now());
  const { workflow, caller } = started;
  const drawn = { tenant, id, run, workflow, initiator: started.initiator.id, caller, tier, seed, share, why } as const;
  await ctx.db.withTenant(tenant, async (tx) => {
    const fresh = await reviewing.insert(tx, { ...drawn, policy, withinDays });
    if (!fresh) return;
    await appendTenantEvent(tx, tenant, {
      type: 'review.drawn',
      object: { type: 'run', id: run },
      tier,
      detail: { review: id, workflow, why, within_days: withinDays },
    });
  });
  return evidence;
}
