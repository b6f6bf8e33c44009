import { appendTenantEvent } from '@writ/audit';
import type { Failure } from '@writ/kernel';
import { honouring } from '@writ/policy';
import type { EngineContext } from './context';
import type { Performed, Warrant } from './doors';
import type { HeldRun } from './held-run';
import type { Proposal } from './proposal';
import type { Decided } from './step-evidence';

/** What is done before an act that is obliged to it: `wait` where its turn has not come, a failure where it may not be. */
export type Before =
  | { readonly kind: 'go' }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'over'; readonly failure: Failure };

const GO: Before = { kind: 'go' };

/**
 * Takes a turn of each rate and tells those who want to be told, in one transaction that is over before the act begins; what
 * is told is therefore told even if the act then does not happen. An act without obligations costs nothing here.
 */
export async function honourBefore(ctx: EngineContext, held: HeldRun, decided: Decided): Promise<Before> {
  const { decision, proposed, step, attempt } = decided;
  const { obligations } = decision;
  if (obligations.length === 0 || proposed.details.stubbed === true) return GO;
  const over = beyond(proposed, decided);
  if (over) return { kind: 'over', failure: over };
  const notices = attempt > 1 ? [] : honouring.dutiesOf(obligations, 'notify');
  if (notices.length === 0 && honouring.dutiesOf(obligations, 'rate_limit').length === 0) return GO;
  const { request } = proposed;
  const wait = await ctx.db.withTenant(held.tenant, async (tx) => {
    const ms = await honouring.takeRates(tx, request, obligations);
    if (ms > 0) return ms;
    for (const { id, terms } of notices) {
      await appendTenantEvent(tx, held.tenant, {
        type: 'obligation.notified',
        actor: proposed.agent === null ? request.initiator.id : `agent:${proposed.agent}`,
        action: request.action,
        object: { type: request.object.type, id: request.object.id },
        detail: { obligation: id, run: held.run, step, ...(terms.about !== undefined && { about: terms.about }) },
      });
    }
    return 0;
  });
  return wait > 0 ? { kind: 'wait', ms: wait } : GO;
}

/** A turn of a model that may take more than it is allowed: it is not begun. */
function beyond({ kind, target, details }: Proposal, { decision }: Decided): Failure | null {
  if (kind !== 'model') return null;
  for (const { id, terms } of honouring.dutiesOf(decision.obligations, 'budget')) {
    const most = details.reserve ?? Infinity;
    if (most <= terms.tokens) continue;
    return {
      code: 'budget_exhausted',
      class: 'budget',
      message: `a turn of model ${target} may take ${most} tokens, and obligation ${id} allows ${terms.tokens}`,
      next: 'Send less, let the reply be shorter, or raise the limit of the obligation.',
      details: { obligation: id },
    };
  }
  return null;
}

/** With everything that was sent kept, where that is owed. */
export const keptWhole = (proposed: Proposal, { decision }: Pick<Decided, 'decision'>): Proposal =>
  proposed.keepArgs || honouring.dutiesOf(decision.obligations, 'record_full').length === 0
    ? proposed
    : { ...proposed, keepArgs: true };

/** What came of an act, without what may not be shown. INVARIANT: before it is recorded, so it is nowhere. */
export function shown(performed: Performed, { proposed, decision }: Pick<Warrant, 'proposed' | 'decision'>): Performed {
  const { outcome } = performed;
  if (proposed.kind !== 'tool' || outcome.kind !== 'ok' || decision.obligations.length === 0) return performed;
  return { ...performed, outcome: { ...outcome, value: honouring.withheld(outcome.value, decision.obligations) } };
}
