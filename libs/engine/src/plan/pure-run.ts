import { type Hop, type Json, newId, type TenantId } from '@writ/kernel';
import type { ModelReply } from '@writ/gateways';
import { type BillOfMaterials, type Definition, validateDocuments, type Versioned } from '@writ/registry';
import { sharedOutcome } from '../board/outcome';
import { intentOf, propose } from '../acts';
import type { Proposal } from '../proposal';
import { Crew } from '../crew';
import { evidenceScope } from '../evidence';
import type { RecordedDecision, RunEvent, RunStarted } from '../events';
import { apply, begin, fold } from '../fold';
import { emptyPending, type HeldRun } from '../held-run';
import { type Act, type CallModel, isAct, isEnd, type NextStep } from '../next-step';
import { branchOf } from '../path';
import { takeFact } from '../take-fact';
import { Planner } from './planner';

const TENANT: TenantId = newId('tenant');

export interface PureWorld {
  readonly documents: readonly unknown[];
  readonly input?: { readonly [key: string]: Json };
  /** Agents between the initiator and this run, where another run started it. */
  readonly above?: readonly Hop[];
  /** What a model says, turn by turn. */
  says(
    act: CallModel,
    turn: number,
    /** The last thing it heard. */
    heard: string,
  ): { readonly text?: string; readonly calls?: readonly (readonly [string, object])[] };
  /** Whether the policy lets an act pass; it does unless this says otherwise. */
  allows?(proposed: Proposal): boolean;
  tool?(name: string, args: object): Json;
  /** Which of the branches that may move does: their order is nobody's promise. */
  picks?(of: number): number;
}

export interface PureRun {
  readonly end: Extract<NextStep, { type: 'finish' | 'fail' | 'cancel' }>;
  readonly events: readonly RunEvent[];
  /** Acts that were done, in order. */
  readonly acts: readonly { readonly act: Act; readonly chain: readonly Hop[]; readonly allowed: boolean }[];
}

const MOST_STEPS = 5_000;

/**
 * Leads a run by planner and fold alone: no database, no clock, no doors. Checks at each look that no branch has two
 * owners, that a plan made anew from the events says the same, and that it ends.
 */
export function playPure(world: PureWorld): PureRun {
  const bill = billOf(world.documents);
  const held = heldRun(bill, world);
  const events: RunEvent[] = [held.state.started];
  const acts: { act: Act; chain: readonly Hop[]; allowed: boolean }[] = [];
  const keep = (): void => void events.push(...held.pending.events.splice(0));
  for (let looks = 0; looks < MOST_STEPS; looks++) {
    const steps = held.planner.next(held.state, 1);
    if (looks % 16 === 0) expectSame(new Planner(bill).next(fold(events), 1), steps);
    const [first] = steps;
    if (first && isEnd(first)) return { end: first, events, acts };
    const ready = steps.filter(isAct);
    const owners = ready.map((act) => branchOf(act.path));
    if (new Set(owners).size !== owners.length) throw new Error(`a branch has two owners: ${owners.join(', ')}`);
    const facts = steps.filter((step) => !isAct(step) && step.type !== 'rest' && step.type !== 'try_again');
    for (const fact of facts) takeFact(held, fact as Parameters<typeof takeFact>[1], 1);
    keep();
    if (facts.length > 0) continue;
    const act = ready[world.picks ? world.picks(ready.length) : 0];
    if (!act) throw new Error(`nothing can move: ${steps.map((step) => step.type).join(', ')}`);
    const allowed = doAct(held, act, world);
    acts.push({ act, chain: act.chain, allowed });
    keep();
  }
  throw new Error(`it did not end in ${MOST_STEPS} looks`);
}

function expectSame(fresh: readonly NextStep[], known: readonly NextStep[]): void {
  const shown = (steps: readonly NextStep[]): string =>
    JSON.stringify(steps.map((step) => [step.type, 'path' in step ? step.path : '']));
  if (shown(fresh) !== shown(known)) throw new Error(`made anew the plan is ${shown(fresh)}, it was ${shown(known)}`);
}

function doAct(held: HeldRun, act: Act, world: PureWorld): boolean {
  const proposed = propose(held, act, 1);
  const step = held.state.lastStep + 1;
  const put = (event: RunEvent): void => {
    held.pending.events.push(event);
    apply(held.state, event);
  };
  const { path, kind, agent, target, call } = proposed;
  if (world.allows?.(proposed) === false) {
    const decision = { ...DECISION, reason: 'agent_not_granted' } as RecordedDecision;
    put({ type: 'step_denied', at: 1, step, path, kind, agent, target, ...(call !== null && { call }), decision });
    return false;
  }
  const place = { step, attempt: 1, at: 1, decision: DECISION, salt: '', ref: null, holds: [], cost: null };
  const intent = intentOf(proposed, place);
  const { handoff } = intent;
  // As the engine does it: how the receiver acts is part of the hop.
  put(handoff ? { ...intent, handoff: { ...handoff, to: { ...handoff.to, mode: 'attenuate' } } } : intent);
  const settled = { type: 'step_settled', at: 1, step, attempt: 1, final: true } as const;
  if (kind !== 'board' && kind !== 'message') put({ ...settled, outcome: 'ok', result: resultOf(held, act, world) });
  else {
    const shared = sharedOutcome(held, { ...proposed, kind, step });
    put(
      shared.ok
        ? { ...settled, outcome: 'ok', result: shared.value }
        : { ...settled, outcome: 'error', failure: shared.failure, landed: 'no' },
    );
  }
  return true;
}

function resultOf(held: HeldRun, act: Act, world: PureWorld): Json {
  if (act.type === 'invoke_tool') return world.tool?.(act.tool.definition.name, act.args) ?? 'done';
  if (act.type !== 'call_model') return {};
  const turn = held.state.agents.get(act.path)?.turns ?? 0;
  const said = world.says(act, turn, String(held.state.agents.get(act.path)?.messages.at(-1)?.content ?? act.opening));
  const toolCalls = (said.calls ?? []).map(([name, args], i) => ({
    callId: `c${held.state.lastStep}_${i}`,
    name,
    argumentsText: JSON.stringify(args),
  }));
  const reply: Pick<ModelReply, 'content' | 'toolCalls' | 'finish'> = {
    content: said.text ?? null,
    toolCalls,
    finish: 'stop',
  };
  return reply as unknown as Json;
}

const DECISION = {
  id: 'dec_0',
  reason: 'allowed',
  stage: 'initiator',
  explicit: true,
  stages: [],
  obligations: [],
  nearMisses: [],
  snapshot: 's',
} as unknown as RecordedDecision;

function heldRun(bill: BillOfMaterials, world: PureWorld): HeldRun {
  const run = newId('run');
  const started: RunStarted = {
    type: 'run_started',
    at: 0,
    workflow: bill.workflow.definition.name,
    bill_digest: 'sha256:0',
    bill: [],
    input: { ...(world.input ?? { message: 'hello' }) },
    initiator: { kind: 'user', id: 'user:ann', roles: [] },
    caller: 'user:ann',
    mandate: null,
    budget: {},
    deadline_at: null,
    ...(world.above && { parent: { run: newId('run'), root: newId('run'), path: 'p', chain: world.above, depth: 1 } }),
    decision: DECISION,
  };
  return {
    tenant: TENANT,
    run,
    leaseEpoch: 1,
    state: begin(started),
    planner: new Planner(bill),
    scope: evidenceScope(TENANT, run, null),
    create: null,
    pending: emptyPending(),
    crew: new Crew(),
    claims: [],
    lastStep: 0,
  } as unknown as HeldRun;
}

const bills = new WeakMap<readonly unknown[], BillOfMaterials>();

/** The bill of the only workflow among some documents, which are valid by themselves; made once for each list. */
function billOf(documents: readonly unknown[]): BillOfMaterials {
  const bill = bills.get(documents) ?? makeBill(documents);
  bills.set(documents, bill);
  return bill;
}

function makeBill(documents: readonly unknown[]): BillOfMaterials {
  const parsed = validateDocuments(documents);
  if (!parsed.ok) throw new Error(`${parsed.failure.message} ${JSON.stringify(parsed.failure.details)}`);
  const all = parsed.value.map((definition): Versioned => ({
    digest: `sha256:${definition.name}`,
    version: 1,
    definition,
  }));
  const of = (kind: Definition['kind']) =>
    new Map(all.filter((one) => one.definition.kind === kind).map((one) => [one.definition.name, one]));
  return {
    workflow: [...of('workflow').values()][0],
    children: new Map(),
    agents: of('agent'),
    routers: of('router'),
    tools: of('tool'),
    models: of('model'),
    servers: new Map(),
    services: new Map(),
    resolvers: of('resolver'),
    digest: 'sha256:0',
  } as unknown as BillOfMaterials;
}
