import { canonicalJson, type Hop, type JsonObject } from '@writ/kernel';
import type { AgentDefinition, BillOfMaterials, Versioned } from '@writ/registry';
import type { RunBudget } from '../run-budget';
import type { AgentNode } from '../state';
import { failedAs, type PlanAt, type Planned } from './plan-at';

export interface AgentPlan {
  /** The agent that speaks first. */
  readonly entry: string;
  readonly input: JsonObject;
  /** Agents control may pass to, and how often; nobody where the agent stands alone. */
  readonly swarm?: Swarm;
  /** Whom it may assign work to. */
  readonly team?: Team;
  /** What its final answer must be, where that is not the agent's own to say. */
  readonly output?: JsonObject;
  /** The first agent as those who delegated to it recorded it: under what mode it acts. */
  readonly hop?: Hop;
}

export interface Swarm {
  readonly peers: ReadonlySet<string>;
  readonly maxHandoffs: number;
  readonly maxRepeats: number;
  readonly returns: boolean;
}

/** An agent where it stands: who is in control, and on whose behalf. */
export interface Speaking {
  readonly plan: AgentPlan;
  readonly at: PlanAt;
  readonly node: AgentNode | undefined;
  readonly agent: Versioned<AgentDefinition>;
  /** The agents of this conversation, first to current. */
  readonly own: readonly Hop[];
  /** Those who delegated it, and then its own. */
  readonly chain: readonly Hop[];
}

export const hopOf = (agent: Versioned<AgentDefinition>): Hop => ({
  agent: agent.definition.name,
  digest: agent.digest,
});

export function agentOf(bill: BillOfMaterials, name: string): Versioned<AgentDefinition> {
  const agent = bill.agents.get(name);
  if (!agent) throw new Error(`the bill of ${bill.workflow.definition.name} lacks agent ${name}`);
  return agent;
}

/** Whom an agent may assign work to, and within what bounds. */
export interface Team {
  readonly workers: readonly string[];
  /** Turns in which it assigns. */
  readonly maxRounds: number;
  /** Results in a row that bring nothing new, after which only a new plan goes on. */
  readonly maxStalls: number;
  /** Workers at work at once. */
  readonly maxParallel: number;
  /** Characters of a result that it hears. */
  readonly maxResultChars: number;
  /** Limits of each piece of work. */
  readonly workerBudget?: RunBudget;
}

export const DEFAULT_PARALLEL = 8;
export const DEFAULT_RESULT_CHARS = 8_000;

/** A limit is told to the agent once, so that it can do otherwise; wanting the same again ends the node by its name. */
export function refusedBy(
  { at, node }: Speaking,
  call: string,
  fault: { readonly code: string; readonly message: string },
): Planned {
  const { code, message } = fault;
  if (node?.refused.has(code)) return failedAs(code, message);
  return { next: [{ type: 'reject_call', path: at.path, call, code, message }] };
}

/** The first words an agent hears: the input's `message` when it has nothing else, otherwise the whole input. */
export function openingText(input: JsonObject): string {
  const keys = Object.keys(input);
  const message = input['message'];
  return keys.length === 1 && typeof message === 'string' ? message : canonicalJson(input);
}
