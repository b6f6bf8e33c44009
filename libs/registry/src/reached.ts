import { DEFAULT_RISK, highestRisk, type RiskTier } from '@writ/words';
import { allNodes, namedBy } from './child-nodes';
import type { Lookup } from './lookup';
import { type Governed, isGoverned } from './risk';

/** `agent orders`: how a definition with a tier is named here. */
export const governedName = ({ kind, name }: Pick<Governed, 'kind' | 'name'>): string => `${kind} ${name}`;

/**
 * What a definition touches by itself: a workflow what its nodes name, an agent its tools and whom it consults (whom it hands
 * over to is the workflow's to say), a tool what undoes it and what brings the attributes of its object. Names that lead nowhere
 * are left out.
 */
function touches(one: Governed, lookup: Lookup): readonly Governed[] {
  const found = (kind: Governed['kind'], names: readonly string[]): readonly Governed[] =>
    names.map((name) => lookup.get(kind, name)).filter((part) => part !== undefined && isGoverned(part));
  switch (one.kind) {
    case 'tool': {
      const type = one.resource?.type;
      const bringing = type === undefined ? [] : lookup.all('resolver').filter(({ resource }) => resource === type);
      return found('tool', [...(one.compensate ? [one.compensate.tool] : []), ...bringing.map(({ tool }) => tool)]);
    }
    case 'agent':
      return [...found('tool', one.tools), ...found('agent', one.consults ?? [])];
    case 'workflow':
      return [...allNodes(one.root)].flatMap(({ node }) => {
        const { agents, tools, workflows, routers } = namedBy(node);
        // A router that is no definition of its own is an agent that routes.
        const routing = routers.filter((name) => !lookup.get('router', name));
        return [...found('agent', [...agents, ...routing]), ...found('tool', tools), ...found('workflow', workflows)];
      });
  }
}

/** The tier of what a definition leads to: the highest of itself and of everything it may touch. Of a workflow, that of its runs. */
export function reachedRisk(definition: Governed, lookup: Lookup): RiskTier {
  const seen = new Map([[governedName(definition), definition]]);
  // A map yields what is put into it while it is walked.
  for (const one of seen.values()) {
    for (const part of touches(one, lookup)) if (!seen.has(governedName(part))) seen.set(governedName(part), part);
  }
  return highestRisk([...seen.values()].map(({ risk }) => risk ?? DEFAULT_RISK));
}

/** Who names each definition: `tool refund` → `agent orders`; an agent is also named by those who may hand over to it. */
export function usersOf(all: readonly Governed[], lookup: Lookup): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, Set<string>>();
  for (const one of all) {
    const handed = one.kind === 'agent' ? one.handoffs.map((name) => `agent ${name}`) : [];
    for (const named of [...touches(one, lookup).map(governedName), ...handed]) {
      const by = users.get(named) ?? new Set<string>();
      users.set(named, by.add(governedName(one)));
    }
  }
  return new Map([...users].map(([named, by]) => [named, [...by].sort()]));
}
