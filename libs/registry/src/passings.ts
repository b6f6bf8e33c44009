import { allNodes } from './child-nodes';
import type { AgentDefinition, Definition } from './definitions';

/** Whom an agent may pass on to at all, as it is published, and what it gives along. What of it is allowed the policy says. */
export interface AgentPassings {
  readonly name: string;
  readonly tools: readonly string[];
  readonly passes: readonly {
    readonly to: string;
    readonly how: 'handoff' | 'question' | 'work' | 'choice';
    /** The only tools that go along, and how deep it may be passed on; null where that is not bounded. */
    readonly tools: readonly string[] | null;
    readonly depth: number | null;
  }[];
}

type How = AgentPassings['passes'][number]['how'];

/** The graph of who passes on to whom: handoffs and questions of agents, and the teams and plans of workflows. */
export function agentPassings(definitions: readonly Definition[]): readonly AgentPassings[] {
  const agents = new Map(definitions.flatMap((one) => (one.kind === 'agent' ? [[one.name, one] as const] : [])));
  const passes = new Map<string, Map<string, How>>();
  const add = (from: string, to: string, how: How): void => {
    const own = passes.get(from) ?? new Map<string, How>();
    passes.set(from, own.set(`${how} ${to}`, how));
  };
  for (const { name, handoffs, consults = [] } of agents.values()) {
    for (const to of handoffs) add(name, to, 'handoff');
    for (const to of consults) add(name, to, 'question');
  }
  for (const one of definitions) {
    if (one.kind !== 'workflow') continue;
    for (const { node } of allNodes(one.root)) {
      if (node.type === 'supervisor') for (const worker of node.workers) add(node.supervisor, worker, 'work');
      if (node.type === 'plan') for (const executor of node.executors) add(node.planner, executor, 'choice');
    }
  }
  return [...agents.values()].map((agent) => ({
    name: agent.name,
    tools: agent.tools,
    passes: [...(passes.get(agent.name) ?? [])].map(([key, how]) => {
      const to = key.slice(how.length + 1);
      return { to, how, ...givenTo(agent, to) };
    }),
  }));
}

function givenTo({ gives = {} }: AgentDefinition, to: string) {
  const given = gives[to] ?? gives['*'];
  const tools = given?.tools?.map((grant) => (typeof grant === 'string' ? grant : grant.tool)) ?? null;
  return { tools, depth: given?.depth ?? null };
}
