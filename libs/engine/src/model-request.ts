import type { Json, JsonObject } from '@writ/kernel';
import type { ChatMessage } from '@writ/gateways';
import type { BillOfMaterials, ModelDefinition, Versioned } from '@writ/registry';
import { messageHeard, openingHeard } from './guard/crossing';
import type { CallModel } from './next-step';
import type { RunState } from './state';

/** Tokens reserved for an answer when the model's parameters set no limit of their own. */
const DEFAULT_ANSWER_TOKENS = 1024;
/** Rough size of a token in characters; the reservation errs on the high side, the settlement is exact. */
const CHARACTERS_PER_TOKEN = 3;

export interface BuiltRequest {
  readonly model: Versioned<ModelDefinition>;
  readonly request: JsonObject;
}

/**
 * The request of one model turn in the OpenAI chat-completions shape: the agent's own instructions, the opening words,
 * the conversation so far. Rebuilt from state at each attempt, so the journal keeps only its digest.
 */
export function modelRequest(
  bill: BillOfMaterials,
  state: RunState,
  { act, user }: { readonly act: CallModel; readonly user: string },
): BuiltRequest {
  const agent = act.agent.definition;
  const model = bill.models.get(agent.model);
  if (!model) throw new Error(`the bill lacks model ${agent.model}`);
  const messages: Json[] = [
    { role: 'system', content: agent.instructions },
    { role: 'user', content: state.guards ? openingHeard(state, act) : act.opening },
    ...heardIn(state, act).map(wireMessage),
  ];
  const tools = act.offers.map((tool): Json => ({
    type: 'function',
    function: { name: tool.name, description: tool.description, parameters: tool.parameters },
  }));
  return {
    model,
    request: {
      ...(model.definition.parameters as JsonObject),
      model: model.definition.model,
      messages,
      ...(tools.length > 0 && { tools }),
      ...(act.schema && { response_format: formatOf(agent.name, act.schema) }),
      user,
    },
  };
}

/** The conversation as the agent may hear it. */
function heardIn(state: RunState, act: CallModel): readonly ChatMessage[] {
  const messages = state.agents.get(act.path)?.messages.slice(act.from) ?? [];
  return state.guards ? messages.map((_message, i) => messageHeard(state, act, act.from + i)) : messages;
}

/** Asks the vendor for the shape as well; the answer is checked here all the same. */
const formatOf = (agent: string, schema: JsonObject): Json => ({
  type: 'json_schema',
  json_schema: { name: agent.replace(/[^a-zA-Z0-9_-]/g, '_'), schema },
});

function wireMessage(message: ChatMessage): Json {
  if (message.role === 'tool') return { role: 'tool', tool_call_id: message.callId, content: message.content };
  if (message.role !== 'assistant') return { role: message.role, content: message.content };
  return {
    role: 'assistant',
    content: message.content,
    ...(message.toolCalls.length > 0 && {
      tool_calls: message.toolCalls.map((call) => ({
        id: call.callId,
        type: 'function',
        function: { name: call.name, arguments: call.argumentsText },
      })),
    }),
  };
}

/** Upper bound of what a call may cost, in tokens: reserved before, settled after (I13). */
export function reservation(requestText: string, request: JsonObject): number {
  const limit = request['max_completion_tokens'] ?? request['max_tokens'];
  const answer = typeof limit === 'number' ? limit : DEFAULT_ANSWER_TOKENS;
  return Math.ceil(requestText.length / CHARACTERS_PER_TOKEN) + answer;
}
