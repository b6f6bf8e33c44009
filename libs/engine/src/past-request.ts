import type { RunId, TenantId } from '@writ/kernel';
import type { Database } from '@writ/database';
import type { DecisionRequest, ResolvedAttribute } from '@writ/policy';
import { loadPinnedBill } from '@writ/registry';
import { propose } from './acts';
import type { RunEvent, RunStarted } from './events';
import { apply, begin } from './fold';
import { flowFacts } from './flow';
import type { GuardAccount } from './guard/types';
import type { HeldRun } from './held-run';
import { type Act, isAct } from './next-step';
import { Planner } from './plan/planner';
import type { StoredDecision } from './record-decision';
import { actRisk, wholeRisk } from './risk';
import type { RunState } from './state';

type Deciding = Extract<RunEvent, { type: 'step_intended' | 'step_denied' | 'step_asked' }>;

interface Past {
  readonly tenant: TenantId;
  readonly run: RunId;
  readonly events: readonly RunEvent[];
  /** Id of the decision. */
  readonly decision: string;
}

/**
 * What was asked when a decision of a run was made: the journal before it is played again, and the plan wants that very
 * act. Null where it cannot be had, as for a run that was quarantined since, for instance: such a decision is explained
 * from its record alone.
 */
export async function pastRequest(db: Database, past: Past): Promise<DecisionRequest | null> {
  const { tenant, run, events, decision } = past;
  const at = events.findIndex((event) => 'decision' in event && event.decision?.id === decision);
  const event = events[at];
  const [first] = events;
  if (first?.type !== 'run_started' || !event) return null;
  if (event.type === 'run_started') return startOf(db, tenant, event);
  if (!isDeciding(event)) return null;
  try {
    const state = begin(first);
    for (const earlier of events.slice(1, at)) apply(state, earlier);
    const bill = await loadPinnedBill(db, { tenant, manifest: state.pinned.bill });
    const planner = new Planner(bill);
    // A step waits with its question open; it is planned again as if it had not been asked.
    const wanted = planner.next(state, event.at).map((step) => (step.type === 'try_again' ? step.act : step));
    // Only what a proposal reads: nothing of this run is led, and nothing of it is done.
    const held = { tenant, run, state, planner } as unknown as HeldRun;
    for (const step of wanted) {
      if (!isAct(step) || step.path !== event.path) continue;
      const request = requestOf(held, step, event);
      if (request)
        return { ...request, attributes: brought(state, event.kind === 'data' ? undefined : request.resource) };
    }
    return null;
  } catch {
    return null;
  }
}

async function startOf(db: Database, tenant: TenantId, started: RunStarted): Promise<DecisionRequest> {
  const bill = await loadPinnedBill(db, { tenant, manifest: started.bill }).catch(() => null);
  return {
    tenant,
    initiator: { tenant, ...started.initiator },
    chain: (started.parent ?? started.fork)?.chain ?? [],
    action: 'run.start',
    object: { type: 'workflow', id: started.workflow },
    args: started.input,
    ...(bill && { risk: wholeRisk(bill) }),
    now: started.at,
  };
}

/** What a call of the API asked; null where an older version stored too little. */
export function storedRequest(tenant: TenantId, stored: StoredDecision | null): DecisionRequest | null {
  if (!stored?.initiator) return null;
  const { initiator, action, object, decision, risk } = stored;
  const asked = { action, object } as Pick<DecisionRequest, 'action' | 'object'>;
  return { tenant, initiator, chain: [], ...asked, ...(risk && { risk }), now: decision.at };
}

const isDeciding = (event: RunEvent): event is Deciding =>
  event.type === 'step_intended' || event.type === 'step_denied' || event.type === 'step_asked';

function requestOf(held: HeldRun, act: Act, event: Deciding): DecisionRequest | null {
  const proposed = propose(held, act, event.at);
  if (event.kind === 'data') {
    const attribute = 'attribute' in event ? event.attribute : undefined;
    if (!attribute) return null;
    const { args: _args, handoff: _handoff, ...base } = proposed.request;
    const request = {
      ...base,
      action: 'data.read',
      object: { type: 'data', id: attribute.name },
      resource: attribute.resource,
    } as const;
    return { ...request, risk: actRisk(held, { kind: 'data', request, target: event.target }) };
  }
  if (proposed.kind !== event.kind || proposed.target !== event.target) return null;
  const traced = proposed.kind === 'tool' || proposed.request.heard !== undefined;
  const request: DecisionRequest = {
    ...proposed.request,
    ...(traced && { flow: flowFacts(held, proposed) }),
    risk: actRisk(held, proposed),
  };
  const guarded = held.state.guards ? { ...request, guards: guardsThen(held.state.guards, event) } : request;
  // People may have changed what was asked about.
  return event.args === undefined ? guarded : { ...guarded, args: event.args };
}

/** What guardrails had said against it; all others let it pass, or it would not have been decided. */
function guardsThen(
  { found }: GuardAccount,
  { kind, path, agent, target }: Deciding,
): NonNullable<DecisionRequest['guards']> {
  const heard = (found.get(path) ?? []).map(({ check }) => check);
  const who = kind === 'agent' ? target : agent;
  const boundary = kind === 'tool' || kind === 'finish' ? 'output' : 'input';
  return { boundary, agents: who === null ? [] : [who], heard, tier: 'medium', assumed: true };
}

/** What resolvers had brought by then about the thing the act touches. */
function brought(state: RunState, resource: DecisionRequest['resource']): { [name: string]: ResolvedAttribute } {
  const found: { [name: string]: ResolvedAttribute } = {};
  for (const [key, value] of state.attributes) {
    const bar = key.indexOf('|');
    if (resource && key.slice(bar + 1) === resource.id) found[key.slice(0, bar)] = value;
  }
  return found;
}
