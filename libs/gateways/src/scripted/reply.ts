import type { PlayedRequest, Turn } from './script';

export interface Played {
  readonly script: string;
  readonly index: number;
  readonly turn: Turn;
  readonly request: PlayedRequest;
  readonly requestBytes: number;
}

interface Message {
  readonly content: string | null;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly text: string }[];
}

/** Ids are made of the script and the turn, so that a turn played twice is the same turn. */
function messageOf({ script, index, turn }: Played): Message {
  return {
    content: turn.text ?? (turn.calls.length > 0 ? null : ''),
    calls: turn.calls.map((call, at) => ({
      id: `call_${script.replace(/[^A-Za-z0-9_-]/g, '_')}_${index}_${at}`,
      name: call.name,
      text: call.arguments_text ?? JSON.stringify(call.arguments),
    })),
  };
}

const finishOf = ({ turn }: Played): string => turn.finish ?? (turn.calls.length > 0 ? 'tool_calls' : 'stop');

function usageOf({ turn, requestBytes }: Played, message: Message) {
  const said = (message.content ?? '').length + message.calls.reduce((sum, { text }) => sum + text.length, 0);
  const input = turn.usage?.input ?? Math.ceil(requestBytes / 4);
  const output = turn.usage?.output ?? Math.ceil(said / 4) + 1;
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: turn.usage?.cached ?? 0 },
  };
}

const toolCall = ({ id, name, text }: Message['calls'][number]) => ({
  id,
  type: 'function',
  function: { name, arguments: text },
});

const base = ({ script, index, request }: Played) => ({
  id: `chatcmpl-${script}-${index}`,
  created: Math.floor(Date.now() / 1000),
  model: request.model,
});

/** A whole `chat.completion`. */
export function completion(played: Played): string {
  const message = messageOf(played);
  return JSON.stringify({
    ...base(played),
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: message.content,
          ...(message.calls.length > 0 && { tool_calls: message.calls.map(toolCall) }),
        },
        finish_reason: finishOf(played),
      },
    ],
    usage: usageOf(played, message),
  });
}

const PIECE = 24;

function* pieces(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += PIECE) yield text.slice(at, at + PIECE);
}

/** The same reply as the data lines of a stream, ending in `[DONE]`. */
export function completionChunks(played: Played): string[] {
  const message = messageOf(played);
  const chunk = (delta: object, finish: string | null = null): string =>
    JSON.stringify({
      ...base(played),
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, finish_reason: finish }],
    });
  const chunks = [chunk({ role: 'assistant', content: message.calls.length > 0 ? null : '' })];
  for (const content of pieces(message.content ?? '')) chunks.push(chunk({ content }));
  message.calls.forEach((call, index) => {
    const opening = { id: call.id, type: 'function', function: { name: call.name, arguments: '' } };
    chunks.push(chunk({ tool_calls: [{ index, ...opening }] }));
    for (const part of pieces(call.text))
      chunks.push(chunk({ tool_calls: [{ index, function: { arguments: part } }] }));
  });
  chunks.push(chunk({}, finishOf(played)));
  if (played.request.stream_options?.include_usage === true) {
    const object = 'chat.completion.chunk';
    chunks.push(JSON.stringify({ ...base(played), object, choices: [], usage: usageOf(played, message) }));
  }
  return [...chunks, '[DONE]'];
}
