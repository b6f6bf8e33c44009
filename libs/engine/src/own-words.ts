import type { Json } from '@writ/kernel';
import { allNodes, type BillOfMaterials, type Node } from '@writ/registry';

type Definition = BillOfMaterials['workflow']['definition'];

const known = new WeakMap<object, readonly (string | number)[]>();

/**
 * Every text and number that a workflow's definition itself writes into what its steps take, names of members too: whoever
 * published it said so, and nothing that enters a run. References are left out. The same list for the same definition each
 * time.
 */
export function constantsOf(definition: Pick<Definition, 'root'>): readonly (string | number)[] {
  let found = known.get(definition);
  if (!found) known.set(definition, (found = [...new Set(ofAll(definition.root))]));
  return found;
}

/** Members of nodes in which values are written for a step to take. */
const WRITTEN = ['args', 'input', 'write', 'over'] as const;

function* ofAll(root: Node): Generator<string | number> {
  for (const { node } of allNodes(root)) yield* ofNode(node);
}

function* ofNode(node: Node): Generator<string | number> {
  const members = node as unknown as { readonly [member: string]: Json | undefined };
  for (const member of WRITTEN) yield* ofValue(members[member]);
  if (node.type === 'sequence') for (const { compensate } of node.steps) yield* ofValue(compensate?.args as Json);
}

function* ofValue(value: Json | undefined): Generator<string | number> {
  if (typeof value === 'string' || typeof value === 'number') yield value;
  else if (Array.isArray(value)) for (const item of value as readonly Json[]) yield* ofValue(item);
  else if (typeof value === 'object' && value !== null && !Object.hasOwn(value, '$from')) {
    for (const [key, member] of Object.entries(value as { readonly [key: string]: Json })) {
      yield key;
      yield* ofValue(member);
    }
  }
}
