import { assertNever, type Failure } from '@writ/kernel';
import { type Decision, decide, type TenantAuthority } from '@writ/policy';
import { openSpan } from '@writ/telemetry';
import { askPeople, withEditedArguments } from './approvals/ask-people';
import { approvalStanding, placeOf as placeIn } from './approvals/standing';
import { settleRequests, standingBefore } from './approvals/tell-inbox';
import { effectKey, gatherAttributes, propose, proposeRead } from './acts';
import type { Proposal } from './proposal';
import { overBudget } from './budget';
import { overLimits } from './budget/in-run';
import type { Hold } from './budget/bounds';
import { asBefore, cross, holdsFor, isOver, type OverBudget } from './budget/crossing';
import { endsRun } from './stops/ended';
import { withFlow } from './flow';
import { commitUnit } from './commit';
import type { EngineContext } from './context';
import { evidence } from './evidence';
import { isAside, type WaitFor } from './events';
import { isOver as branchIsOver } from './fold/branches';
import { performOrReplay, stubbedIn } from './fork/stubbed';
import { passGuardrails } from './guard/pass';
import { honourBefore, keptWhole, waitForTurn } from './honour';
import { type HeldRun, stepNumber, stepTaken } from './held-run';
import { CANCELLED, type Intended, intendedFrom, intentRequest, MOVED, recorded } from './intent-unit';
import type { Act } from './next-step';
import { record, recordOutcome, recordWait } from './outcomes';
import { branchOf } from './path';
import { FrameworkSession } from './relay/session';
import { withRisk } from './risk';
import { endOf, type Pass } from './pace/pacer';
import { enter, spread } from './pace/enter';
import type { Performed, Warrant } from './doors';
import { ASKED_LOOK_MS, STOPPED_LOOK_MS } from './standing';
import { isKeptAside, keepAside } from './keep-aside';
import { type Moved, UNCLAIMED } from './advance-end';
import type { OpenStep } from './state';
import { type Decided, type Held, refusalEvidence } from './step-evidence';
import type { CommitResult } from './unit-request';

export interface Taken {
  readonly act: Act;
  /** The step this is another attempt of. */
  readonly again: OpenStep | null;
  readonly signal: AbortSignal;
}

interface Place {
  readonly step: number;
  readonly attempt: number;
}

/**
 * One act, straight down: resolve what its decision reads, decide, commit decision and intent, mint, perform, record.
 * Returns null when the run goes on.
 */
export async function takeAct(ctx: EngineContext, held: HeldRun, taken: Taken): Promise<Moved> {
  let wanted = asBefore(held, taken.act, taken.again);
  for (;;) {
    const authority = ctx.authority.current(held.tenant) ?? (await ctx.authority.get(held.tenant));
    const now = ctx.clock.now();
    // The join was decided meanwhile: what this branch would do next is nobody's wish any more.
    if (branchIsOver(held.state, branchOf(taken.act.path))) return null;
    const planned = proposedFor(ctx, held, { act: withEditedArguments(held, wanted), authority, now });
    const proposed = withRisk(held, authority, planned instanceof Promise ? await planned : planned);
    // A spent budget is not a denial: the node fails with its own code.
    const broke = overBudget(held.state, proposed, []) ?? overLimits(held, proposed, { beside: [], now });
    if (broke) return spent(held, proposed, { failure: broke, now });
    const holds = holdsFor(held, authority, proposed);
    if ('code' in holds) return spent(held, proposed, { failure: holds, now });
    const place = placeOf(held, proposed, taken.again);
    const decision = traced(authority, proposed);
    if (held.resumes && !isBare(proposed, decision)) return UNCLAIMED;
    let tried: Tried;
    switch (decision.verdict) {
      case 'deny':
        held.stopped = decision.reason === 'stopped' ? endsRun(held, authority, proposed) : null;
        return held.stopped ? null : deny(ctx, held, { proposed, decision, ...place });
      case 'ask':
        tried = await ask(ctx, held, { proposed, decision, authority, ...place, holds, signal: taken.signal });
        break;
      case 'allow':
        tried = await allow(ctx, held, { proposed, decision, ...place, holds, signal: taken.signal });
        break;
      default:
        return assertNever(decision.verdict, 'verdict');
    }
    if (isOver(tried)) {
      const { budget } = tried;
      const crossed = cross(ctx, held, { budget, authority, proposed, act: wanted, step: place.step });
      if (crossed.kind === 'no_place') return { kind: 'no_place', budget };
      if (crossed.kind === 'waits') return null;
      if (crossed.kind === 'failed') return spent(held, proposed, { failure: crossed.failure, now });
      wanted = crossed.act;
      continue;
    }
    // Not the rights, but what entered the run: the same authority decides anew.
    if (tried === 'moved') continue;
    if (tried !== 'stale') return tried;
    // Rights changed since: decided again, under what holds now.
    await ctx.authority.refresh(held.tenant);
    if (held.create) return { kind: 'stale_start' };
  }
}

/** The act as it is decided next: what must be read or asked for its decision comes first, each a step of its own. */
function proposedFor(
  ctx: EngineContext,
  held: HeldRun,
  { act, authority, now }: { readonly act: Act; readonly authority: TenantAuthority; readonly now: number },
): Proposal | Promise<Proposal> {
  const planned = stubbedIn(held, propose(held, act, now));
  const { snapshot } = authority;
  if (snapshot === null || snapshot.guardrails === null) return withFacts(held, authority, planned);
  return passGuardrails(ctx, held, { act, planned, authority, now }).then(
    (passed) => passed.check ?? withFacts(held, authority, passed.planned),
  );
}

/** With what its decision reads of attributes and labels; or the read that brings an attribute first. */
function withFacts(held: HeldRun, authority: TenantAuthority, planned: Proposal): Proposal {
  const { request, missing } = gatherAttributes(held, authority, planned);
  const reading = missing ? proposeRead(held, planned, missing) : null;
  if (reading) return stubbedIn(held, reading);
  return withFlow(held, authority, request === planned.request ? planned : { ...planned, request });
}

/** An act before whose unit nothing is done: nobody is asked or told, no turn is taken, nothing is kept aside. */
const isBare = ({ kind, argsText }: Proposal, { verdict, obligations }: Decision): boolean =>
  kind === 'tool' && verdict === 'allow' && obligations.length === 0 && !isKeptAside(argsText);

type Allowed = Decided & { readonly signal: AbortSignal; readonly holds: readonly Hold[] };
type Going = Allowed & { readonly pass: Pass };
type Tried = Moved | 'stale' | 'moved' | OverBudget;

async function allow(ctx: EngineContext, held: HeldRun, allowed: Allowed): Promise<Tried> {
  const { proposed } = allowed;
  const wait = (ms: number): null => {
    held.crew.park(branchOf(proposed.path), ctx.clock.now() + ms);
    return null;
  };
  if (mutates(proposed) && ctx.log?.blocks(held.tenant)) return wait(LOG_LOOK_MS);
  // Before the intent: a permit is good for two seconds, and an endpoint may want to be left alone for minutes.
  const entered = enter(ctx, held, proposed);
  const paced = entered instanceof Promise ? await entered : entered;
  if (paced.kind === 'wait') return wait(spread(paced.ms));
  const { pass } = paced;
  const going = { ...allowed, pass };
  try {
    return await (allowed.decision.obligations.length === 0
      ? act(ctx, held, going)
      : actObliged(ctx, held, { going, wait }));
  } finally {
    pass.left({ kind: 'other' });
  }
}

/** Last before the intent: a turn that is taken is used, and what is told of is about to happen. */
async function actObliged(
  ctx: EngineContext,
  held: HeldRun,
  { going, wait }: { readonly going: Going; readonly wait: (ms: number) => null },
): Promise<Tried> {
  const before = await honourBefore(ctx, held, going);
  if (before.kind === 'wait') {
    waitForTurn(held, going, { obligation: before.obligation, now: ctx.clock.now() });
    return wait(spread(Math.min(before.ms, RATE_LOOK_MS)));
  }
  if (before.kind === 'go') return act(ctx, held, going);
  if (before.kind === 'unkept') return deny(ctx, held, { ...going, decision: before.decision });
  return spent(held, going.proposed, { failure: before.failure, now: ctx.clock.now() });
}

/** The policy asks: what people said decides, and while they have not, the branch waits. */
async function ask(
  ctx: EngineContext,
  held: HeldRun,
  asked: Allowed & { readonly authority: TenantAuthority },
): Promise<Tried> {
  if (held.create) {
    // A request names its run, so the run is there first.
    const created = await commitUnit(ctx.writer, held, { authority: asked.decision.authority });
    if (created.kind === 'stale' || created.kind === 'poisoned') return created.kind === 'stale' ? 'stale' : created;
    if (created.kind === 'lost' || created.kind === 'exists') return { kind: created.kind };
    if (created.kind === 'over_budget') return created;
  }
  const considered = await askPeople(ctx, held, asked);
  switch (considered.kind) {
    case 'granted':
      return allow(ctx, held, { ...asked, decision: considered.decision });
    case 'refused':
      return deny(ctx, held, { ...asked, decision: considered.decision });
    case 'replan':
      return null;
    case 'wait':
      await ctx.faults.at('after_request', { run: held.run, step: asked.step, attempt: asked.attempt });
      return hold(ctx, held, { ...asked, approval: considered.approval, until: considered.lookAt });
    default:
      return assertNever(considered, 'answer');
  }
}

/** Who waits for their turn looks again this often at least: the policy may have changed. */
const RATE_LOOK_MS = 30_000;

/** Runs that wait for the log look again this often. They wait without a record, which would only lengthen the wait. */
const LOG_LOOK_MS = 1_000;

/** What changes the world outside, as far as we were told: only this waits for the log. */
const mutates = ({ kind, effect, details }: Proposal): boolean =>
  kind === 'tool' && effect !== 'read' && details.stubbed !== true;

/**
 * A retry keeps its step, and with it its key: the other side must be able to recognise it. So does an act that was asked
 * about. A read that the decision asks for in between is a step of its own.
 */
function placeOf(held: HeldRun, proposed: Proposal, again: OpenStep | null): Place {
  const branch = held.state.branches.get(branchOf(proposed.path));
  const same = (open: OpenStep): boolean =>
    open.intent.target === proposed.target && open.intent.args_digest === proposed.argsDigest;
  if (isAside(proposed.kind)) {
    const before = branch?.reading;
    if (before && same(before)) return { step: before.intent.step, attempt: before.intent.attempt + 1 };
    return { step: stepNumber(held, proposed), attempt: 1 };
  }
  if (again) {
    const { step, attempt } = again.intent;
    if (!same(again)) throw new Error(`step ${step} is planned anew with other arguments`);
    return { step, attempt: attempt + 1 };
  }
  const asked = branch?.asked;
  const edited = approvalStanding(held.state.approvals, placeIn(proposed)).edited !== null;
  if (asked?.target === proposed.target && (edited || asked.args === null || asked.args === proposed.argsDigest)) {
    return { step: asked.step, attempt: 1 };
  }
  return { step: stepNumber(held, proposed), attempt: 1 };
}

/** The node ends here: what it may still spend is less than its next step may cost. */
function spent(
  held: HeldRun,
  { path }: Proposal,
  { failure, now }: { readonly failure: Failure; readonly now: number },
): null {
  const audit = evidence(
    held.scope,
    { now, branch: branchOf(path) },
    {
      type: 'budget.exhausted',
      outcome: failure.code,
      detail: { path, reason: failure.message },
    },
  );
  record(held, { type: 'node_failed', at: now, path, failure, rule: 'fail' }, audit);
  return null;
}

function traced(authority: TenantAuthority, proposed: Proposal): Decision {
  const span = openSpan('decision', { agent: proposed.agent ?? undefined });
  const decision = decide(authority, proposed.request);
  span.set({ decision: decision.id, verdict: decision.verdict, reason: decision.reason });
  span.end();
  return decision;
}

/** Decision and intent in one unit, then the effect. */
async function act(ctx: EngineContext, held: HeldRun, going: Going): Promise<Tried> {
  const proposed = keptWhole(going.proposed, going);
  const kept = proposed.keepArgs ? keepAside(ctx, held.tenant, proposed.argsText) : null;
  const ref = kept === null ? null : await kept;
  const intended = intendedFrom(held, proposed === going.proposed ? going : { ...going, proposed }, ref);
  const struck = ctx.faults.at('before_intent', placeAt(held, going));
  if (struck) await struck;
  const result = await commitUnit(ctx.writer, held, intentRequest(ctx, held, intended));
  if (result.kind !== 'committed') return notIntended(held, proposed, { result, now: ctx.clock.now() });
  stepTaken(held, proposed);
  const crash = ctx.faults.at('after_intent', placeAt(held, going));
  if (crash) await crash;
  const { committed } = result;
  const { signal, pass } = going;
  await carryOut(ctx, held, { ...intended, committed, signal, pass });
  return null;
}

const placeAt = ({ run }: HeldRun, { step, attempt }: Pick<Decided, 'step' | 'attempt'>) => ({ run, step, attempt });

function notIntended(
  held: HeldRun,
  proposed: Proposal,
  { result, now }: { readonly result: Exclude<CommitResult, { kind: 'committed' }>; readonly now: number },
): Tried {
  switch (result.kind) {
    case 'refused':
      if (result.failure === CANCELLED) return null;
      return result.failure === MOVED ? 'moved' : spent(held, proposed, { failure: result.failure, now });
    case 'stale':
      return 'stale';
    case 'over_budget':
    case 'poisoned':
      return result;
    case 'nothing':
      throw new Error('a unit with an intent in it holds something');
    default:
      return { kind: result.kind };
  }
}

type OnRecord = Intended & Pick<Warrant, 'committed' | 'signal'> & { readonly pass: Pass };

/** The effect of a committed intent, and what came of it. */
async function carryOut(ctx: EngineContext, held: HeldRun, intended: OnRecord): Promise<void> {
  const { proposed } = intended;
  const told = settleRequests(ctx, held, { ...intended, acted: true });
  // Cancelled while its intent was on the way: nothing is sent.
  const sent = branchIsOver(held.state, intended.branch) ? NOT_SENT : performedBy(ctx, held, intended);
  const performed = sent instanceof Promise ? await sent : sent;
  if (told !== null) await told;
  // Let go of in the middle: whoever leads the run next finds the call under way, and calls the framework anew.
  if (held.letGo && proposed.kind === 'agent' && performed.outcome.kind === 'failed') return;
  const { outcome } = performed;
  intended.pass.left(outcome.kind === 'ok' ? { kind: 'ok' } : endOf(outcome.failure));
  const crash = ctx.faults.at('before_outcome', placeAt(held, intended));
  if (crash) await crash;
  const kept = recordOutcome(ctx.db, held, { attempt: intended, performed, now: ctx.clock.now() });
  if (kept !== null) await kept;
}

function performedBy(ctx: EngineContext, held: HeldRun, intended: OnRecord): Promise<Performed> | Performed {
  const { proposed, decision, committed, step, attempt, signal } = intended;
  const warrant = { proposed, decision, committed, step, attempt, key: effectKey(held.run, step), signal };
  return callsFramework(proposed) ? performWithRelay(ctx, held, warrant) : performOrReplay(ctx, held, warrant);
}

const callsFramework = ({ kind, details }: Proposal): boolean => kind === 'agent' && details.stubbed !== true;

/** A framework is called with a way back: a session that lasts as long as the call. */
async function performWithRelay(ctx: EngineContext, held: HeldRun, warrant: Warrant): Promise<Performed> {
  const { proposed } = warrant;
  const agent = held.planner.bill.agents.get(proposed.target)!;
  const session = new FrameworkSession(ctx, held, { path: proposed.path, agent });
  const { token } = session;
  try {
    return await performOrReplay(ctx, held, {
      ...warrant,
      relay: { url: await ctx.relay.open(token, session), token },
    });
  } finally {
    ctx.relay.end(token);
    session.end();
  }
}

const NOT_SENT: Performed = { outcome: { kind: 'failed', failure: CANCELLED, landed: 'no' }, tokens: 0 };

/** A denial is a fact of the run: the model sees its reason code and goes on, a pipeline's step fails. */
async function deny(ctx: EngineContext, held: HeldRun, decided: Decided): Promise<null> {
  const { proposed, decision, step } = decided;
  if (decision.reason === 'stopped') return hold(ctx, held, decided);
  stepTaken(held, proposed);
  const before = standingBefore(held, proposed);
  const { entered, refused } = refusalEvidence(ctx, held, decided);
  if (entered) held.pending.audits.push(entered);
  record(
    held,
    {
      type: 'step_denied',
      at: decision.at,
      step,
      path: proposed.path,
      kind: proposed.kind,
      agent: proposed.agent,
      target: proposed.target,
      ...(proposed.keepArgs && { args: proposed.args }),
      ...(proposed.call !== null && { call: proposed.call }),
      ...(proposed.details.attribute && { attribute: proposed.details.attribute }),
      ...(proposed.details.check && { check: proposed.details.check }),
      decision: recorded(decision),
    },
    refused,
  );
  held.pending.decisions.push(decision.id);
  await settleRequests(ctx, held, { decision, acted: false, step, before });
  return null;
}

/** `ask`, or a stop: the branch waits, the others go on, and it is decided again when something happens. */
function hold(ctx: EngineContext, held: HeldRun, decided: Held): null {
  const { proposed, decision, step, approval, until } = decided;
  const branch = branchOf(proposed.path);
  const wait = held.state.branches.get(branch)?.wait;
  const now = ctx.clock.now();
  const look = approval === undefined ? now + STOPPED_LOOK_MS : Math.min(until ?? Infinity, now + ASKED_LOOK_MS);
  held.crew.park(branch, look);
  const next: WaitFor =
    approval === undefined
      ? { for: 'stop', step, target: proposed.target }
      : { for: 'approval', step, target: proposed.target, approval, ...(until !== undefined && { until }) };
  if (wait?.for === next.for && wait.step === step && (wait.for === 'stop' || wait.approval === approval)) return null;
  const asked = {
    type: 'step_asked',
    at: decision.at,
    step,
    path: proposed.path,
    kind: proposed.kind,
    agent: proposed.agent,
    target: proposed.target,
    ...(proposed.keepArgs && { args: proposed.args }),
    ...(approval !== undefined && { approval }),
    decision: recorded(decision),
  } as const;
  const { entered, refused } = refusalEvidence(ctx, held, decided);
  if (entered) held.pending.audits.push(entered);
  stepTaken(held, proposed);
  record(held, asked, refused);
  held.pending.decisions.push(decision.id);
  recordWait(held, { wait: next, branch, now: decision.at });
  return null;
}
