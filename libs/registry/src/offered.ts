import type { JsonObject } from '@writ/kernel';
import type { AgentDefinition, BillOfMaterials } from './definitions';

/** One function as a model is offered it, and what a call of it means to the engine. */
export interface OfferedTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly parameters: JsonObject;
  readonly means: { readonly type: 'tool'; readonly tool: string } | { readonly type: 'handoff'; readonly to: string };
}

export const HANDOFF_PREFIX = 'handoff_to_';

/** What every vendor's function names have in common; a longer or dotted name is refused at publish. */
export const FUNCTION_NAME = /^[a-zA-Z0-9_-]{1,64}$/;

const HANDOFF_PARAMETERS: JsonObject = {
  type: 'object',
  properties: {
    reason: { type: 'string', minLength: 1, maxLength: 500, description: 'Why the other agent should take over.' },
    message: { type: 'string', maxLength: 8000, description: 'What the other agent needs to know to go on.' },
  },
  required: ['reason', 'message'],
  additionalProperties: false,
};

/**
 * The functions one turn of an agent offers its model, in the definition's order: its tools, then its handoffs, each as
 * a function `handoff_to_<agent>` taking `{reason, message}`. `peers` are the agents control may pass to where this
 * agent stands (the members of its swarm; none for an agent that stands alone); a handoff to anyone else is left out.
 * An offer grants nothing: each call is decided when it is made.
 */
export function offeredTools(
  agent: AgentDefinition,
  bill: BillOfMaterials,
  peers: ReadonlySet<string> = new Set(bill.agents.keys()),
): readonly OfferedTool[] {
  const tools = agent.tools.map((name): OfferedTool => {
    const tool = bill.tools.get(name)?.definition;
    if (!tool)
      throw new Error(`the bill of ${bill.workflow.definition.name} lacks tool ${name} of agent ${agent.name}`);
    return {
      name,
      description: tool.description,
      parameters: tool.input as JsonObject,
      means: { type: 'tool', tool: name },
    };
  });
  const handoffs = agent.handoffs
    .filter((to) => to !== agent.name && peers.has(to))
    .map((to): OfferedTool => {
      const peer = bill.agents.get(to)?.definition;
      if (!peer) throw new Error(`the bill of ${bill.workflow.definition.name} lacks agent ${to}`);
      return {
        name: `${HANDOFF_PREFIX}${to}`,
        description: `Hand the conversation over to the agent "${to}": ${peer.purpose}`,
        parameters: HANDOFF_PARAMETERS,
        means: { type: 'handoff', to },
      };
    });
  return [...tools, ...handoffs];
}
