import type { AgentDefinition, RouterDefinition } from './definitions';
import { type Lookup, missing } from './lookup';
import { CONSULT_PREFIX, FUNCTION_NAME, HANDOFF_PREFIX } from './offered';
import type { Problem } from './problems';

export function agentProblems(agent: AgentDefinition, lookup: Lookup): Problem[] {
  const problems: Problem[] = [];
  const add = (pointer: string, reason: string): void => void problems.push({ pointer, reason });
  if (!lookup.get('model', agent.model)) add('/model', missing('model', agent.model));
  agent.tools.forEach((name, i) => {
    const pointer = `/tools/${i}`;
    if (!lookup.get('tool', name)) add(pointer, missing('tool', name));
    else if (!FUNCTION_NAME.test(name))
      add(pointer, `a model's function may be named with letters, digits, _ and - only`);
    if (agent.tools.indexOf(name) !== i) add(pointer, `${name} is listed twice`);
  });
  if (agent.framework) {
    const { service } = agent.framework;
    if (!lookup.get('http_service', service)) add('/framework/service', missing('http_service', service));
    if (agent.handoffs.length > 0) add('/handoffs', 'a framework hands over to nobody');
    if (agent.consults) add('/consults', 'a framework consults nobody here');
  }
  const others = {
    handoffs: [agent.handoffs, HANDOFF_PREFIX, 'hand over to'],
    consults: [agent.consults ?? [], CONSULT_PREFIX, 'consult'],
  } as const;
  for (const [field, [names, prefix, verb]] of Object.entries(others)) {
    names.forEach((name, i) => {
      const pointer = `/${field}/${i}`;
      if (name === agent.name) add(pointer, `an agent cannot ${verb} itself`);
      else if (!lookup.get('agent', name)) add(pointer, missing('agent', name));
      else if (!FUNCTION_NAME.test(prefix + name)) {
        add(pointer, `${prefix}${name} is no function name: letters, digits, _ and -, at most 64`);
      }
      if (names.indexOf(name) !== i) add(pointer, `${name} is listed twice`);
      if (agent.tools.includes(prefix + name))
        add(pointer, `${agent.name} has a tool of its own named ${prefix}${name}`);
      if (field === 'consults' && comesBack(name, agent.name, lookup)) {
        add(pointer, `${name} would consult ${agent.name} in turn: a circle of questions has no end`);
      }
    });
  }
  return [...problems, ...givenProblems(agent, lookup)];
}

/** Whoever it gives something must be there, and so must the tools: a name that is wrong would bound nothing, or all. */
function givenProblems({ name: own, gives = {} }: AgentDefinition, lookup: Lookup): Problem[] {
  const problems: Problem[] = [];
  for (const [to, { tools = [] }] of Object.entries(gives)) {
    const at = `/gives/${to}`;
    if (to === own) problems.push({ pointer: at, reason: 'an agent passes nothing on to itself' });
    else if (to !== '*' && !lookup.get('agent', to)) problems.push({ pointer: at, reason: missing('agent', to) });
    tools.forEach((grant, i) => {
      const tool = typeof grant === 'string' ? grant : grant.tool;
      if (!lookup.get('tool', tool)) problems.push({ pointer: `${at}/tools/${i}`, reason: missing('tool', tool) });
    });
  }
  return problems;
}

function comesBack(from: string, to: string, lookup: Lookup): boolean {
  if (from === to) return false;
  const reached = new Set([from]);
  for (const name of reached) for (const next of lookup.get('agent', name)?.consults ?? []) reached.add(next);
  return reached.has(to);
}

export function routerProblems(router: RouterDefinition, lookup: Lookup): Problem[] {
  const problems: Problem[] = [];
  if (lookup.get('agent', router.name)) {
    problems.push({ pointer: '/name', reason: `${router.name} is the name of an agent too` });
  }
  const said = new Map<string, string>();
  router.routes.forEach((route, i) => {
    if (router.routes.findIndex((other) => other.name === route.name) !== i) {
      problems.push({ pointer: `/routes/${i}/name`, reason: `${route.name} is listed twice` });
    }
    route.utterances.forEach((text, j) => {
      const other = said.get(text.toLowerCase());
      // One example under two routes teaches that neither is right.
      if (other !== undefined && other !== route.name) {
        problems.push({ pointer: `/routes/${i}/utterances/${j}`, reason: `stands under ${other} too` });
      }
      said.set(text.toLowerCase(), route.name);
    });
  });
  return problems;
}
