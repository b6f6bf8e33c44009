import { assertNever, type Failure } from '@writ/kernel';
import { evidence } from './evidence';
import type { EngineContext } from './context';
import type { RunEvent } from './events';
import type { HeldRun } from './held-run';
import type { Fail, NextStep } from './next-step';
import { record, recordUnknown } from './outcomes';
import { type AdvanceEnd, finish, giveBack, type Moved, startWait } from './standing';
import { takeAct } from './take-act';
import { MAX_LOST_ATTEMPTS } from './retry';

/** A rest shorter than this keeps the lease: giving it back and taking it again costs two transactions. */
const SHORT_REST_MS = 1_000;
/** How long a lost call may still be under way: the permit's own deadline, beside the call's time limit. */
const PERMIT_MS = 2_000;
/** Leads a run until it ends, rests or is lost. The same function starts, goes on and recovers. */
export async function advance(
  ctx: EngineContext,
  held: HeldRun,
  inbox: () => readonly RunEventWithMail[],
): Promise<AdvanceEnd> {
  for (;;) {
    for (const mail of inbox()) takeMail(held, mail);
    if (held.letGo && !held.create) return (await giveBack(ctx, held, ctx.clock.now())) ?? { kind: 'resting' };
    const next = held.planner.next(held.state, ctx.clock.now());
    const moved = await take(ctx, held, next);
    if (moved) return moved;
  }
}

export type RunEventWithMail = Extract<RunEvent, { mail: unknown }>;

function takeMail(held: HeldRun, mail: RunEventWithMail): void {
  if (held.state.mailSeen.has(mail.mail)) return;
  held.pending.mail.push(mail.mail);
  record(
    held,
    mail,
    evidence(held.scope, mail.at, {
      type: mail.type === 'step_reconciled' ? 'action.reconciled' : 'mail.consumed',
      ...(mail.type === 'step_reconciled' && { step: mail.step, outcome: mail.verdict }),
      detail: { mail: mail.mail, by: mail.by, kind: mail.type },
    }),
  );
}

function take(ctx: EngineContext, held: HeldRun, next: NextStep): Promise<Moved> {
  switch (next.type) {
    case 'call_model':
    case 'invoke_tool':
    case 'hand_off':
      return takeAct(ctx, held, { act: next, step: held.state.lastStep + 1, attempt: 1 });
    case 'try_again':
      return tryAgain(ctx, held);
    case 'ask_person':
      return askPerson(ctx, held);
    case 'reject_call': {
      const { path, call, code, message } = next;
      record(held, { type: 'call_rejected', at: ctx.clock.now(), path, call, code, message });
      return going;
    }
    case 'skip_node':
      record(held, { type: 'node_failed', at: ctx.clock.now(), path: next.path, failure: next.failure, rule: 'skip' });
      return going;
    case 'wait': {
      const now = ctx.clock.now();
      const until = next.timeoutMs === null ? null : now + next.timeoutMs;
      return startWait(ctx, held, { for: 'signal', path: next.path, signal: next.signal, until });
    }
    case 'end_wait':
      record(held, { type: 'wait_ended', at: ctx.clock.now(), path: next.path, output: next.output });
      return going;
    case 'rest':
      return rest(ctx, held, next.until);
    case 'finish':
    case 'fail':
    case 'cancel':
      return finish(ctx, held, next);
    case 'delegate':
    case 'route':
    case 'branches': {
      // Start refuses these patterns; a run that meets one was started by a build that has them.
      const message = `this build cannot run the pattern "${next.type}"`;
      return finish(ctx, held, failed({ code: 'pattern_not_available', class: 'permanent', message }));
    }
    default:
      return assertNever(next, 'next step');
  }
}

const going: Promise<null> = Promise.resolve(null);
const failed = (failure: Failure): Fail => ({ type: 'fail', status: 'failed', failure });

/** The same act once more, decided anew: rights may have gone since the attempt before. */
async function tryAgain(ctx: EngineContext, held: HeldRun): Promise<Moved> {
  const open = held.state.open!;
  if (open.phase === 'in_flight' && open.intent.attempt >= MAX_LOST_ATTEMPTS) {
    const message = `step ${open.intent.step} was lost ${open.intent.attempt} times without an outcome`;
    return finish(ctx, held, failed({ code: 'attempts_exhausted', class: 'unknown', message }));
  }
  const place = { step: open.intent.step, attempt: open.intent.attempt + 1 };
  const act = held.planner.act(held.state, ctx.clock.now());
  if (!act) throw new Error(`the plan no longer leads to step ${place.step}`);
  return takeAct(ctx, held, { act, ...place });
}

async function askPerson(ctx: EngineContext, held: HeldRun): Promise<Moved> {
  const { intent } = held.state.open!;
  const now = ctx.clock.now();
  recordUnknown(held, { step: intent.step, attempt: intent.attempt, reason: 'outcome_lost', now });
  return null;
}

async function rest(ctx: EngineContext, held: HeldRun, until: number | null): Promise<Moved> {
  const { state } = held;
  const { open } = state;
  const now = ctx.clock.now();
  if (open?.phase === 'unknown' && state.wait?.for !== 'reconciliation') {
    const tool = held.planner.bill.tools.get(open.intent.target)?.definition;
    // The call may still be under way until its permit and its time limit have both run out.
    const notBefore = open.intent.at + PERMIT_MS + (tool?.timeout_ms ?? 0);
    return startWait(ctx, held, { for: 'reconciliation', step: open.intent.step, not_before: notBefore });
  }
  if (until !== null && until - now <= SHORT_REST_MS) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, until - now)));
    return null;
  }
  if (open?.phase === 'failed' && until !== null && state.wait?.for !== 'retry') {
    return startWait(ctx, held, { for: 'retry', step: open.intent.step, until });
  }
  return giveBack(ctx, held, until);
}
