import { assertNever, newId, randomBytes, toHex } from '@writ/kernel';
import { type Decision, decide, type TenantAuthority } from '@writ/policy';
import { openSpan } from '@writ/telemetry';
import { commitmentTo } from '@writ/audit';
import { effectKey, gatherAttributes, intentOf, propose, proposeRead, type Proposal } from './acts';
import { overBudget } from './budget';
import { commitUnit, RUNNING, type Tail } from './commit';
import type { EngineContext } from './context';
import { decisionEvidence, enterContext, evidence } from './evidence';
import type { RecordedDecision, StepIntended, WaitFor } from './events';
import type { HeldRun } from './held-run';
import type { Act } from './next-step';
import { record, recordOutcome } from './outcomes';
import { perform } from './perform';
import { finish, giveBack, keepAside, type Moved, settleDown, STOPPED_LOOK_MS, waiting } from './standing';

export interface Taken {
  readonly act: Act;
  readonly step: number;
  readonly attempt: number;
}

/**
 * One act, straight down: resolve what its decision reads, decide, commit decision and intent, mint, perform, record.
 * Returns null when the run goes on.
 */
export async function takeAct(ctx: EngineContext, held: HeldRun, taken: Taken): Promise<Moved> {
  for (;;) {
    const authority = await ctx.authority.get(held.tenant);
    const now = ctx.clock.now();
    const planned = propose(held, taken.act, now);
    const gathered = gatherAttributes(held, authority, planned.request);
    const reading = gathered.missing ? proposeRead(held, planned, gathered.missing) : null;
    const proposed = reading ?? { ...planned, request: gathered.request };
    const place = placeOf(held, taken, proposed);
    const broke = overBudget(held.state, proposed);
    // A spent budget is not a denial: the run ends with its own code.
    if (broke) return finish(ctx, held, { type: 'fail', status: 'failed', failure: broke });
    const decision = traced(authority, proposed);
    switch (decision.verdict) {
      case 'deny':
        return deny(ctx, held, { proposed, decision, ...place });
      case 'ask':
        return hold(ctx, held, { proposed, decision, ...place });
      case 'allow': {
        if (mutates(proposed) && ctx.log?.blocks(held.tenant)) {
          return giveBack(ctx, held, ctx.clock.now() + LOG_LOOK_MS);
        }
        const moved = await act(ctx, held, { proposed, decision, ...place });
        if (moved !== 'stale') return moved;
        await ctx.authority.refresh(held.tenant);
        if (held.create) return { kind: 'stale_start' };
        break;
      }
      default:
        assertNever(decision.verdict, 'verdict');
    }
  }
}

/** Runs that wait for the log look again this often. They wait without a record, which would only lengthen the wait. */
const LOG_LOOK_MS = 1_000;

/** What changes the world outside, as far as we were told: only this waits for the log. */
const mutates = ({ kind, effect }: Proposal): boolean => kind === 'tool' && effect !== 'read';

interface Decided {
  readonly proposed: Proposal;
  readonly decision: Decision;
  readonly step: number;
  readonly attempt: number;
}

/**
 * A retry keeps its step, and with it its key: the other side must be able to recognise it. A read that the decision
 * asks for in between is a step of its own.
 */
function placeOf(held: HeldRun, taken: Taken, proposed: Proposal): { readonly step: number; readonly attempt: number } {
  const { open, reading, lastStep } = held.state;
  const before = proposed.kind === 'data' ? reading : open;
  if (before && before.intent.target === proposed.target && before.intent.args_digest === proposed.argsDigest) {
    return { step: before.intent.step, attempt: before.intent.attempt + 1 };
  }
  if (proposed.kind !== 'data' && taken.attempt > 1)
    throw new Error(`step ${taken.step} is planned anew with other arguments`);
  return { step: lastStep + 1, attempt: 1 };
}

function traced(authority: TenantAuthority, proposed: Proposal): Decision {
  const span = openSpan('decision', { agent: proposed.agent ?? undefined });
  const decision = decide(authority, proposed.request);
  span.set({ decision: decision.id, verdict: decision.verdict, reason: decision.reason });
  span.end();
  return decision;
}

function recorded(decision: Decision): RecordedDecision {
  const { verdict: _verdict, at: _at, authority: _authority, ...kept } = decision;
  return kept;
}

/** Decision and intent in one unit, then the effect. */
async function act(ctx: EngineContext, held: HeldRun, decided: Decided): Promise<Moved | 'stale'> {
  const { proposed, decision, step, attempt } = decided;
  const where = { run: held.run, step, attempt };
  const ref = proposed.keepArgs ? await keepAside(ctx, held.tenant, proposed.argsText) : null;
  const salt = toHex(randomBytes(16));
  const place = { step, attempt, at: decision.at, decision: recorded(decision), salt, ref };
  const intent = intentOf(withHandoffMode(proposed, decision), place);
  const tail = intentTail(ctx, held, { ...decided, intent });
  await ctx.faults.at('before_intent', where);
  const result = await commitUnit(ctx.writer, held, {
    tail: tail.unit,
    standing: RUNNING,
    authority: decision.authority,
  });
  if (result.kind !== 'committed') {
    held.scope.context = tail.contextBefore;
    return result.kind === 'stale' ? 'stale' : result.kind === 'poisoned' ? result : { kind: result.kind };
  }
  await ctx.faults.at('after_intent', where);
  const performed = await perform(ctx.doors, held.planner.bill, {
    proposed,
    decision,
    committed: result.committed,
    step,
    attempt,
    key: effectKey(held.run, step),
    signal: held.abort.signal,
  });
  await ctx.faults.at('before_outcome', where);
  await recordOutcome(ctx.db, held, { attempt: { proposed, step, attempt }, performed, now: ctx.clock.now() });
  return null;
}

function withHandoffMode(proposed: Proposal, decision: Decision): Proposal {
  const { handoff } = proposed.details;
  if (!handoff) return proposed;
  const to = { ...handoff.to, mode: decision.handoffMode ?? 'attenuate', delegation: newId('delegation') } as const;
  return { ...proposed, details: { ...proposed.details, handoff: { ...handoff, to } } };
}

/** The journal's and the audit's side of an intent, with a context event before it when the constants changed. */
function intentTail(
  ctx: EngineContext,
  held: HeldRun,
  { proposed, decision, intent }: Decided & { readonly intent: StepIntended },
): { readonly unit: Tail; readonly contextBefore: string | null } {
  const { scope } = held;
  const contextBefore = scope.context;
  const { started } = held.state;
  const constants = { started, chain: proposed.chain, snapshot: decision.snapshot, build: ctx.build };
  const entered = enterContext(scope, constants, decision.at);
  const authorized = evidence(scope, decision.at, {
    type: 'action.authorized',
    step: intent.step,
    attempt: intent.attempt,
    actor: proposed.agent === null ? started.initiator.id : `agent:${proposed.agent}`,
    action: proposed.request.action,
    object: objectOf(proposed),
    args: commitmentTo(proposed.argsText, intent.salt),
    decision: decisionEvidence(decision),
    authority: decision.authority,
  });
  return {
    unit: { events: [intent], audits: entered ? [entered, authorized] : [authorized], decisions: [decision.id] },
    contextBefore,
  };
}

function objectOf(proposed: Proposal) {
  const { type, id, version, digest } = proposed.request.object;
  return { type, id, ...(version !== undefined && { version }), ...(digest !== undefined && { digest }) };
}

/** A denial is a fact of the run: the model sees its reason code and goes on, a pipeline's step fails. */
async function deny(ctx: EngineContext, held: HeldRun, decided: Decided): Promise<Moved> {
  const { proposed, decision, step } = decided;
  if (decision.reason === 'stopped') return hold(ctx, held, decided);
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
      decision: recorded(decision),
    },
    refused,
  );
  held.pending.decisions.push(decision.id);
  return null;
}

/** A refusal as evidence, and the constants it was decided under when these are not yet on record. */
function refusalEvidence(ctx: EngineContext, held: HeldRun, { proposed, decision, step, attempt }: Decided) {
  const { started } = held.state;
  const constants = { started, chain: proposed.chain, snapshot: decision.snapshot, build: ctx.build };
  const entered = enterContext(held.scope, constants, decision.at);
  const refused = evidence(held.scope, decision.at, {
    type: decision.verdict === 'ask' ? 'action.asked' : 'action.denied',
    step,
    attempt,
    actor: proposed.agent === null ? started.initiator.id : `agent:${proposed.agent}`,
    action: proposed.request.action,
    object: objectOf(proposed),
    decision: decisionEvidence(decision),
    authority: decision.authority,
  });
  return { entered, refused };
}

/** `ask`, or a stop: the run waits without its lease, and is decided again when it wakes. */
async function hold(ctx: EngineContext, held: HeldRun, decided: Decided): Promise<Moved> {
  const { proposed, decision, step } = decided;
  const kind = decision.verdict === 'ask' ? 'approval' : 'stop';
  const { wait } = held.state;
  if (wait?.for === kind && wait.step === step) return giveBack(ctx, held, ctx.clock.now() + STOPPED_LOOK_MS);
  const next: WaitFor = { for: kind, step, target: proposed.target };
  const asked = {
    type: 'step_asked',
    at: decision.at,
    step,
    path: proposed.path,
    kind: proposed.kind,
    agent: proposed.agent,
    target: proposed.target,
    ...(proposed.keepArgs && { args: proposed.args }),
    decision: recorded(decision),
  } as const;
  const { entered, refused } = refusalEvidence(ctx, held, decided);
  const rests = evidence(held.scope, decision.at, { type: 'run.waiting', detail: { for: kind } });
  const tail: Tail = {
    events: [asked, { type: 'wait_started', at: decision.at, wait: next }],
    audits: entered ? [entered, refused, rests] : [refused, rests],
    decisions: [decision.id],
  };
  return settleDown(ctx, held, { tail, standing: waiting(next, decision.at) });
}
