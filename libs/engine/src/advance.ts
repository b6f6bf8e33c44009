import type { Failure } from '@writ/kernel';
import { type TenantAuthority, terminatingStop } from '@writ/policy';
import { endStrayRequests } from './approvals/ask-people';
import { commitUnit } from './commit';
import { evidence } from './evidence';
import type { EngineContext } from './context';
import type { RunEventWithMail } from './events';
import type { HeldRun } from './held-run';
import { isBeforeAnswer, withAnswerGiven } from './guard/answer';
import { askInput } from './inputs/ask-input';
import {
  type Act,
  type AskInput,
  type Finish,
  isAct,
  isEnd,
  type NextStep,
  type Rest,
  type TryAgain,
} from './next-step';
import { record, recordWait } from './outcomes';
import { branchOf } from './path';
import { MAX_LOST_ATTEMPTS } from './retry';
import { sound } from './run-defect';
import { finish, giveBack } from './standing';
import { type AdvanceEnd, type Moved, UNCLAIMED } from './advance-end';
import { stoppedFailure } from './stops/ended';
import { takeAct } from './take-act';
import { momentOf, settleUpgrade } from './upgrade/settle';
import { tellChild } from './children/tell-child';
import { needsClaim } from './rested/needs-claim';
import { takeFact } from './take-fact';

/** A rest shorter than this keeps the lease: giving it back and taking it again costs two transactions. */
const SHORT_REST_MS = 1_000;
/** How long a lost call may still be under way: the permit's own deadline, beside the call's time limit. */
const PERMIT_MS = 2_000;

type Inbox = () => readonly RunEventWithMail[];

/**
 * Leads a run until it ends, rests or is lost. The same function starts, goes on and recovers.
 *
 * Each look plans from the events so far: facts are recorded at once, branches that may act are begun, side by side, and
 * the next look follows when one of them has moved.
 */
export async function advance(ctx: EngineContext, held: HeldRun, inbox: Inbox): Promise<AdvanceEnd> {
  const { crew } = held;
  for (;;) {
    for (const mail of inbox()) takeMail(held, mail);
    if (crew.end || crew.failed) {
      crew.abort(held.state);
      if (crew.idle && crew.end) return crew.end;
      await crew.changed(null);
      continue;
    }
    if (held.letGo && !held.create && crew.idle) {
      return (await giveBack(ctx, held, ctx.clock.now())) ?? { kind: 'resting' };
    }
    const moved = await look(ctx, held);
    if (moved) return moved;
  }
}

function takeMail(held: HeldRun, mail: RunEventWithMail): void {
  if (held.state.mailSeen.has(mail.mail)) return;
  held.pending.mail.push(mail.mail);
  held.crew.unpark();
  record(held, mail, evidence(held.scope, { now: mail.at }, mailEvidence(mail)));
}

function mailEvidence(mail: RunEventWithMail): Parameters<typeof evidence>[2] {
  const detail = { mail: mail.mail, by: mail.by, kind: mail.type };
  switch (mail.type) {
    case 'step_reconciled':
      return { type: 'action.reconciled', step: mail.step, outcome: mail.verdict, detail };
    case 'pause_requested':
      return { type: 'run.paused', detail: { ...detail, reason: mail.reason } };
    case 'resume_requested':
      return { type: 'run.continued', detail: { ...detail, reason: mail.reason } };
    case 'upgrade_requested':
      return { type: 'mail.consumed', detail: { ...detail, bill: mail.bill_digest, reason: mail.reason } };
    case 'run_redriven':
      return { type: 'run.redriven', detail: { ...detail, reason: mail.reason } };
    case 'child_ended': {
      const object = { type: 'run', id: mail.run };
      return { type: 'run.child_ended', object, outcome: mail.status, detail: { ...detail, path: mail.path } };
    }
    default:
      return { type: 'mail.consumed', detail };
  }
}

/** One look: what the plan says now, done or begun. Returns null when another look follows. */
async function look(ctx: EngineContext, held: HeldRun): Promise<Moved> {
  const { crew, state } = held;
  const now = ctx.clock.now();
  crew.tell();
  const stopped = stoppedBy(ctx, held);
  if (stopped || state.cancel) crew.close(state, ctx.patienceMs);
  const moment = state.upgrade === null || stopped || state.cancel ? 'later' : momentOf(state);
  if (moment === 'now' && crew.idle && !held.resumes) await settleUpgrade(ctx, held);
  const { planner } = held;
  const planned = sound('plan_broken', () =>
    stopped ? [planner.stopped(state, { failure: stopped, now })] : planner.next(state, now),
  );
  if (held.resumes && needsClaim(held, planned)) return UNCLAIMED;
  const ends = planned[0];
  const steps = ends?.type === 'finish' ? await answering(ctx, held, { end: ends, now }) : planned;
  const [first] = steps;
  if (first && isEnd(first)) {
    // Guardrails that came in force since are heard before the end is on record.
    const stands = (authority: TenantAuthority): boolean => first.type === 'finish' && isBeforeAnswer(held, authority);
    if (crew.idle) return await finish(ctx, held, { next: first, stands });
    crew.close(state, ctx.patienceMs);
    await crew.changed(null);
    return null;
  }
  const rests: Rest[] = [];
  const ready: Ready[] = [];
  let facts = 0;
  for (const step of steps) {
    if (isEnd(step)) throw new Error(`the plan ends the run by ${step.type} beside other steps`);
    if (step.type === 'tell_child') {
      await tellChild(ctx, held, step);
      facts += 1;
    } else if (step.type === 'rest') {
      if (!restsUnknown(held, step, now)) rests.push(step);
      else facts += 1;
      // A branch's time runs out also while its call is under way.
    } else if (step.type !== 'end_branch' && !crew.free(branchOf(step.path), now)) continue;
    else if (isAct(step) || step.type === 'try_again' || step.type === 'ask_input') ready.push(step);
    else {
      takeFact(held, step, now);
      facts += 1;
    }
  }
  if (facts > 0 && state.approvals.size > 0) await endStrayRequests(ctx, held);
  // To be moved to other versions: what is under way ends first.
  if (moment === 'soon' && !crew.idle) ready.length = 0;
  if (held.letGo && !held.create) {
    ready.length = 0;
    // Whoever leads the run next calls the framework anew, and gives it what came of all that it asked for.
    crew.abort(state, (path) => state.branches.get(path)?.open?.intent.kind === 'agent');
  }
  // The one branch of most runs, with no time to watch beside it.
  const alone =
    steps.length === 1 &&
    ready.length === 1 &&
    crew.idle &&
    state.started.deadline_at === null &&
    !callsFramework(ready[0]!);
  if (alone) return await take(ctx, held, ready[0]!);
  crew.begin(
    ready.map((step) => ({ branch: branchOf(step.path), work: (signal) => taken(ctx, held, { step, signal }) })),
  );
  if (facts > 0) return null;
  return crew.idle ? rest(ctx, held, rests) : restBeside(ctx, held, rests);
}

/** A run with an answer gives it first, where anything stands before that. */
async function answering(
  ctx: EngineContext,
  held: HeldRun,
  ready: { readonly end: Finish; readonly now: number },
): Promise<readonly NextStep[]> {
  const authority = ctx.authority.current(held.tenant) ?? (await ctx.authority.get(held.tenant));
  return withAnswerGiven(held, authority, ready);
}

/** What a framework asks for meanwhile is led beside its call. */
const callsFramework = (step: Ready): boolean =>
  step.type === 'invoke_agent' || (step.type === 'try_again' && step.act.type === 'invoke_agent');

/** Why a run must end here and now: a stop that ends runs covers it, or covered what it wanted to do. */
function stoppedBy(ctx: EngineContext, held: HeldRun): Failure | null {
  if (held.stopped || held.create) return held.stopped;
  const { tenant, run, state } = held;
  const stops = ctx.authority.current(tenant)?.stops ?? [];
  const stop = terminatingStop(stops, { tenant, run, workflow: state.started.workflow });
  return stop ? stoppedFailure(stop) : null;
}

type Ready = Act | TryAgain | AskInput;

function take(ctx: EngineContext, held: HeldRun, step: Ready): Promise<Moved> {
  return held.crew.run(branchOf(step.path), (signal) => taken(ctx, held, { step, signal }));
}

/** An act, or another attempt of one, decided anew: rights may have gone since the attempt before. */
function taken(
  ctx: EngineContext,
  held: HeldRun,
  { step, signal }: { readonly step: Ready; readonly signal: AbortSignal },
): Promise<Moved> {
  if (step.type === 'ask_input') return askInput(ctx, held, step);
  if (step.type !== 'try_again') return takeAct(ctx, held, { act: step, again: null, signal });
  const { intent, phase } = step.open;
  if (phase === 'in_flight' && intent.attempt >= MAX_LOST_ATTEMPTS) {
    const message = `step ${intent.step} was lost ${intent.attempt} times without an outcome`;
    const failure = { code: 'attempts_exhausted', class: 'unknown', message } as const;
    record(held, { type: 'node_failed', at: ctx.clock.now(), path: intent.path, failure, rule: 'fail' });
    return Promise.resolve(null);
  }
  return takeAct(ctx, held, { act: step.act, again: step.open, signal });
}

/** A step whose outcome a person must tell: the wait for it is on record at once. */
function restsUnknown(held: HeldRun, { path }: Rest, now: number): boolean {
  const branch = held.state.branches.get(branchOf(path));
  if (branch?.open?.phase !== 'unknown' || branch.wait?.for === 'reconciliation') return false;
  const { intent } = branch.open;
  const tool = held.planner.bill.tools.get(intent.target)?.definition;
  // The call may still be under way until its permit and its time limit have both run out. A permit counts from the
  // commit, which an unreachable database holds up; nobody who led the run before was given one after this claim.
  const notBefore = Math.max(intent.at, held.ledSince) + PERMIT_MS + (tool?.timeout_ms ?? 0);
  const { step, attempt } = intent;
  const wait = { for: 'reconciliation', step, attempt, not_before: notBefore } as const;
  recordWait(held, { wait, branch: branch.path, now });
  return true;
}

/** Some branches are under way: what the others wait for is made known, and the next look comes when something moves. */
async function restBeside(ctx: EngineContext, held: HeldRun, rests: readonly Rest[]): Promise<Moved> {
  if (!held.committing && (unseenWait(held) || unsavedAnswer(held))) {
    const epochs = held.create ? held.startedUnder! : (await ctx.authority.get(held.tenant)).epochs;
    const result = await commitUnit(ctx.writer, held, { authority: epochs });
    if (result.kind === 'stale' && !held.create) await ctx.authority.refresh(held.tenant);
    else if (result.kind === 'stale') held.crew.stop({ kind: 'stale_start' });
    else if (result.kind === 'poisoned') held.crew.stop(result);
    else if (result.kind === 'lost' || result.kind === 'exists') held.crew.stop({ kind: result.kind });
    else if (result.kind === 'over_budget') held.crew.stop({ kind: 'no_place', budget: result.budget });
    return null;
  }
  const until = earliest(held, rests);
  await held.crew.changed(until === null ? null : until - ctx.clock.now());
  return null;
}

/** Nothing is under way and nothing can be begun: the lease goes back, unless another try is near. */
async function rest(ctx: EngineContext, held: HeldRun, rests: readonly Rest[]): Promise<Moved> {
  const now = ctx.clock.now();
  const until = earliest(held, rests);
  // What nobody can see yet is committed first; and a branch that is left alone may be left alone for long.
  const known = !held.create && !held.resumes && !unseenWait(held) && held.crew.parkedUntil() === null;
  if (known && until !== null && until - now <= SHORT_REST_MS) {
    await held.crew.changed(until - now);
    return null;
  }
  // Woken and nothing to do: what woke it may be a stop that this process has not heard of, and nobody will wake it again.
  const hasNothing = held.pending.events.length === 0 && !held.create && !held.resumes;
  if (hasNothing && held.crew.mayBeDeaf()) {
    await ctx.authority.refresh(held.tenant);
    return null;
  }
  for (const { path, until: time } of rests) {
    const branch = held.state.branches.get(branchOf(path));
    if (branch?.open?.phase !== 'failed' || time === null || branch.wait?.for === 'retry') continue;
    const wait = { for: 'retry', step: branch.open.intent.step, until: time } as const;
    recordWait(held, { wait, branch: branch.path, now });
  }
  return giveBack(ctx, held, until);
}

/** A wait that is not committed yet: people can only end what they see. */
const unseenWait = (held: HeldRun): boolean => held.pending.events.some((event) => event.type === 'wait_started');

/**
 * What a framework was answered and nobody has on record: it may think for long before it asks again, and a worker that
 * dies meanwhile would leave calls behind whose outcome nobody knows.
 */
const unsavedAnswer = ({ state, pending }: HeldRun): boolean =>
  state.relays.size > 0 && pending.events.some((event) => event.type === 'step_settled');

/** The next time a rest is over, a branch that is left alone is looked at again, or the run must be over. */
function earliest(held: HeldRun, rests: readonly Rest[]): number | null {
  const times = [...rests.map((one) => one.until), held.crew.parkedUntil(), held.state.started.deadline_at];
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}
