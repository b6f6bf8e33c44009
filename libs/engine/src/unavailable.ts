import type { Failure } from '@writ/kernel';
import { allNodes, type BillOfMaterials, type Node } from '@writ/registry';

/**
 * What definitions may say and this build cannot do yet: a run that would meet it is refused at its start, so that nothing
 * that was declared is silently left out. Whoever builds a part strikes its line here.
 */
export function unavailablePattern(bill: BillOfMaterials): Failure | null {
  const { root, budget } = bill.workflow.definition;
  for (const { node } of allNodes(root)) {
    const part = inNode(node);
    if (part !== null) return notAvailable(part);
  }
  for (const { definition } of bill.agents.values()) {
    for (const part of ['output', 'consults', 'context'] as const) {
      if (definition[part] !== undefined) return notAvailable(`${part} of an agent`);
    }
  }
  const limit = UNCOUNTED.find((name) => budget[name] !== undefined);
  return limit === undefined ? null : notAvailable(`budget ${limit}`);
}

/** Limits nobody counts yet. */
const UNCOUNTED = ['cost_micros', 'wall_ms', 'handoffs', 'depth'] as const;

function inNode(node: Node): string | null {
  switch (node.type) {
    case 'fanout':
      return node.branches.some((branch) => branch.budget !== undefined) ? 'budget of a branch' : null;
    case 'agent':
    case 'tool':
    case 'sequence':
    case 'map':
    case 'choice':
    case 'loop':
    case 'hedge':
      return null;
    case 'wait':
      return node.correlate === undefined ? null : 'correlate of a wait';
    case 'swarm':
      return node.max_repeats !== undefined || node.returns !== undefined ? 'max_repeats or returns of a swarm' : null;
    default:
      return node.type;
  }
}

const notAvailable = (what: string): Failure => ({
  code: 'pattern_not_available',
  class: 'permanent',
  message: `this build cannot run "${what}"`,
  next: 'Use agent, tool, wait, sequence, fanout, map, choice, loop, hedge or swarm.',
});
