import { allNodes } from './child-nodes';
import type { WorkflowDefinition } from './definitions';
import type { Lookup } from './lookup';
import type { Problem } from './problems';

/**
 * A workflow that starts itself again, directly or through others, is fine as long as somebody said how deep: a budget
 * with `depth` on the workflow or on the `run` node that closes the circle.
 */
export function childRunProblems(workflow: WorkflowDefinition, lookup: Lookup): Problem[] {
  if (workflow.budget.depth !== undefined) return [];
  return childrenOf(workflow)
    .filter((child) => !child.bounded && leadsTo(child.name, workflow.name, { lookup, seen: new Set() }))
    .map((child) => ({
      pointer: `${child.pointer}/workflow`,
      reason: `starts ${workflow.name} again without end: give the budget a depth`,
    }));
}

interface Child {
  readonly name: string;
  readonly pointer: string;
  readonly bounded: boolean;
}

function childrenOf(workflow: WorkflowDefinition): readonly Child[] {
  return [...allNodes(workflow.root, '/root')].flatMap(({ pointer, node }) =>
    node.type === 'run' ? [{ name: node.workflow, pointer, bounded: node.budget?.depth !== undefined }] : [],
  );
}

/** By a path on which nobody set a depth. */
function leadsTo(from: string, to: string, walk: { readonly lookup: Lookup; readonly seen: Set<string> }): boolean {
  if (from === to) return true;
  if (walk.seen.has(from)) return false;
  walk.seen.add(from);
  const workflow = walk.lookup.get('workflow', from);
  if (!workflow || workflow.budget.depth !== undefined) return false;
  return childrenOf(workflow).some((child) => !child.bounded && leadsTo(child.name, to, walk));
}
