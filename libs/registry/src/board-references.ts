import { canonicalJson, type Json, type JsonObject } from '@writ/kernel';
import { BOARD_FUNCTIONS } from './board-offers';
import { allNodes, namedBy } from './child-nodes';
import type { WorkflowDefinition } from './definitions';
import { type Lookup, missing } from './lookup';
import type { Problem } from './problems';
import { checkInput } from './schemas';

/** Whether everybody a blackboard and its mailboxes name is there, and values can be what the keys say. */
export function boardProblems(workflow: WorkflowDefinition, lookup: Lookup): Problem[] {
  const problems: Problem[] = [];
  const add = (pointer: string, reason: string): void => void problems.push({ pointer, reason });
  const here = agentsIn(workflow, lookup);
  const need = (pointer: string, agent: string): void => {
    const found = lookup.get('agent', agent);
    if (!found) return add(pointer, missing('agent', agent));
    if (!here.has(agent)) add(pointer, `no node of this workflow leads to agent ${agent}`);
    const own = found.tools.find((tool) => BOARD_FUNCTIONS.has(tool));
    if (own !== undefined) add(pointer, `${agent} has a tool of its own named ${own}`);
  };
  for (const [key, { schema, initial, readers, writers, max_chars: most }] of Object.entries(
    workflow.blackboard ?? {},
  )) {
    const at = `/blackboard/${key}`;
    readers.forEach((agent, i) => need(`${at}/readers/${i}`, agent));
    writers.forEach((agent, i) => need(`${at}/writers/${i}`, agent));
    if (initial === undefined) continue;
    const fault = valid(schema as JsonObject, initial as Json);
    if (fault !== null) add(`${at}/initial`, fault);
    if (canonicalJson(initial as Json).length > most) add(`${at}/initial`, `is longer than ${most} characters`);
  }
  for (const [owner, { from }] of Object.entries(workflow.mailboxes ?? {})) {
    const at = `/mailboxes/${owner}`;
    need(at, owner);
    from.forEach((agent, i) => {
      need(`${at}/from/${i}`, agent);
      if (agent === owner) add(`${at}/from/${i}`, 'an agent does not write to itself');
    });
  }
  return problems;
}

/** A schema that does not compile is told where schemas are checked. */
function valid(schema: JsonObject, value: Json): string | null {
  try {
    return checkInput(schema, value)?.message ?? null;
  } catch {
    return null;
  }
}

/** Agents that nodes name, and those that these consult, at any depth. */
function agentsIn(workflow: WorkflowDefinition, lookup: Lookup): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { node } of allNodes(workflow.root)) {
    const { agents, routers } = namedBy(node);
    for (const agent of [...agents, ...routers]) found.add(agent);
  }
  for (const agent of found) for (const other of lookup.get('agent', agent)?.consults ?? []) found.add(other);
  return found;
}
