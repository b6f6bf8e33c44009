import { type DecisionRequest, labelsIn, type TenantAuthority } from '@writ/policy';
import type { BillOfMaterials } from '@writ/registry';
import { approvalStanding, placeOf } from './approvals/standing';
import { carried } from './fold/flow';
import type { HeldRun } from './held-run';
import { constantsOf } from './own-words';
import type { Proposal } from './proposal';
import type { FlowSource } from './state';
import type { Tail } from './unit-request';

/**
 * The proposal with what its decision must know of the values that entered the run. A policy without `flow` asks nothing,
 * and then nothing is gathered.
 */
export function withFlow(held: HeldRun, { snapshot }: TenantAuthority, proposed: Proposal): Proposal {
  if (snapshot === null || snapshot.flow === null) return proposed;
  const { request } = proposed;
  if (proposed.kind === 'tool' || request.heard !== undefined) {
    return { ...proposed, request: { ...request, flow: flowFacts(held, proposed) } };
  }
  const { child } = proposed.details;
  if (!child) return proposed;
  // What goes into the other run, and nothing else of this one, is heard there.
  const labels = labelsIn(snapshot.flow, { ...request, flow: flowFacts(held, proposed) }, proposed.args);
  const left = carried(held.state)?.left ?? false;
  return { ...proposed, details: { ...proposed.details, child: { ...child, flow: { labels, left } } } };
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
      ...(proposed.written ? [ownWords(planner.bill)] : []),
    ],
    unlabelled: flow?.unlabelled ?? usage.tool_calls > 0,
    left: flow?.left === true || started.parent?.flow?.left === true,
    tool: (name) => planner.bill.tools.get(name)?.definition ?? null,
  };
}

const own = new WeakMap<object, FlowSource>();

/** What the workflow's definition says itself, where it is the workflow that acts. */
function ownWords({ workflow: { definition } }: BillOfMaterials): FlowSource {
  let words = own.get(definition);
  if (!words) {
    words = { from: 'workflow', name: definition.name, step: null, labels: [], value: [...constantsOf(definition)] };
    own.set(definition, words);
  }
  return words;
}
