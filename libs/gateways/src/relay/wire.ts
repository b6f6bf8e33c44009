import type { Failure, Json, JsonObject } from '@writ/kernel';
import type { ModelReply } from '../types';

/** What of a request to a model a framework may say itself; everything else is the model definition's. */
const TAKEN = [
  'messages',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'temperature',
  'top_p',
  'stop',
  'seed',
  'max_tokens',
  'max_completion_tokens',
] as const;

/** A chat-completions request as it is asked of the run; null for what is none. */
export function modelAsked(body: unknown): JsonObject | null {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return null;
  const given = body as { readonly [name: string]: Json };
  if (!Array.isArray(given['messages'])) return null;
  return Object.fromEntries(TAKEN.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])));
}

/** A reply in the vendor's form. `created` in seconds. */
export function completion(
  reply: ModelReply,
  { id, created }: { readonly id: string; readonly created: number },
): JsonObject {
  const { inputTokens, outputTokens, cachedTokens } = reply.usage;
  const calls = reply.toolCalls.map(({ callId, name, argumentsText }) => ({
    id: callId,
    type: 'function',
    function: { name, arguments: argumentsText },
  }));
  return {
    id,
    object: 'chat.completion',
    created,
    model: reply.model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: reply.content, ...(calls.length > 0 && { tool_calls: calls }) },
        finish_reason: reply.finish,
      },
    ],
    usage: {
      prompt_tokens: inputTokens,
      completion_tokens: outputTokens,
      total_tokens: inputTokens + outputTokens,
      prompt_tokens_details: { cached_tokens: cachedTokens },
    },
  };
}

/** The same reply for whoever asked for a stream: whole, in one piece, since it is recorded before anybody hears it. */
export function asStream(whole: JsonObject): string {
  const { choices, usage, ...head } = whole as { choices: readonly JsonObject[]; usage: Json };
  const [choice] = choices;
  const { message, finish_reason } = choice as { message: JsonObject; finish_reason: Json };
  const calls = (message['tool_calls'] as readonly JsonObject[] | undefined)?.map((call, index) => ({
    index,
    ...call,
  }));
  const chunk = (part: JsonObject): string =>
    `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', ...part })}\n\n`;
  const delta = { ...message, ...(calls && { tool_calls: calls }) };
  return [
    chunk({ choices: [{ index: 0, delta, finish_reason: null }] }),
    chunk({ choices: [{ index: 0, delta: {}, finish_reason }], usage }),
    'data: [DONE]\n\n',
  ].join('');
}

/** A refusal in the vendor's form. Clients must not try these again: the run has done what trying again can do. */
export const refusal = ({ code, class: kind }: Failure, message: string): JsonObject => ({
  error: { message, type: kind, code, param: null },
});
