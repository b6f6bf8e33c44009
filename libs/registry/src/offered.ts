import { canonicalJson, type JsonObject } from '@writ/kernel';
import { boardOffers } from './board-offers';
import type { AgentDefinition, BillOfMaterials } from './definitions';
import type { OfferedTool } from './offered-tool';
import { handingOf } from './payload';

export const HANDOFF_PREFIX = 'handoff_to_';
/** An agent that is asked as a tool would be. */
export const CONSULT_PREFIX = 'ask_';
/** What a supervisor's model is offered beside its own tools. */
export const DELEGATE = 'delegate';
export const UPDATE_PLAN = 'update_plan';

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

const CONSULT_PARAMETERS: JsonObject = {
  type: 'object',
  properties: {
    task: {
      type: 'string',
      minLength: 1,
      maxLength: 8000,
      description: 'What is asked, with everything needed to answer: the other agent hears nothing else.',
    },
  },
  required: ['task'],
  additionalProperties: false,
};

/**
 * The functions one turn of an agent offers its model, in the definition's order: its tools, what its workflow lets it
 * share with others, the agents it may consult,
 * each as a function `ask_<agent>` taking `{task}`, then its handoffs, each as a function `handoff_to_<agent>` taking
 * `{reason, message}`; of an agent that publishes what it takes, that in place of a text. `peers` are the agents control may pass to where this
 * agent stands (the members of its swarm; none for an agent that stands alone); a handoff to anyone else is left out.
 * An offer grants nothing: each call is decided when it is made.
 * INVARIANT: `parameters` is the same object for the same bill each time; a validator is compiled once per object.
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
        parameters: peer.takes ? handingOf(peer.takes).handoff : HANDOFF_PARAMETERS,
        means: { type: 'handoff', to },
      };
    });
  const consults = (agent.consults ?? []).map((name): OfferedTool => {
    const other = bill.agents.get(name)?.definition;
    if (!other) throw new Error(`the bill of ${bill.workflow.definition.name} lacks agent ${name}`);
    return {
      name: `${CONSULT_PREFIX}${name}`,
      description: `Ask the agent "${name}" and get its answer: ${other.purpose}`,
      parameters: other.takes ? handingOf(other.takes).consult : CONSULT_PARAMETERS,
      means: { type: 'consult', agent: name },
    };
  });
  return [...tools, ...boardOffers(agent.name, bill.workflow.definition), ...consults, ...handoffs];
}

const TASK_STATUSES = ['open', 'done', 'failed', 'dropped'] as const;

const DELEGATE_PARAMETERS: JsonObject = {
  type: 'object',
  properties: {
    worker: { type: 'string', minLength: 1, maxLength: 64, description: 'Name of the worker.' },
    task: {
      type: 'string',
      minLength: 1,
      maxLength: 200,
      description: 'Id of the task in your plan, or its title.',
    },
    brief: {
      type: 'string',
      minLength: 1,
      maxLength: 8000,
      description: 'Everything the worker needs: it hears nothing else of this conversation.',
    },
  },
  required: ['worker', 'task', 'brief'],
  additionalProperties: false,
};

const UPDATE_PLAN_PARAMETERS: JsonObject = {
  type: 'object',
  properties: {
    tasks: {
      type: 'array',
      maxItems: 100,
      items: {
        type: 'object',
        properties: {
          id: { type: 'string', minLength: 1, maxLength: 200 },
          title: { type: 'string', maxLength: 1000 },
          worker: { type: 'string', maxLength: 64 },
          status: { type: 'string', enum: [...TASK_STATUSES] },
        },
        required: ['id', 'title', 'status'],
        additionalProperties: false,
      },
    },
    facts: { type: 'array', maxItems: 100, items: { type: 'string', maxLength: 2000 } },
    reason: { type: 'string', maxLength: 1000, description: 'Why the plan is as it is now.' },
  },
  required: ['tasks', 'reason'],
  additionalProperties: false,
};

/**
 * What a supervisor's model is offered beside its agent's own functions. A worker's name is free text here: one that is
 * not among the workers is answered as an error turn, which says who they are.
 */
export function supervisorTools(workers: readonly string[], bill: BillOfMaterials): readonly OfferedTool[] {
  const known = workers
    .map((name) => {
      const { purpose = '', takes } = bill.agents.get(name)?.definition ?? {};
      const shape = takes && ` (its brief is JSON of the shape ${canonicalJson(takes as JsonObject)})`;
      return `${name}: ${purpose}${shape ?? ''}`;
    })
    .join('; ');
  return [
    {
      name: DELEGATE,
      description: `Give one task to a worker and get its result. Several in one turn are done side by side. Workers: ${known}`,
      parameters: DELEGATE_PARAMETERS,
      means: { type: 'delegate' },
    },
    {
      name: UPDATE_PLAN,
      description: 'Write down the tasks and what is known so far; call it again whenever the plan changes.',
      parameters: UPDATE_PLAN_PARAMETERS,
      means: { type: 'update_plan' },
    },
  ];
}
