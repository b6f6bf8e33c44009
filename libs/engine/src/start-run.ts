import {
  canonicalJson,
  digestOf,
  type Failure,
  type JsonObject,
  newId,
  ok,
  type Principal,
  refuse,
  type Result,
  type RunId,
} from '@writ/kernel';
import { GENESIS } from '@writ/audit';
import { type Database, runByIdempotencyKey } from '@writ/database';
import { type Decision, decide, type DecisionRequest, type TenantAuthority } from '@writ/policy';
import { type BillOfMaterials, checkInput, loadBill } from '@writ/registry';
import { currentTrace, newTrace } from '@writ/telemetry';
import type { StartedRun, StartRunInput } from './api';
import { Holdings } from './budget/holdings';
import type { EngineContext } from './context';
import { decisionEvidence, enterContext, evidence, evidenceScope, tierEvidence } from './evidence';
import type { RunFork, RunParent, RunStarted } from './events';
import { begin } from './fold';
import { emptyPending, type HeldRun } from './held-run';
import { Crew } from './crew';
import { Planner } from './plan/planner';
import { smaller } from './budget';
import { recordDecision } from './record-decision';
import { ceilingOf, startRisk } from './risk';
import { SnapshotKeeper } from './snapshot/keeper';

/** Bills per tenant, workflow and version, for as long as the tenant's authority epoch stands. */
export class BillCache {
  readonly #bills = new Map<string, { readonly epoch: number; readonly bill: BillOfMaterials }>();

  async get(db: Database, authority: TenantAuthority, input: StartRunInput): Promise<Result<BillOfMaterials>> {
    const key = canonicalJson([input.tenant, input.workflow, input.version ?? null]);
    const epoch = authority.epochs.tenant;
    const known = this.#bills.get(key);
    if (known && known.epoch === epoch) return ok(known.bill);
    const loaded = await loadBill(db, input);
    if (loaded.ok) this.#bills.set(key, { epoch, bill: loaded.value });
    return loaded;
  }
}

/**
 * Checks and decides a start, and builds the run in memory with its creation pending. Nothing is durable yet: the first
 * unit creates the run, and may already carry its first intent.
 */
export async function prepareStart(
  ctx: EngineContext,
  bills: BillCache,
  start: { readonly input: StartRunInput; readonly leased: boolean },
): Promise<Result<HeldRun>> {
  for (let authority = await ctx.authority.get(start.input.tenant); ;) {
    const prepared = await prepareUnder(authority, ctx, { ...start, bills });
    if (prepared.kind === 'ready') return ok(prepared.run);
    if (prepared.kind === 'refused') return refuse(prepared.failure);
    const newer = await ctx.authority.newerThan(authority);
    if (newer === null) return refuse(await denied(ctx, prepared.request, prepared.decision));
    authority = newer;
  }
}

type Prepared =
  | { readonly kind: 'ready'; readonly run: HeldRun }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | { readonly kind: 'denied'; readonly request: DecisionRequest; readonly decision: Decision };

async function prepareUnder(
  authority: TenantAuthority,
  ctx: EngineContext,
  start: { readonly input: StartRunInput; readonly leased: boolean; readonly bills: BillCache },
): Promise<Prepared> {
  const { input } = start;
  const bill = await start.bills.get(ctx.db, authority, input);
  if (!bill.ok) return { kind: 'refused', failure: bill.failure };
  const problem = badInput(bill.value, input);
  if (problem) return { kind: 'refused', failure: problem };
  const now = ctx.clock.now();
  const initiator: Principal = input.onBehalfOf
    ? { tenant: input.tenant, kind: 'user', id: input.onBehalfOf.id, roles: input.onBehalfOf.roles }
    : input.caller;
  const asked = startRequests(input, bill.value, { initiator, now, ...startRisk(authority, bill.value) });
  const decisions: Decision[] = [];
  const asking: { request: DecisionRequest; decision: Decision }[] = [];
  for (const request of asked) {
    const decision = decide(authority, request);
    const asks = decision.verdict === 'ask' && request.action === 'run.start';
    if (decision.verdict !== 'allow' && !asks) return { kind: 'denied', request, decision };
    decisions.push(decision);
    if (asks) asking.push({ request, decision });
  }
  // One that asks is what the run waits for; its start is decided again when people have answered.
  const decision = asking.at(-1)?.decision ?? decisions.at(-1)!;
  const asks = asking.map(({ request }) => request.initiator);
  return { kind: 'ready', run: newRun(ctx, { ...start, bill: bill.value, initiator, decision, now, asks }) };
}

/** May the caller start this workflow; and, for somebody else, may it speak for each role it asserts for them. */
function startRequests(
  input: StartRunInput,
  bill: BillOfMaterials,
  { initiator, now, risk }: { readonly initiator: Principal; readonly now: number } & Pick<DecisionRequest, 'risk'>,
): readonly DecisionRequest[] {
  const base = { tenant: input.tenant, initiator: input.caller, chain: [], now } as const;
  const asserted = (input.onBehalfOf?.roles ?? []).map((role): DecisionRequest => ({
    ...base,
    action: 'principal.assert',
    object: { type: 'role', id: role },
  }));
  const workflow = bill.workflow.definition.name;
  const object = {
    type: 'workflow',
    id: workflow,
    version: bill.workflow.version,
    digest: bill.workflow.digest,
  } as const;
  const start: DecisionRequest = { ...base, action: 'run.start', object, args: input.input, ...(risk && { risk }) };
  // For somebody else both must be allowed: the caller to start it, and the one it is for.
  return input.onBehalfOf ? [...asserted, start, { ...start, initiator }] : [start];
}

async function denied(ctx: EngineContext, request: DecisionRequest, decision: Decision): Promise<Failure> {
  await recordDecision(ctx.db, { request, decision });
  return {
    code:
      decision.verdict === 'ask'
        ? 'approval_required'
        : decision.reason === 'stopped'
          ? 'stop_active'
          : 'policy_denied',
    class: 'policy',
    message: `${request.action} on ${request.object.type} ${request.object.id} was refused: ${decision.reason}`,
    next: `Ask \`writ explain ${decision.id}\` what would allow it.`,
    details: { decision_id: decision.id, reason: decision.reason },
  };
}

function badInput(bill: BillOfMaterials, input: StartRunInput): Failure | null {
  const schema = bill.workflow.definition.input as JsonObject;
  return Object.keys(schema).length === 0 ? null : checkInput(schema, input.input);
}

interface NewRun {
  readonly input: StartRunInput;
  readonly leased: boolean;
  readonly bill: BillOfMaterials;
  readonly initiator: Principal;
  readonly decision: Decision;
  readonly now: number;
  /** Set for a run that a run starts. */
  readonly child?: { readonly run: RunId; readonly deadlineAt: number | null; readonly parent: RunParent };
  /** Set for a run that takes over the past of another. */
  readonly fork?: RunFork;
  /** For whom the policy asked whether it may start. */
  readonly asks?: readonly Principal[];
}

/** A run in memory, its creation pending: nothing of it is durable. */
export function newRun(
  ctx: EngineContext,
  { input, leased, bill, initiator, decision, now, child, fork, asks = [] }: NewRun,
): HeldRun {
  const run = child?.run ?? newId('run', now);
  const deadline = input.deadlineMs ?? bill.workflow.definition.deadline_ms;
  const ceiling = ceilingOf(ctx.authority.current(input.tenant), bill);
  const { verdict: _verdict, at: _at, authority: _authority, ...kept } = decision;
  // In the order of canonical JSON, which then need not sort it.
  const started: RunStarted = {
    ...(asks.length > 0 && { asks: asks.map(({ kind, id, roles }) => ({ kind, id, roles })) }),
    at: now,
    ...(input.batch && { batch: input.batch }),
    bill: bill.manifest,
    bill_digest: bill.digest,
    budget: smaller(smaller({ ...bill.workflow.definition.budget }, { ...input.budget }), ceiling),
    caller: input.caller.id,
    deadline_at: child ? child.deadlineAt : deadline === null ? null : now + deadline,
    decision: kept,
    ...(fork && { fork }),
    initiator: { id: initiator.id, kind: initiator.kind, roles: initiator.roles },
    input: input.input,
    mandate: input.mandate ?? null,
    ...(child && { parent: child.parent }),
    type: 'run_started',
    workflow: bill.workflow.definition.name,
  };
  const traceId = (currentTrace() ?? newTrace()).traceId;
  const scope = evidenceScope(input.tenant, run, traceId);
  const pending = emptyPending();
  pending.events.push(started);
  const entered = enterContext(
    scope,
    {
      started,
      bill: started.bill_digest,
      chain: started.parent?.chain ?? [],
      snapshot: decision.snapshot,
      build: ctx.build,
    },
    { now, branch: '' },
  );
  if (entered) pending.audits.push(entered);
  pending.audits.push(
    evidence(
      scope,
      { now },
      {
        type: asks.length > 0 ? 'run.requested' : 'run.started',
        actor: input.caller.id,
        action: fork?.effects === 'stubbed' ? 'run.fork' : 'run.start',
        object: {
          digest: bill.workflow.digest,
          id: started.workflow,
          type: 'workflow',
          version: bill.workflow.version,
        },
        decision: decisionEvidence(decision),
        ...tierEvidence(decision),
        authority: decision.authority,
      },
    ),
  );
  pending.decisions.push(decision.id);
  return {
    tenant: input.tenant,
    run,
    leaseEpoch: leased ? 1 : 0,
    ledSince: now,
    state: begin(started),
    planner: new Planner(bill),
    scope,
    resumes: null,
    create: {
      workflow: started.workflow,
      workflowDigest: bill.workflow.digest,
      initiator: initiator.id,
      idempotencyKey: input.idempotencyKey ?? null,
      requestDigest: requestDigest(input),
      leaseOwner: leased ? ctx.worker : null,
      traceId,
      deadlineAt: started.deadline_at,
    },
    seq: 0,
    chain: GENESIS,
    pending,
    letGo: false,
    onCreated: null,
    startedUnder: decision.authority,
    holdings: new Holdings(() => ctx.authority.current(input.tenant)?.budgets ?? []),
    recording: null,
    keeper: new SnapshotKeeper(ctx.db, ctx.snapshotEvery),
    stopped: null,
    crew: new Crew(),
    claims: [],
    committing: false,
    lastStep: 0,
    numbers: new Map(),
  };
}

/** Two starts with one idempotency key are the same request when this is the same. */
function requestDigest(input: StartRunInput): string {
  const { workflow, version, input: given, mandate, budget, onBehalfOf, deadlineMs, priority, fork } = input;
  const caller = input.caller.id;
  // In the order of canonical JSON, which then need not sort it.
  return digestOf(
    canonicalJson({ budget, caller, deadlineMs, fork, given, mandate, onBehalfOf, priority, version, workflow }),
  );
}

/** The run an idempotency key has already started; a mismatch when it was for another request (I12). Null for none. */
export async function earlierStart(db: Database, input: StartRunInput): Promise<Result<StartedRun> | null> {
  const key = input.idempotencyKey;
  const row =
    key === undefined ? null : await db.withTenant(input.tenant, (tx) => runByIdempotencyKey(tx, input.tenant, key));
  if (!row) return null;
  if (row.requestDigest === requestDigest(input)) return ok({ run: row.id, replayed: true });
  return refuse({
    code: 'idempotency_mismatch',
    class: 'permanent',
    message: 'this idempotency key has already started a run from another request',
    next: 'Use a new key for a new request; repeat the first request to get its answer.',
    details: { run: row.id },
  });
}
