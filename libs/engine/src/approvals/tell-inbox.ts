import type { ApprovalId } from '@writ/kernel';
import { type Decision, markUsed, withdrawAll } from '@writ/policy';
import { logger } from '@writ/telemetry';
import type { EngineContext } from '../context';
import type { HeldRun } from '../held-run';
import { withdrawQuestions } from '../inputs/question-store';
import { approvalStanding, placeOf } from './standing';

/** How a place stands before its act goes on record, which ends it. */
export interface Before {
  /** What people are being asked there. */
  readonly open: ApprovalId | null;
  /** The request whose arguments are used there. */
  readonly edited: ApprovalId | null;
}

export function standingBefore(held: HeldRun, act: { readonly kind: string; readonly path: string }): Before {
  const { open, edited } = approvalStanding(held.state.approvals, placeOf(act));
  return { open, edited: edited?.approval ?? null };
}

type Inbox = Pick<EngineContext, 'db' | 'clock'>;

/**
 * What became of requests, once the act is on record: the one it goes by is used, what else was asked there is not needed
 * any more. The journal says so already; the inbox that could not be told is told when the run is led anew.
 */
export function settleRequests(
  inbox: Inbox,
  held: Pick<HeldRun, 'tenant' | 'run'>,
  act: OnRecord,
): Promise<void> | null {
  const { decision, before } = act;
  // Nobody was asked, as for nearly all.
  if (decision.approval === undefined && before.open === null && before.edited === null) return null;
  return settleAsked(inbox, held, act);
}

interface OnRecord {
  readonly decision: Decision;
  readonly acted: boolean;
  readonly step: number;
  readonly before: Before;
}

async function settleAsked(
  { db, clock }: Inbox,
  held: Pick<HeldRun, 'tenant' | 'run'>,
  { decision, acted, step, before }: OnRecord,
): Promise<void> {
  const { tenant } = held;
  const used = acted ? (decision.approval ?? before.edited) : null;
  const left = [before.open, before.edited].filter((one) => one !== null && one !== used && one !== decision.approval);
  if (used === null && left.length === 0) return;
  const now = clock.now();
  try {
    if (used !== null) await markUsed(db, { tenant, approval: used }, { step, decision: decision.id, now });
    await withdrawAll(db, { tenant, approvals: left as ApprovalId[] }, { reason: 'not_needed', now });
  } catch (error) {
    logger('approvals').warn({ run: held.run, error: (error as Error).message }, 'the inbox could not be told');
  }
}

/** Of a run that is over, or led anew: what its journal says of requests is told to the inbox. */
export async function tellInbox(
  { db, now }: { readonly db: EngineContext['db']; readonly now: number },
  { tenant, run, state }: Pick<HeldRun, 'tenant' | 'run' | 'state'>,
  over: boolean,
): Promise<void> {
  const standings = [...state.approvals.values()];
  for (const { used } of standings) {
    if (used) {
      await markUsed(db, { tenant, approval: used.approval }, { step: used.step, decision: used.decision, now });
    }
  }
  const open = standings.flatMap((standing) => (standing.open === null ? [] : [standing.open]));
  if (over && state.questions > 0) await db.withTenant(tenant, (tx) => withdrawQuestions(tx, { tenant, run }, now));
  if (over) await withdrawAll(db, { tenant, approvals: open }, { reason: 'run_over', now });
}
