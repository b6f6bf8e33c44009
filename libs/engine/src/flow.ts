import type { DecisionRequest, TenantAuthority } from '@writ/policy';
import { approvalStanding, placeOf } from './approvals/standing';
import { carried } from './fold/flow';
import type { HeldRun } from './held-run';
import type { Proposal } from './proposal';
import type { FlowSource } from './state';
import type { Tail } from './unit-request';

/**
 * The proposal with what its decision must know of the values that entered the run. A policy without `flow` asks nothing,
 * and then nothing is gathered.
 */
export function withFlow(held: HeldRun, { snapshot }: TenantAuthority, proposed: Proposal): Proposal {
  if (snapshot === null || snapshot.flow === null) return proposed;
  if (proposed.kind === 'tool') {
    return { ...proposed, request: { ...proposed.request, flow: flowFacts(held, proposed) } };
  }
  const { child } = proposed.details;
  if (!child) return proposed;
  const flow = carried(held.state) ?? { labels: [], left: false };
  const labels = [...new Set([...flow.labels, ...snapshot.flow.entryLabels(flowFacts(held, proposed).sources)])].sort();
  return { ...proposed, details: { ...proposed.details, child: { ...child, flow: { ...flow, labels } } } };
}

/**
 * Whether what a decision went by is not what holds when it is committed: branches side by side each see a run in which
 * the other has done nothing yet. `beside` stands in the same unit.
 */
export function flowMoved(held: HeldRun, proposed: Proposal, beside: readonly Tail[]): boolean {
  const then = proposed.request.flow;
  if (then === undefined) return false;
  const now = flowFacts(held, proposed);
  if (now.sources.length !== then.sources.length || now.left !== then.left) return true;
  return beside
    .flatMap(({ events }) => events)
    .some((event) => {
      const flow = event.type === 'step_intended' ? event.decision.flow : undefined;
      return flow !== undefined && (flow.sink === 'egress' || flow.brings.length > 0);
    });
}

/** What a tool call of this run is decided by, as the run stands. */
export function flowFacts({ state, planner }: HeldRun, proposed: Proposal): NonNullable<DecisionRequest['flow']> {
  const { started, flow, usage } = state;
  const { edited } = approvalStanding(state.approvals, placeOf(proposed));
  const person: FlowSource[] =
    edited === null ? [] : [{ from: 'person', name: '', step: null, labels: [], value: edited.args }];
  return {
    sources: [
      { from: 'input', name: '', step: null, labels: started.parent?.flow?.labels ?? [], value: started.input },
      ...(flow?.sources ?? []),
      ...person,
    ],
    unlabelled: flow?.unlabelled ?? usage.tool_calls > 0,
    left: flow?.left === true || started.parent?.flow?.left === true,
    tool: (name) => planner.bill.tools.get(name)?.definition ?? null,
  };
}
