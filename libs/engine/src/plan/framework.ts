import { branchOf, branchPath } from '../path';
import type { NextStep } from '../next-step';
import type { RelayState } from '../state';
import type { PlanAt, Planned } from './plan-at';
import { withOpenStep } from './recover';
import type { Speaking } from './speaking';

/**
 * An agent that an external framework leads: one call of the framework, and beside it, each in a branch of its own, what
 * the framework asks for meanwhile. Each of these is decided for the agent and everybody before it, like its own turns.
 */
export function planFramework(speaking: Speaking): Planned {
  const { plan, at, agent } = speaking;
  const { path, state } = at;
  const asked = state.relays.get(path) ?? [];
  const next = asked.flatMap((one) => relaySteps(one, speaking));
  const calling = state.branches.get(branchOf(path))?.open?.phase === 'in_flight';
  // A framework whose time ran out while one of its calls waits for people is called again when they have answered.
  if (!calling && asked.some((one) => waitsForPeople(one, at))) return { next };
  const own = withOpenStep({ next: [{ type: 'invoke_agent', path, chain: at.chain, agent, input: plan.input }] }, at);
  return 'ended' in own ? own : { next: [...own.next, ...next] };
}

function relaySteps({ key, kind, target, request }: RelayState, { at, agent, chain }: Speaking): readonly NextStep[] {
  const path = branchPath(at.path, key);
  if (at.state.results.has(path)) return [];
  const act: NextStep =
    kind === 'model'
      ? { type: 'relay_model', path, chain, agent, request }
      : { type: 'invoke_tool', path, chain, tool: at.bill.tools.get(target)!, args: request, call: null };
  const planned = withOpenStep({ next: [act] }, { ...at, path });
  return 'next' in planned ? planned.next : [];
}

function waitsForPeople({ key }: RelayState, { path, state }: PlanAt): boolean {
  const wait = state.branches.get(branchPath(path, key))?.wait;
  return wait?.for === 'approval' || wait?.for === 'reconciliation' || wait?.for === 'stop' || wait?.for === 'budget';
}
