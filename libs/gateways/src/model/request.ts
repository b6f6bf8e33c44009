import type { JsonObject } from '@writ/kernel';
import type { ChatMessage, ToolSpec } from '../types';

export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly ToolSpec[];
  /** Vendor parameters (`temperature`, `max_tokens`, …); they cannot override the model, messages or tools. */
  readonly parameters?: JsonObject;
}

function message(from: ChatMessage): JsonObject {
  switch (from.role) {
    case 'system':
    case 'user':
      return { role: from.role, content: from.content };
    case 'tool':
      return { role: 'tool', tool_call_id: from.callId, content: from.content };
    case 'assistant':
      return {
        role: 'assistant',
        content: from.content,
        ...(from.toolCalls.length > 0 && {
          tool_calls: from.toolCalls.map((call) => ({
            id: call.callId,
            type: 'function',
            function: { name: call.name, arguments: call.argumentsText },
          })),
        }),
      };
  }
}

/**
 * The body of an OpenAI chat completion. It is made before the decision, because these bytes are what is decided, and
 * the provider sends exactly them.
 */
export function chatRequest(from: ChatRequest): JsonObject {
  const tools = from.tools ?? [];
  return {
    ...from.parameters,
    model: from.model,
    messages: from.messages.map(message),
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, parameters }) => ({
        type: 'function',
        function: { name, description, parameters },
      })),
    }),
  };
}
