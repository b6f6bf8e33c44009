import { assertNever, type JsonObject } from '@writ/kernel';
import type { Lookup } from './lookup';
import type { Node } from './nodes';
import { listOf, membersOf, promised, type Shape, TEXT } from './shape';

/** What a node puts out, as far as its definitions promise it; null where they do not. */
export function outputShape(node: Node, lookup: Lookup): Shape {
  switch (node.type) {
    case 'agent':
      return agentOutput(node.agent, lookup);
    case 'supervisor':
      return agentOutput(node.supervisor, lookup);
    case 'reflect':
      return agentOutput(node.agent, lookup);
    case 'swarm':
      return node.agents.some((one) => lookup.get('agent', one)?.output) ? null : TEXT;
    case 'tool': {
      const output = lookup.get('tool', node.tool)?.output;
      return output ? promised(output as JsonObject) : null;
    }
    case 'input':
      return promised(node.schema as JsonObject);
    case 'sequence': {
      const last = node.steps.at(-1);
      return last && (last.on_error === undefined || last.on_error === 'fail') ? outputShape(last.node, lookup) : null;
    }
    case 'fanout':
      return keepsAll(node.merge.policy)
        ? membersOf(node.branches.map((branch) => [branch.key, outputShape(branch.node, lookup)]))
        : made(node.merge, lookup);
    case 'map':
      return keepsAll(node.merge.policy) ? listOf(branchOf(outputShape(node.node, lookup))) : made(node.merge, lookup);
    case 'loop':
      return typeof node.exhausted === 'object' ? null : outputShape(node.node, lookup);
    case 'hedge':
      return outputShape(node.node, lookup);
    case 'board':
    case 'wait':
    case 'choice':
    case 'router':
    case 'group_chat':
    case 'plan':
    case 'run':
      return null;
    default:
      return assertNever(node, 'workflow node');
  }
}

/** What a map holds of each branch: a list keeps the order of the items. */
const branchOf = (output: Shape): Shape =>
  membersOf([
    ['key', TEXT],
    ['output', output],
  ]);

function agentOutput(name: string, lookup: Lookup): Shape {
  const agent = lookup.get('agent', name);
  if (!agent) return null;
  if (agent.output) return promised(agent.output as JsonObject);
  // What a framework answers is its own to say.
  return agent.framework ? null : TEXT;
}

const KEEP_ALL: ReadonlySet<string> = new Set(['all', 'any', 'best_effort', 'quorum', 'min']);
const keepsAll = (policy: string): boolean => KEEP_ALL.has(policy);

function made(merge: Extract<Node, { type: 'map' }>['merge'], lookup: Lookup): Shape {
  return merge.policy === 'reduce' ? outputShape(merge.node, lookup) : null;
}
