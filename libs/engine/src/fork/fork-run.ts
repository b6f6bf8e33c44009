import { digestOf, type Failure, isId, ok, refuse, type Result } from '@writ/kernel';
import { loadJournal, runRow } from '@writ/database';
import { type Decision, decide, type DecisionRequest, type TenantAuthority } from '@writ/policy';
import { type BillOfMaterials, loadPinnedBill } from '@writ/registry';
import type { Admission } from '../admission/admission';
import type { ForkInput, StartedRun, StartRunInput } from '../api';
import { smaller } from '../budget';
import type { EngineContext } from '../context';
import { evidence } from '../evidence';
import type { RunEvent, RunFork, RunStarted } from '../events';
import { fold } from '../fold';
import type { HeldRun } from '../held-run';
import { journalEvents } from '../journal-line';
import { fetchValues } from '../read-journal';
import { record } from '../outcomes';
import { recordDecision } from '../record-decision';
import { startRisk } from '../risk';
import { RunDefect, sound } from '../run-defect';
import { startInLine } from '../start-in-line';
import { earlierStart, newRun } from '../start-run';
import type { WakeUp } from '../wake-up';

export interface ForkWays {
  readonly wakeUp: WakeUp;
  readonly admission: Admission;
}

/** A run's journal as far as it is committed, and the text of its lines. */
interface Source {
  readonly events: readonly RunEvent[];
  readonly lines: readonly string[];
  readonly started: RunStarted;
}

/**
 * Starts a run that goes on from an event of another: its past is that run's, its initiator is whoever asks, its lease,
 * chain, keys and decisions are its own. Durable when it returns.
 */
export async function forkRun(ctx: EngineContext, ways: ForkWays, input: ForkInput): Promise<Result<StartedRun>> {
  const { tenant, run } = input;
  for (;;) {
    const row = isId('run', run) ? await ctx.db.withTenant(tenant, (tx) => runRow(tx, tenant, run)) : null;
    if (!row) return refuse(noRun(run));
    const asked = { workflow: row.workflow, now: ctx.clock.now() };
    const may = await allowed(ctx, tenant, () => forkRequests(input, asked));
    if (!may.ok) return may;
    const source = await sourceOf(ctx, input);
    if (!source.ok) return source;
    const at = placeIn(source.value.events, input);
    if (!at.ok) return at;
    const bill = await billAt(ctx, { tenant, source: source.value, at: at.value });
    const live = input.effects === 'live';
    const acts = live
      ? await allowed(ctx, tenant, (authority) => [startRequest(authority, input, { ...asked, bill })])
      : may;
    if (!acts.ok) return acts;
    // Both under one authority, which the fork is then committed under.
    if (!sameEpochs(may.value, acts.value)) continue;
    const start = startOf(input, source.value.started);
    const earlier = await earlierStart(ctx.db, start);
    if (earlier) return earlier;
    const entry = ways.admission.enter(tenant);
    if (entry === 'busy') return refuse(ways.admission.busy(tenant));
    const held = forked(ctx, { input, start, source: source.value, at: at.value, bill, decision: acts.value });
    const end = await startInLine(ctx, ways, { held, entry, priority: 0 });
    if (end === 'stale') {
      await ctx.authority.refresh(tenant);
      continue;
    }
    if (end === 'exists') return (await earlierStart(ctx.db, start)) ?? refuse(noRun(run));
    if (typeof end !== 'string') return refuse(NO_PLACE);
    return ok({ run: held.run, replayed: false });
  }
}

const sameEpochs = ({ authority: a }: Decision, { authority: b }: Decision): boolean =>
  a.tenant === b.tenant && a.platform === b.platform;

interface Asked {
  readonly workflow: string;
  readonly now: number;
}

/** May the caller read what the run did, and fork it. */
function forkRequests({ tenant, caller, effects }: ForkInput, { workflow, now }: Asked): readonly DecisionRequest[] {
  const base = { tenant, initiator: caller, chain: [], object: { type: 'run', id: workflow }, now } as const;
  return [
    { ...base, action: 'run.read' },
    { ...base, action: 'run.fork' },
    ...(effects === 'live' ? [{ ...base, action: 'run.fork_live' } as const] : []),
  ];
}

/** Where effects are live: may they have its workflow act, as the versions it goes by stand. */
function startRequest(
  authority: TenantAuthority,
  { tenant, caller }: ForkInput,
  { workflow, now, bill }: Asked & { readonly bill: BillOfMaterials },
): DecisionRequest {
  const object = { type: 'workflow', id: workflow } as const;
  const base = { tenant, initiator: caller, chain: [], now } as const;
  return { ...base, action: 'run.start', object, ...startRisk(authority, bill) };
}

type Requests = (authority: TenantAuthority) => readonly DecisionRequest[];

/** The last of the decisions, where all are allowed; the first that is not is recorded, and is the refusal. */
async function allowed(ctx: EngineContext, tenant: ForkInput['tenant'], requests: Requests): Promise<Result<Decision>> {
  const authority = await ctx.authority.get(tenant);
  const first = decidedAll(authority, requests);
  // Nobody is refused by a rule that is gone.
  const newer = first.decision.verdict === 'allow' ? null : await ctx.authority.newerThan(authority);
  const { decision, request } = newer === null ? first : decidedAll(newer, requests);
  if (decision.verdict === 'allow') return ok(decision);
  await recordDecision(ctx.db, { request, decision });
  return refuse(denied(request, decision));
}

function decidedAll(authority: TenantAuthority, requests: Requests) {
  const all = requests(authority);
  for (const request of all) {
    const decision = decide(authority, request);
    if (decision.verdict !== 'allow' || request === all.at(-1)) return { decision, request };
  }
  throw new Error('nothing was asked');
}

async function sourceOf(ctx: EngineContext, { tenant, run }: ForkInput): Promise<Result<Source>> {
  try {
    return await ctx.db.withTenant(tenant, async (tx) => {
      const lines = (await loadJournal(tx, tenant, run)).flatMap((unit) => unit.events.split('\n'));
      const read = sound('journal_broken', () => journalEvents(tenant, lines));
      const events = await fetchValues(tx, tenant, read);
      const [started] = events;
      if (started?.type !== 'run_started') throw new RunDefect('journal_broken', 'its journal does not begin');
      return ok({ events, lines, started });
    });
  } catch (error) {
    if (error instanceof RunDefect) return refuse(conflict(`its journal cannot be read: ${error.message}`));
    throw error;
  }
}

/** The last event that is taken over. A run's own end is never: the fork is to go on. */
function placeIn(events: readonly RunEvent[], { at, step }: ForkInput): Result<number> {
  if (step !== null) {
    const first = events.findIndex((event) => 'step' in event && event.step === step);
    if (first < 0) return refuse(conflict(`it has no step ${step}`));
    return ok(first - 1);
  }
  const last = events.length - 1;
  const wanted = at ?? last;
  if (wanted > last) return refuse(conflict(`it has no event ${wanted}; its last one is ${last}`));
  return ok(wanted === last && ENDS.has(events[last]!.type) ? last - 1 : wanted);
}

const ENDS: ReadonlySet<RunEvent['type']> = new Set(['run_finished', 'run_failed', 'run_cancelled']);

/** The start that a fork is, for the idempotency key and the run's row. */
function startOf({ tenant, caller, run, at, step, effects, budget, idempotencyKey }: ForkInput, started: RunStarted) {
  const { workflow, input, mandate } = started;
  const start: StartRunInput = {
    tenant,
    caller,
    workflow,
    input,
    mandate,
    budget: smaller({ ...started.budget }, { ...budget }),
    fork: { run, at, step, effects },
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  };
  return start;
}

/** The versions that the other run went by at the event. */
function billAt(
  ctx: EngineContext,
  { tenant, source, at }: { readonly tenant: ForkInput['tenant']; readonly source: Source; readonly at: number },
): Promise<BillOfMaterials> {
  const { pinned } = fold(source.events.slice(0, at + 1));
  return loadPinnedBill(ctx.db, { tenant, manifest: pinned.bill });
}

function forked(
  ctx: EngineContext,
  of: {
    readonly input: ForkInput;
    readonly start: StartRunInput;
    readonly source: Source;
    readonly at: number;
    readonly bill: BillOfMaterials;
    readonly decision: Decision;
  },
): HeldRun {
  const { input, start, source, at, bill, decision } = of;
  const { run, effects, caller, reason } = input;
  const { started, events, lines } = source;
  const now = ctx.clock.now();
  const { chain = [], risk } = started.parent ?? started.fork ?? {};
  const began = started.fork?.began_at ?? started.at;
  const fork: RunFork = { run, at, effects, began_at: began, chain, ...(risk && { risk }) };
  const held = newRun(ctx, { input: start, leased: false, bill, initiator: caller, decision, now, fork });
  const past = events.slice(1, at + 1);
  for (const event of past) record(held, withoutHolds(event));
  const shift = now - Math.max(started.at, ...past.slice(-1).map((event) => event.at));
  record(
    held,
    { type: 'run_forked', at: now, run, inherited: past.length, shift_ms: shift },
    evidence(
      held.scope,
      { now },
      {
        type: 'run.forked',
        actor: caller.id,
        object: { type: 'run', id: run },
        // Whoever has the other run's journal can tell that this is its past, to the byte.
        detail: { at, effects, reason, past: digestOf(lines.slice(0, at + 1).join('\n')) },
      },
    ),
  );
  return held;
}

/** What the past held of budgets the other run has settled, or will. */
function withoutHolds(event: RunEvent): RunEvent {
  if (event.type !== 'step_intended' || event.holds === undefined) return event;
  const { holds: _holds, ...rest } = event;
  return rest;
}

const noRun = (run: string): Failure => ({
  code: 'not_found',
  class: 'permanent',
  message: `there is no run ${run}`,
  next: 'List the runs you may see with `writ runs list`.',
});

const conflict = (message: string): Failure => ({
  code: 'state_conflict',
  class: 'permanent',
  message,
  next: 'Look at its events: `writ runs tail --no-follow` numbers them.',
});

const NO_PLACE: Failure = {
  code: 'budget_exhausted',
  class: 'budget',
  message: 'a budget on runs at once has no place for the fork',
  next: 'Try again when another run has ended.',
};

/** A fork is not asked about: whoever may start the workflow only with a person's word starts it, and does not fork. */
const CODES: { readonly [reason: string]: string } = { stopped: 'stop_active', approval_required: 'approval_required' };

const denied = (request: DecisionRequest, decision: Decision): Failure => ({
  code: CODES[decision.reason] ?? 'policy_denied',
  class: 'policy',
  message: `${request.action} was refused: ${decision.reason}`,
  next: `Ask \`writ explain ${decision.id}\` what would allow it.`,
  details: { decision_id: decision.id, reason: decision.reason },
});
