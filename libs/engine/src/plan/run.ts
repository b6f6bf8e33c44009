import type { Node } from '@writ/registry';
import type { RunBudget } from '../run-budget';
import { branchOf } from '../path';
import { inputOf } from './leaves';
import type { PlanAt, Planned } from './plan-at';
import { withOpenStep } from './recover';

type RunNode = Extract<Node, { type: 'run' }>;

/** A run of another workflow, with its own lease and chain: started, waited for, and taken as what it reports. */
export function planRun(node: RunNode, at: PlanAt): Planned {
  const { path, state, bill, chain } = at;
  const child = state.children.get(path);
  if (!child) {
    const input = inputOf(node.input, at);
    if ('ended' in input) return input;
    const own = bill.workflow.definition.name === node.workflow ? bill.workflow : undefined;
    const workflow = bill.children.get(node.workflow) ?? own;
    if (!workflow) throw new Error(`the bill lacks workflow ${node.workflow}`);
    const limits = { budget: limitsOf(node), deadlineMs: node.deadline_ms ?? null };
    const leave = node.on_parent_cancel === 'leave';
    const start = { type: 'start_child', path, chain, workflow, input: input.value, ...limits, leave } as const;
    return withOpenStep({ next: [start] }, at);
  }
  const wait = state.branches.get(branchOf(path))?.wait;
  if (wait?.for !== 'child' || wait.path !== path) return { next: [{ type: 'wait_child', path, run: child.run }] };
  return { next: [{ type: 'rest', path, until: null }] };
}

/** Limits nobody set are not there at all. */
const limitsOf = ({ budget = {} }: RunNode): RunBudget =>
  Object.fromEntries(Object.entries(budget).filter(([, limit]) => limit !== undefined));
