import { canonicalJson, digestOf, type Json, type JsonObject } from '@writ/kernel';
import type { ChatMessage } from '@writ/gateways';
import { type DecisionRequest, guarding, type TenantAuthority } from '@writ/policy';
import type { ToolDefinition } from '@writ/registry';
import type { HeldRun } from '../held-run';
import type { Act, CallModel, RelayModel } from '../next-step';
import type { RunState } from '../state';
import { inputScope, isOwn, messageName, outputScope, relayScope } from './account';

type Boundary = NonNullable<NonNullable<DecisionRequest['guards']>['boundary']>;

/** One piece of content, by the name under which what is said of it is kept. */
export interface Content {
  readonly key: string;
  readonly value: Json;
}

/** What an act takes over a boundary. */
export interface Crossing {
  /** Null: a call that stays in this process and changes nothing outside. */
  readonly boundary: Boundary | null;
  readonly scope: string;
  /** Who is to hear it, or who sends it; of the answer of a run, all of its agents. */
  readonly agents: readonly string[];
  readonly agent: string | null;
  readonly tool: string | null;
  readonly content: readonly Content[];
}

/**
 * Everything that an act takes over a boundary of an agent or of the run; null for an act that takes nothing over one.
 * INVARIANT: an agent hears content by these acts and by no other: a turn of its model, one that its framework asks for, and
 * the call of that framework.
 */
export function crossingOf(held: HeldRun, authority: TenantAuthority, act: Act): Crossing | null {
  switch (act.type) {
    case 'call_model': {
      const { name } = act.agent.definition;
      const scope = inputScope(act.path, name);
      return {
        boundary: 'input',
        scope,
        agents: [name],
        agent: name,
        tool: null,
        content: heardIn(held.state, act, scope),
      };
    }
    case 'relay_model': {
      const { name } = act.agent.definition;
      const scope = relayScope(act.path, name);
      return { boundary: 'input', scope, agents: [name], agent: name, tool: null, content: relayed(act) };
    }
    case 'invoke_agent': {
      const { name } = act.agent.definition;
      const content = [{ key: nameOf(act.input), value: act.input }];
      return { boundary: 'input', scope: inputScope(act.path, name), agents: [name], agent: name, tool: null, content };
    }
    case 'invoke_tool': {
      const agent = act.chain.at(-1)?.agent ?? null;
      const agents = agent === null ? [] : [agent];
      const { definition } = act.tool;
      const content = [{ key: nameOf(act.args), value: act.args }];
      const at = { scope: outputScope(act.path), agents, agent, tool: definition.name };
      return leaves(authority, definition)
        ? { boundary: 'output', ...at, content }
        : { boundary: null, ...at, content: [] };
    }
    case 'give_answer': {
      const agents = [...held.planner.bill.agents.keys()];
      const content = [{ key: nameOf(act.output), value: act.output }];
      return { boundary: 'output', scope: outputScope(act.path), agents, agent: null, tool: null, content };
    }
    default:
      return null;
  }
}

/** A value by its digest: the same value is the same content, wherever it stands. */
export const nameOf = (value: Json): string =>
  `d:${digestOf(canonicalJson(value)).slice('sha256:'.length, 'sha256:'.length + 24)}`;

/** A call goes out when it is made over a wire, or when what it reaches is a way out. */
function leaves({ snapshot }: TenantAuthority, tool: ToolDefinition): boolean {
  if (tool.endpoint.type !== 'function') return true;
  const { flow } = snapshot ?? {};
  return flow
    ? flow.toolFacts(tool.name, tool).sink === 'egress'
    : (tool.flow?.sink ?? (tool.effect === 'read' ? 'read' : 'egress')) === 'egress';
}

/** What an agent is about to hear: the opening words, and all of the conversation that it did not say itself. */
function heardIn(state: RunState, { path, opening, from }: CallModel, scope: string): readonly Content[] {
  const messages = state.agents.get(path)?.messages ?? [];
  const heard: Content[] = [{ key: nameOf(opening), value: opening }];
  for (let i = from; i < messages.length; i++) {
    const key = messageName(i);
    if (!isOwn(state, scope, key)) heard.push({ key, value: spokenIn(messages[i]!) });
  }
  return heard;
}

/** The texts of a message. */
const spokenIn = (message: ChatMessage): Json =>
  message.role === 'assistant'
    ? [message.content ?? '', ...message.toolCalls.map(({ argumentsText }) => argumentsText)]
    : message.content;

const { cutOut } = guarding;

/** The opening words as an agent may hear them. */
export function openingHeard(state: RunState, { path, agent, opening }: CallModel): string {
  const cuts = state.guards?.cuts.get(inputScope(path, agent.definition.name))?.get(nameOf(opening));
  return cuts ? (cutOut(opening, cuts) as string) : opening;
}

/** A message as an agent may hear it. */
export function messageHeard(state: RunState, { path, agent }: CallModel, index: number): ChatMessage {
  const message = state.agents.get(path)!.messages[index]!;
  const cuts = state.guards?.cuts.get(inputScope(path, agent.definition.name))?.get(messageName(index));
  if (!cuts) return message;
  if (message.role !== 'assistant') return { ...message, content: cutOut(message.content, cuts) as string };
  const [content, ...calls] = cutOut(spokenIn(message), cuts) as string[];
  return {
    ...message,
    content: message.content === null ? null : content!,
    toolCalls: message.toolCalls.map((call, i) => ({ ...call, argumentsText: calls[i]! })),
  };
}

/** What a framework asks a model: each of its messages, and the rest as one. */
function relayed({ request }: RelayModel): readonly Content[] {
  const { messages } = request;
  const all = Array.isArray(messages) ? (messages as readonly Json[]) : [];
  const parts: Content[] = all.map((message) => ({ key: nameOf(message), value: saidIn(message) }));
  const other = besides(request);
  return Object.keys(other).length === 0 ? parts : [...parts, { key: nameOf(other), value: other }];
}

/** What a request holds beside its messages. The model it names is not what is asked: the definition says which. */
function besides({ messages, model: _model, ...rest }: JsonObject): JsonObject {
  return Array.isArray(messages) || messages === undefined ? rest : { ...rest, messages };
}

type Members = { readonly [name: string]: Json };
const isObject = (value: Json | undefined): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A message of a framework without what is no content: who speaks, and the ids of calls. */
function saidIn(message: Json): Json {
  if (!isObject(message)) return message;
  const { role: _role, tool_call_id: _id, tool_calls: calls, ...said } = message;
  return { ...said, ...(Array.isArray(calls) && { calls: (calls as readonly Json[]).map(argumentsOf) }) };
}

const argumentsOf = (call: Json): Json => {
  const asked = isObject(call) ? call['function'] : undefined;
  return isObject(asked) ? (asked['arguments'] ?? null) : null;
};

/** A framework's request as its model may hear it. */
export function requestHeard(state: RunState, { path, agent, request }: RelayModel): JsonObject {
  const cuts = state.guards?.cuts.get(relayScope(path, agent.definition.name));
  if (!cuts) return request;
  const other = besides(request);
  const made = cuts.get(nameOf(other));
  const rest = made ? { ...request, ...(cutOut(other, made) as JsonObject) } : request;
  const { messages } = request;
  if (!Array.isArray(messages)) return rest;
  const heard = (messages as readonly Json[]).map((message): Json => {
    const made = cuts.get(nameOf(message));
    if (!made) return message;
    const said = cutOut(saidIn(message), made);
    if (!isObject(message) || !isObject(said)) return said;
    const { calls, ...texts } = said;
    const given = message['tool_calls'];
    if (!Array.isArray(given) || !Array.isArray(calls)) return { ...message, ...texts };
    return {
      ...message,
      ...texts,
      tool_calls: given.map((call: Json, i) => withArguments(call, (calls as Json[])[i]!)),
    };
  });
  return { ...rest, messages: heard };
}

const withArguments = (call: Json, text: Json): Json =>
  isObject(call) && isObject(call['function']) ? { ...call, function: { ...call['function'], arguments: text } } : call;

/** A value that leaves, or that an agent's framework is given, without what was taken out of it. */
export function valueLeft<T extends Json>(state: RunState, scope: string, value: T): T {
  const cuts = state.guards?.cuts.get(scope);
  const made = cuts?.get(nameOf(value));
  return made ? (cutOut(value, made) as T) : value;
}
