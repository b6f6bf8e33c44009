import { assertNever, type Failure } from '@writ/kernel';
import { allNodes, type BillOfMaterials, type Node } from '@writ/registry';

/**
 * What definitions may say and this build cannot do yet: a run that would meet it is refused at its start, so that nothing
 * that was declared is silently left out. Whoever builds a part strikes its line here.
 */
export function unavailablePattern(bill: BillOfMaterials): Failure | null {
  const { root } = bill.workflow.definition;
  for (const { node } of allNodes(root)) {
    const part = inNode(node);
    if (part !== null) return notAvailable(part);
  }
  return null;
}

function inNode(node: Node): string | null {
  switch (node.type) {
    case 'fanout':
      return node.branches.some((branch) => branch.budget?.depth !== undefined) ? 'budget depth of a branch' : null;
    case 'agent':
    case 'tool':
    case 'sequence':
    case 'map':
    case 'choice':
    case 'loop':
    case 'hedge':
    case 'swarm':
    case 'group_chat':
    case 'reflect':
    case 'run':
    case 'input':
    case 'wait':
    case 'plan':
    case 'router':
      return null;
    case 'supervisor':
      return node.worker_budget?.depth === undefined ? null : 'worker_budget depth of a supervisor';
    default:
      return assertNever(node, 'node');
  }
}

const notAvailable = (what: string): Failure => ({
  code: 'pattern_not_available',
  class: 'permanent',
  message: `this build cannot run "${what}"`,
  next: 'Leave it out, or run the workflow on a build that has it.',
});
