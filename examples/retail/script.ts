import type { JsonObject } from '@writ/kernel';
import type { AgentDefinition, Definition } from '@writ/registry';

/** One turn of a scripted model: the one call it asks for, and which agent it does so as. */
export interface Turn {
  readonly agent: string;
  readonly call: { readonly name: string; readonly arguments: JsonObject };
  /** The recorded step this is; null for a handoff, which no recording has. */
  readonly step: number | null;
}

export interface WantedCall {
  readonly name: string;
  readonly arguments: JsonObject;
}

const ENTRY = 'triage';

/**
 * A conversation in which the wanted calls are made in order, each by an agent that has the tool: where the agent in
 * control has not, control is handed along the shortest allowed way first.
 */
export function turnsOf(calls: readonly WantedCall[], definitions: readonly Definition[]): Turn[] {
  const agents = new Map(
    definitions.flatMap((one): [string, AgentDefinition][] => (one.kind === 'agent' ? [[one.name, one]] : [])),
  );
  const turns: Turn[] = [];
  let current = ENTRY;
  for (const [step, call] of calls.entries()) {
    for (const next of wayTo(call.name, current, agents)) {
      const reason = `the customer wants ${call.name}`;
      const message = `Please go on with ${call.name}.`;
      turns.push({ agent: current, call: { name: `handoff_to_${next}`, arguments: { reason, message } }, step: null });
      current = next;
    }
    turns.push({ agent: current, call, step });
  }
  return turns;
}

/** The agents to hand to, in order, until one has the tool; empty when the current one has. */
function wayTo(tool: string, from: string, agents: ReadonlyMap<string, AgentDefinition>): string[] {
  const ways: string[][] = [[]];
  const seen = new Set([from]);
  for (const way of ways) {
    const at = agents.get(way.at(-1) ?? from);
    if (at?.tools.includes(tool)) return way;
    for (const next of at?.handoffs ?? []) {
      if (!seen.has(next)) ways.push([...way, next]);
      seen.add(next);
    }
  }
  throw new Error(`no agent that ${from} can reach has the tool ${tool}`);
}
