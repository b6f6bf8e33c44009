import { assertNever, type Json } from '@writ/kernel';
import type { Node, WorkflowDefinition } from './definitions';
import { type Lookup, missing } from './lookup';
import type { Problem } from './problems';
import { pointerTokens, references } from './template';

/** Nested deeper than this, a workflow is a mistake; the engine walks it recursively. */
const MAX_NESTING = 16;

interface Walk {
  readonly lookup: Lookup;
  /** Step ids and branch keys seen so far in the whole workflow: one name means one step. */
  readonly taken: Set<string>;
  readonly problems: Problem[];
}

interface Place {
  readonly pointer: string;
  /** Steps whose output a template here may name: those before it in the sequences around it. */
  readonly earlier: ReadonlySet<string>;
  readonly depth: number;
}

export function workflowProblems(workflow: WorkflowDefinition, lookup: Lookup): Problem[] {
  const walk: Walk = { lookup, taken: new Set(), problems: [] };
  visit(workflow.root, { pointer: '/root', earlier: new Set(), depth: 0 }, walk);
  return walk.problems;
}

function visit(node: Node, place: Place, walk: Walk): void {
  const add = (pointer: string, reason: string): void =>
    void walk.problems.push({ pointer: `${place.pointer}${pointer}`, reason });
  const needAgent = (pointer: string, name: string): void => {
    if (!walk.lookup.get('agent', name)) add(pointer, missing('agent', name));
  };
  if (place.depth > MAX_NESTING) return add('', `is nested deeper than ${MAX_NESTING}`);
  switch (node.type) {
    case 'agent':
      needAgent('/agent', node.agent);
      return template(node.input ?? {}, { ...place, pointer: `${place.pointer}/input` }, walk);
    case 'tool':
      if (!walk.lookup.get('tool', node.tool)) add('/tool', missing('tool', node.tool));
      if (node.agent !== undefined) needAgent('/agent', node.agent);
      return template(node.args, { ...place, pointer: `${place.pointer}/args` }, walk);
    case 'wait':
      if (node.signal === undefined && node.timeout_ms === undefined) add('', 'waits for neither a signal nor a time');
      return;
    case 'sequence': {
      const earlier = new Set(place.earlier);
      node.steps.forEach((step, i) => {
        claim(step.id, `${place.pointer}/steps/${i}/id`, walk);
        const at = { pointer: `${place.pointer}/steps/${i}/node`, earlier: new Set(earlier), depth: place.depth + 1 };
        visit(step.node, at, walk);
        earlier.add(step.id);
      });
      return;
    }
    case 'fanout':
      node.branches.forEach((branch, i) => {
        claim(branch.key, `${place.pointer}/branches/${i}/key`, walk);
        const at = { ...place, pointer: `${place.pointer}/branches/${i}/node`, depth: place.depth + 1 };
        visit(branch.node, at, walk);
      });
      if ('count' in node.merge && node.merge.count > node.branches.length) {
        add('/merge/count', `asks for ${node.merge.count} of ${node.branches.length} branches`);
      }
      return;
    case 'swarm':
      return swarm(node, add, walk.lookup);
    case 'supervisor':
      needAgent('/supervisor', node.supervisor);
      node.workers.forEach((worker, i) => {
        needAgent(`/workers/${i}`, worker);
        if (worker === node.supervisor) add(`/workers/${i}`, 'a supervisor cannot be its own worker');
        if (node.workers.indexOf(worker) !== i) add(`/workers/${i}`, `${worker} is listed twice`);
      });
      return;
    case 'router':
      needAgent('/router', node.router);
      node.routes.forEach((route, i) => {
        needAgent(`/routes/${i}/agent`, route.agent);
        if (node.routes.findIndex((other) => other.name === route.name) !== i) {
          add(`/routes/${i}/name`, `${route.name} is listed twice`);
        }
      });
      if (node.fallback.type === 'agent') needAgent('/fallback/agent', node.fallback.agent);
      return;
    default:
      return assertNever(node, 'workflow node');
  }
}

function claim(id: string, pointer: string, walk: Walk): void {
  if (walk.taken.has(id)) walk.problems.push({ pointer, reason: `the step id ${id} is used twice in this workflow` });
  walk.taken.add(id);
}

/** Control stays inside: a member may only list handoffs to other members, and every member can be reached. */
function swarm(
  node: Extract<Node, { type: 'swarm' }>,
  add: (pointer: string, reason: string) => void,
  lookup: Lookup,
): void {
  const members = new Set(node.agents);
  if (!members.has(node.entry)) add('/entry', `${node.entry} is not among the swarm's agents`);
  node.agents.forEach((name, i) => {
    const agent = lookup.get('agent', name);
    if (node.agents.indexOf(name) !== i) add(`/agents/${i}`, `${name} is listed twice`);
    if (!agent) return add(`/agents/${i}`, missing('agent', name));
    for (const to of agent.handoffs) {
      if (!members.has(to)) add(`/agents/${i}`, `${name} hands over to ${to}, which is not among the swarm's agents`);
    }
  });
  const reached = new Set([node.entry]);
  for (const name of reached) for (const to of lookup.get('agent', name)?.handoffs ?? []) reached.add(to);
  node.agents.forEach((name, i) => {
    if (!reached.has(name)) add(`/agents/${i}`, `no chain of handoffs from ${node.entry} leads to ${name}`);
  });
}

function template(value: Json, place: Place, walk: Walk): void {
  const add = (at: string, reason: string): void =>
    void walk.problems.push({ pointer: `${place.pointer}${at}`, reason });
  const { found, malformed } = references(value);
  for (const at of malformed) add(at, '"$from" stands alone in its object and holds a JSON pointer');
  for (const reference of found) {
    const [root, id, output] = pointerTokens(reference.pointer);
    if (root === 'input') continue;
    if (root !== 'steps' || id === undefined || output !== 'output') {
      add(reference.at, `${JSON.stringify(reference.pointer)} names neither /input/… nor /steps/<id>/output`);
    } else if (!place.earlier.has(id)) {
      add(reference.at, `${id} is no earlier step here`);
    }
  }
}
