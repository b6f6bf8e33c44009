import type { ApprovalId } from '@writ/kernel';
import { considerAsk, type Decision, type TenantAuthority, withdrawAll } from '@writ/policy';
import type { Proposal } from '../proposal';
import type { EngineContext } from '../context';
import { evidence } from '../evidence';
import type { HeldRun } from '../held-run';
import type { Act } from '../next-step';
import { record } from '../outcomes';
import { branchOf } from '../path';
import { approvalStanding, placeOf } from './standing';

/** The act as people changed it: the same call, with the arguments they approved. */
export function withEditedArguments(held: HeldRun, act: Act): Act {
  if (act.type !== 'invoke_tool') return act;
  const { edited } = approvalStanding(held.state.approvals, act.path);
  return edited === null ? act : { ...act, args: edited.args };
}

/** Requests of branches that are over: their acts will not happen, so nobody needs to decide. */
export async function endStrayRequests(ctx: EngineContext, held: HeldRun): Promise<void> {
  const { state } = held;
  const stray: ApprovalId[] = [];
  for (const [place, { open }] of state.approvals) {
    const branch = branchOf(place);
    if (open === null || branch === '' || state.branches.get(branch)?.live) continue;
    stray.push(open);
    endRequest(held, { path: place, approval: open, reason: 'branch_over' }, ctx.clock.now());
  }
  await withdrawAll(ctx.db, { tenant: held.tenant, approvals: stray }, { reason: 'branch_over', now: ctx.clock.now() });
}

function endRequest(
  held: HeldRun,
  { path, approval, reason }: { readonly path: string; readonly approval: ApprovalId; readonly reason: string },
  now: number,
): void {
  record(
    held,
    { type: 'approval_ended', at: now, path, approval, reason },
    evidence(held.scope, { now, branch: branchOf(path) }, { type: 'approval.withdrawn', approval, outcome: reason }),
  );
}

/** Beside the one a request is made for, who else called for it. */
function otherParty({ state }: HeldRun, { request }: Proposal): string {
  const { caller, initiator } = state.started;
  return request.initiator.id === caller ? initiator.id : caller;
}

export interface Asked {
  readonly proposed: Proposal;
  readonly decision: Decision;
  readonly authority: TenantAuthority;
  readonly step: number;
}

/**
 * What people say to an act the policy asks about: it may happen under `decision`, it may not, it waits, or what the plan
 * asks for is to be looked at again. The run exists when this is called: a request names it.
 */
export async function askPeople(ctx: EngineContext, held: HeldRun, asked: Asked) {
  const { proposed, decision, authority, step } = asked;
  const { snapshot } = authority;
  if (snapshot === null) throw new Error('a decision asked without a policy');
  const place = placeOf(proposed);
  const { ended, used, edited } = approvalStanding(held.state.approvals, place);
  const now = ctx.clock.now();
  const considered = await considerAsk(
    ctx.db,
    {
      tenant: held.tenant,
      run: held.run,
      path: place,
      call: proposed.call,
      ended,
      held: edited?.approval ?? used?.approval ?? null,
      again: used?.step === step,
    },
    {
      asked: {
        request: proposed.request,
        decision,
        snapshot,
        args: proposed.keepArgs ? proposed.args : {},
        argsDigest: proposed.argsDigest,
        targetDigest: proposed.targetDigest,
        caller: otherParty(held, proposed),
      },
      now,
    },
  );
  for (const gone of considered.gone) endRequest(held, { path: place, ...gone }, now);
  return considered;
}
