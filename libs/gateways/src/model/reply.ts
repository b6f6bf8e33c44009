import { ok, refuse, type Result } from '@writ/kernel';
import { z } from 'zod';
import { eventData } from '../http/sse';
import type { ModelReply, ToolRequest } from '../types';

/** Why an answer with status 200 is no reply. */
export type ReplyFault = { readonly code: string; readonly reason: string };

const count = z.number().int().min(0).catch(0);
const Usage = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  prompt_tokens_details: z.object({ cached_tokens: count }).nullish(),
});
const WholeCall = z.object({
  id: z.string().min(1),
  function: z.object({ name: z.string().min(1), arguments: z.string() }),
});
const Whole = z.object({
  model: z.string().nullish(),
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullish(), tool_calls: z.array(WholeCall).nullish() }),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1),
  usage: Usage.nullish(),
});
const Chunk = z.object({
  model: z.string().nullish(),
  choices: z.array(
    z.object({
      delta: z
        .object({
          content: z.string().nullish(),
          tool_calls: z
            .array(
              z.object({
                index: z.number().int().min(0).max(255),
                id: z.string().nullish(),
                function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
              }),
            )
            .nullish(),
        })
        .nullish(),
      finish_reason: z.string().nullish(),
    }),
  ),
  usage: Usage.nullish(),
});

const FINISH: { readonly [reason: string]: ModelReply['finish'] } = {
  stop: 'stop',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  length: 'length',
  content_filter: 'content_filter',
};

/** Tokens when the vendor reports none: a token is rarely longer than four bytes of UTF-8, so a budget is still charged. */
const estimated = (text: string): number => Math.ceil(Buffer.byteLength(text) / 4);

interface Gathered {
  readonly content: string | null;
  readonly toolCalls: readonly ToolRequest[];
  readonly finish: string | null | undefined;
  readonly model: string | null | undefined;
  readonly usage: z.infer<typeof Usage> | null | undefined;
}

/** Some endpoints answer 200 and put the refusal in the body. */
const isVendorError = (value: unknown): boolean =>
  typeof (value as { error?: unknown } | null)?.error === 'object' && (value as { error: unknown }).error !== null;

const fault = (code: string, reason: string): Result<never, ReplyFault> => refuse({ code, reason });

function json(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
}

function finished(gathered: Gathered, requestText: string): Result<ModelReply, ReplyFault> {
  const { toolCalls, usage } = gathered;
  // Streams open with an empty text where a whole reply has none.
  const content = gathered.content === '' && toolCalls.length > 0 ? null : gathered.content;
  const ids = new Set(toolCalls.map((call) => call.callId));
  if (ids.size < toolCalls.length) return fault('model_reply_malformed', 'two tool calls share one id');
  if (toolCalls.some((call) => call.callId === '' || call.name === '')) {
    return fault('model_reply_malformed', 'a tool call has no id or no name');
  }
  const reason = toolCalls.length > 0 ? 'tool_calls' : (FINISH[gathered.finish ?? ''] ?? 'stop');
  if (reason === 'tool_calls' && toolCalls.length === 0) {
    return fault('model_reply_malformed', 'the model says it calls tools and names none');
  }
  const parts = [content ?? '', ...toolCalls.flatMap((call) => [call.callId, call.name, call.argumentsText])];
  // Postgres text holds no NUL and UTF-8 no lone surrogate: such a reply could not be journalled, so nobody acts on it.
  if (parts.some((part) => part.includes('\u0000') || !part.isWellFormed())) {
    return fault('model_reply_unencodable', 'the reply holds a NUL character or a lone surrogate');
  }
  return ok({
    content,
    toolCalls,
    finish: gathered.finish === 'length' || gathered.finish === 'content_filter' ? gathered.finish : reason,
    model: gathered.model ?? '',
    usage: usage
      ? {
          inputTokens: usage.prompt_tokens,
          outputTokens: usage.completion_tokens,
          cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
        }
      : { inputTokens: estimated(requestText), outputTokens: estimated(parts.join('')), cachedTokens: 0 },
  });
}

/** Reads a whole `chat.completion` object. */
export function readReply(text: string, requestText: string): Result<ModelReply, ReplyFault> {
  if (text.trim() === '') return fault('model_reply_empty', 'the body is empty');
  const parsed = json(text);
  if (!parsed) return fault('model_reply_not_json', 'the body is not JSON');
  if (isVendorError(parsed.value)) return fault('model_reply_error', 'the body is an error object');
  const whole = Whole.safeParse(parsed.value);
  const choice = whole.data?.choices[0];
  if (!whole.success || !choice) {
    const where = whole.error?.issues[0]?.path.join('/') ?? 'choices';
    return fault('model_reply_malformed', `the body is no chat completion, at /${where}`);
  }
  const calls = choice.message.tool_calls ?? [];
  return finished(
    {
      content: choice.message.content ?? null,
      toolCalls: calls.map(({ id, function: f }) => ({ callId: id, name: f.name, argumentsText: f.arguments })),
      finish: choice.finish_reason,
      model: whole.data.model,
      usage: whole.data.usage,
    },
    requestText,
  );
}

/**
 * Reads a stream of `chat.completion.chunk` events. The reply is whole once a finish reason has come; a stream that ends
 * without one is half a reply, however good it looks.
 */
export function readStream(text: string, requestText: string): Result<ModelReply, ReplyFault> {
  const events = eventData(text);
  if (events.length === 0) return fault('model_reply_empty', 'the stream holds no event');
  let content: string | null = null;
  let finish: string | null = null;
  let model: string | null = null;
  let usage: Gathered['usage'] = null;
  const calls: { id: string; name: string; text: string }[] = [];
  for (const data of events) {
    if (data === '[DONE]') break;
    const parsed = json(data);
    if (!parsed) return fault('model_reply_not_json', 'an event of the stream is not JSON');
    if (isVendorError(parsed.value)) return fault('model_reply_error', 'the stream ends in an error');
    const chunk = Chunk.safeParse(parsed.value);
    if (!chunk.success) return fault('model_reply_malformed', 'an event of the stream is no chat completion chunk');
    model ??= chunk.data.model ?? null;
    usage = chunk.data.usage ?? usage;
    const choice = chunk.data.choices[0];
    finish = choice?.finish_reason ?? finish;
    if (typeof choice?.delta?.content === 'string') content = (content ?? '') + choice.delta.content;
    for (const piece of choice?.delta?.tool_calls ?? []) {
      const call = (calls[piece.index] ??= { id: '', name: '', text: '' });
      call.id ||= piece.id ?? '';
      call.name ||= piece.function?.name ?? '';
      call.text += piece.function?.arguments ?? '';
    }
  }
  if (finish === null) return fault('model_stream_cut', 'the stream ended before the reply did');
  const toolCalls = Array.from(calls, (call) => ({
    callId: call?.id ?? '',
    name: call?.name ?? '',
    argumentsText: call?.text ?? '',
  }));
  return finished({ content, toolCalls, finish, model, usage }, requestText);
}
