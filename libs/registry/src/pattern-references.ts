import type { JsonObject } from '@writ/kernel';
import { allNodes, namedBy } from './child-nodes';
import { type Lookup, missing } from './lookup';
import type { Fallback, Node, RouterNode } from './nodes';
import { DELEGATE, UPDATE_PLAN } from './offered';
import type { Problem } from './problems';
import { promised, shapeAt, typesOf } from './shape';

type Add = (pointer: string, reason: string) => void;

/** What a node itself asks of the definitions it names. Pointers start at the node. */
export function patternProblems(node: Node, lookup: Lookup): Problem[] {
  const problems: Problem[] = [];
  const add: Add = (pointer, reason) => void problems.push({ pointer, reason });
  const need = (pointer: string, name: string): void => {
    if (!lookup.get('agent', name)) add(pointer, missing('agent', name));
  };
  for (const [pointer, name] of ownTurns(node)) {
    if (lookup.get('agent', name)?.framework)
      add(pointer, `${name} is led by a framework, and this needs turns of its own`);
  }
  switch (node.type) {
    case 'agent':
      need('/agent', node.agent);
      break;
    case 'wait':
      if (node.signal === undefined && node.timeout_ms === undefined) add('', 'waits for neither a signal nor a time');
      if (node.correlate !== undefined && node.signal === undefined)
        add('/correlate', 'there is no signal to correlate');
      break;
    case 'swarm':
      swarm(node, add, lookup);
      break;
    case 'supervisor':
      supervisor(node, add, lookup);
      break;
    case 'group_chat':
      several(node.speakers, '/speakers', { add, lookup });
      if (node.speakers.length < 2) add('/speakers', 'a conversation needs two speakers');
      if (typeof node.order === 'object') {
        need('/order/manager', node.order.manager);
        if (node.speakers.includes(node.order.manager))
          add('/order/manager', 'a manager gives the word and does not take it');
      }
      break;
    case 'plan':
      need('/planner', node.planner);
      several(node.executors, '/executors', { add, lookup });
      if (node.executors.includes(node.planner)) add('/planner', 'a planner does not execute its own plan');
      break;
    case 'reflect':
      need('/agent', node.agent);
      need('/critic', node.critic);
      critic(node.critic, add, lookup);
      break;
    case 'router':
      router(node, add, lookup);
      break;
    case 'run':
      if (!lookup.get('workflow', node.workflow)) add('/workflow', missing('workflow', node.workflow));
      break;
    case 'fanout':
    case 'map':
      if (node.merge.policy === 'judge') need('/merge/agent', node.merge.agent);
      break;
    case 'hedge':
      hedge(node.node, add, lookup);
      break;
    default:
  }
  return problems;
}

/** Where an agent must speak for itself: it is offered functions of the pattern, or its answer must have a shape. */
function ownTurns(node: Node): readonly (readonly [pointer: string, agent: string])[] {
  switch (node.type) {
    case 'swarm':
      return node.agents.map((agent, i) => [`/agents/${i}`, agent]);
    case 'supervisor':
      return [['/supervisor', node.supervisor]];
    case 'group_chat':
      return typeof node.order === 'object' ? [['/order/manager', node.order.manager]] : [];
    case 'plan':
      return [['/planner', node.planner]];
    case 'reflect':
      return [['/critic', node.critic]];
    case 'router':
      return [['/router', node.router]];
    case 'fanout':
    case 'map':
      return node.merge.policy === 'judge' ? [['/merge/agent', node.merge.agent]] : [];
    default:
      return [];
  }
}

function several(names: readonly string[], pointer: string, { add, lookup }: { add: Add; lookup: Lookup }): void {
  names.forEach((name, i) => {
    if (!lookup.get('agent', name)) add(`${pointer}/${i}`, missing('agent', name));
    if (names.indexOf(name) !== i) add(`${pointer}/${i}`, `${name} is listed twice`);
  });
}

/** Control stays inside: a member may only list handoffs to other members, and every member can be reached. */
function swarm(node: Extract<Node, { type: 'swarm' }>, add: Add, lookup: Lookup): void {
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

function supervisor(node: Extract<Node, { type: 'supervisor' }>, add: Add, lookup: Lookup): void {
  const agent = lookup.get('agent', node.supervisor);
  if (!agent) add('/supervisor', missing('agent', node.supervisor));
  node.workers.forEach((worker, i) => {
    if (worker === node.supervisor) add(`/workers/${i}`, 'a supervisor cannot be its own worker');
  });
  several(node.workers, '/workers', { add, lookup });
  for (const own of [DELEGATE, UPDATE_PLAN]) {
    if (agent?.tools.includes(own)) add('/supervisor', `${agent.name} has a tool of its own named ${own}`);
  }
}

/** A critic that promises a shape promises a score in it. */
function critic(name: string, add: Add, lookup: Lookup): void {
  const output = lookup.get('agent', name)?.output;
  if (!output) return;
  const score = shapeAt(promised(output as JsonObject), ['score']);
  const types = score === 'absent' ? new Set() : typesOf(score);
  if (types && !types.has('number')) add('/critic', `the output of ${name} has no number /score`);
}

const MAX_FALLBACKS = 4;

function router(node: RouterNode, add: Add, lookup: Lookup): void {
  const names = node.routes.map((route) => route.name);
  node.routes.forEach((route, i) => {
    if (names.indexOf(route.name) !== i) add(`/routes/${i}/name`, `${route.name} is listed twice`);
    if ('agent' in route && !lookup.get('agent', route.agent)) add(`/routes/${i}/agent`, missing('agent', route.agent));
  });
  classifier(node.router, '/router', { add, lookup, names });
  let fallback: Fallback = node.fallback;
  let pointer = '/fallback';
  for (let depth = 0; fallback.type === 'router'; depth++) {
    if (depth >= MAX_FALLBACKS) return add(pointer, `is more than ${MAX_FALLBACKS} fallbacks deep`);
    classifier(fallback.router, `${pointer}/router`, { add, lookup, names });
    fallback = fallback.fallback;
    pointer = `${pointer}/fallback`;
  }
  if (fallback.type === 'agent' && !lookup.get('agent', fallback.agent)) {
    add(`${pointer}/agent`, missing('agent', fallback.agent));
  }
}

/** One name, one classifier; and each route it knows leads somewhere. */
function classifier(
  name: string,
  pointer: string,
  { add, lookup, names }: { readonly add: Add; readonly lookup: Lookup; readonly names: readonly string[] },
): void {
  const definition = lookup.get('router', name);
  const agent = lookup.get('agent', name);
  if (!definition && !agent)
    return add(pointer, `no router or agent named ${name} is published or among these documents`);
  if (definition && agent) return add(pointer, `${name} is the name of a router and of an agent`);
  for (const route of definition?.routes ?? []) {
    if (!names.includes(route.name)) add(pointer, `its route ${route.name} leads nowhere`);
  }
  for (const [i, route] of names.entries()) {
    if (definition && !definition.routes.some((one) => one.name === route)) {
      add(`/routes/${i}/name`, `${name} has no route ${route}`);
    }
  }
}

/** What may start twice must not do anything twice. */
function hedge(node: Node, add: Add, lookup: Lookup): void {
  for (const { pointer, node: inner } of allNodes(node, '/node')) {
    if (
      inner.type === 'run' ||
      inner.type === 'wait' ||
      inner.type === 'input' ||
      inner.type === 'board' ||
      inner.type === 'hedge'
    ) {
      add(pointer, `a ${inner.type} node cannot stand in a hedge, which may start it twice`);
    }
    const { agents, tools } = namedBy(inner);
    const used = [...tools, ...agents.flatMap((agent) => lookup.get('agent', agent)?.tools ?? [])];
    const unsafe = used.find((tool) => lookup.get('tool', tool)?.effect !== 'read');
    if (unsafe !== undefined) add(pointer, `${unsafe} is no read, and a hedge may call it twice`);
  }
}
