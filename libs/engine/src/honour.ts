import { appendTenantEvent } from '@writ/audit';
import type { Failure } from '@writ/kernel';
import { type Decision, honouring } from '@writ/policy';
import { boundOf } from './budget/crossing';
import type { EngineContext } from './context';
import type { Performed, Warrant } from './doors';
import { endpointOf } from './endpoint';
import type { HeldRun } from './held-run';
import { recordWait } from './outcomes';
import { branchOf } from './path';
import type { Proposal } from './proposal';
import type { Decided } from './step-evidence';

/** What is done before an act that is obliged to it: `wait` where its turn has not come, a failure where it may not be. */
export type Before =
  | { readonly kind: 'go' }
  | { readonly kind: 'wait'; readonly obligation: string; readonly ms: number }
  | { readonly kind: 'over'; readonly failure: Failure }
  /** A promise that this machine cannot keep: the denial it makes of the allow. */
  | { readonly kind: 'unkept'; readonly decision: Decision };

const GO: Before = { kind: 'go' };

/**
 * Takes a turn of each rate and tells those who want to be told, in one transaction that is over before the act begins; what
 * is told is therefore told even if the act then does not happen. An act without obligations costs nothing here.
 */
export async function honourBefore(ctx: EngineContext, held: HeldRun, decided: Decided): Promise<Before> {
  const { decision, proposed, step, attempt } = decided;
  const { obligations } = decision;
  if (obligations.length === 0 || proposed.details.stubbed === true) return GO;
  const over = beyond(held, decided);
  if (over) return { kind: 'over', failure: over };
  const loose = await unconfined(ctx, held, decided);
  if (loose !== null) return { kind: 'unkept', decision: honouring.unkept(decision, loose) };
  const notices = attempt > 1 ? [] : honouring.dutiesOf(obligations, 'notify');
  if (notices.length === 0 && honouring.dutiesOf(obligations, 'rate_limit').length === 0) return GO;
  const { request } = proposed;
  const noTurn = await ctx.db.withTenant(held.tenant, async (tx) => {
    const full = await honouring.takeRates(tx, request, obligations);
    if (full) return full;
    for (const { id, terms } of notices) {
      await appendTenantEvent(tx, held.tenant, {
        type: 'obligation.notified',
        actor: proposed.agent === null ? request.initiator.id : `agent:${proposed.agent}`,
        action: request.action,
        object: { type: request.object.type, id: request.object.id },
        detail: { obligation: id, run: held.run, step, ...(terms.about !== undefined && { about: terms.about }) },
      });
    }
    return null;
  });
  return noTurn ? { kind: 'wait', ...noTurn } : GO;
}

/** Why a call that must be confined would not be; null where it would, or need not. */
async function unconfined(
  { doors }: EngineContext,
  { planner }: HeldRun,
  { proposed: { kind, target }, decision }: Decided,
): Promise<string | null> {
  const profile = kind === 'tool' ? honouring.confinementOf(decision.obligations) : null;
  if (profile === null) return null;
  const endpoint = endpointOf(planner.bill, planner.bill.tools.get(target)!.definition);
  const why = doors.tools.confines ? await doors.tools.confines(endpoint, profile) : 'no door here confines anything';
  return why === null ? null : `${target} must run in a sandbox, and cannot: ${why}`;
}

/** On record once for a step: whoever takes the run over, and whoever looks at it, sees what it waits for. */
export function waitForTurn(
  held: HeldRun,
  { proposed, step }: Pick<Decided, 'proposed' | 'step'>,
  { obligation, now }: { readonly obligation: string; readonly now: number },
): void {
  const branch = branchOf(proposed.path);
  const wait = held.state.branches.get(branch)?.wait;
  if (wait?.for === 'rate' && wait.step === step && wait.obligation === obligation) return;
  recordWait(held, { wait: { for: 'rate', step, target: proposed.target, obligation }, branch, now });
}

/** A turn of a model that may take or cost more than it is allowed: it is not begun. Money is never limited by guessing. */
function beyond(held: HeldRun, { proposed, decision }: Decided): Failure | null {
  if (proposed.kind !== 'model') return null;
  for (const { id, terms } of honouring.dutiesOf(decision.obligations, 'budget')) {
    const { tokens, cost_micros: cost } = boundOf(held, proposed);
    const failure = tooMuch({ id, target: proposed.target, terms, tokens, cost });
    if (failure) return failure;
  }
  return null;
}

interface Turn {
  /** Of the obligation. */
  readonly id: string;
  readonly target: string;
  readonly terms: { readonly tokens?: number | undefined; readonly cost_micros?: number | undefined };
  /** At most; unbounded where absent. */
  readonly tokens: number | undefined;
  /** Millionths of the currency, at most; null for a model without a price. */
  readonly cost: number | null | undefined;
}

function tooMuch({ id, target, terms, tokens = Infinity, cost }: Turn): Failure | null {
  const { tokens: mostTokens = Infinity, cost_micros: mostCost = Infinity } = terms;
  const details = { obligation: id };
  if (mostCost !== Infinity && typeof cost !== 'number') {
    return {
      code: 'price_unknown',
      class: 'budget',
      message: `obligation ${id} limits what a turn costs, and the price of model ${target} is not known`,
      next: 'Publish the model with a price, or limit tokens instead.',
      details,
    };
  }
  const what =
    tokens > mostTokens
      ? `take ${tokens} tokens, and obligation ${id} allows ${mostTokens}`
      : (cost ?? 0) > mostCost
        ? `cost ${cost} millionths, and obligation ${id} allows ${mostCost}`
        : null;
  if (what === null) return null;
  return {
    code: 'budget_exhausted',
    class: 'budget',
    message: `a turn of model ${target} may ${what}`,
    next: 'Send less, let the reply be shorter, or raise the limit of the obligation.',
    details,
  };
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
  const { initiator, run } = proposed.request;
  const given = {
    for: initiator.id,
    agent: proposed.agent ?? '',
    run: run ?? '',
    time: new Date(decision.at).toISOString(),
  };
  const value = honouring.withheld(outcome.value, decision.obligations, given);
  return { outcome: { ...outcome, value }, tokens: performed.tokens };
}
