import { redactText } from '@writ/telemetry';
import { failed } from '../outcome';
import { toolReply } from '../tools/content';
import type { CallOutcome, ToolReply } from '../types';

/** The part of a `tools/call` result that is read. */
export interface CallResult {
  readonly content?: readonly { readonly type: string; readonly text?: string }[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean | undefined;
}

const MAX_ERROR_TEXT = 2_000;

/**
 * Text as JSON where it is JSON. A lone number that would not read back as it was written (a long id, `1.0`) stays text:
 * its digits are its meaning.
 */
function read(text: string): unknown {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'number' && String(value) !== text.trim() ? text : value;
  } catch {
    return text;
  }
}

function contentOf(result: CallResult): unknown {
  if (result.structuredContent !== undefined) return result.structuredContent;
  const blocks = result.content ?? [];
  if (blocks.length === 0) return null;
  const texts = blocks.flatMap((block) => (block.type === 'text' ? [block.text ?? ''] : []));
  if (texts.length < blocks.length) return blocks;
  return texts.length === 1 ? read(texts[0] ?? '') : texts.map(read);
}

/** Turns a tool's answer into what the agent is shown; an answer that says it is an error is a failure that landed. */
export function replyOf(result: CallResult, maxBytes: number): CallOutcome<ToolReply> {
  if (result.isError !== true) return toolReply(contentOf(result), maxBytes);
  const text = (result.content ?? []).map((block) => block.text ?? '').join('\n');
  const safe = redactText(text).replaceAll('\u0000', ' ').toWellFormed().slice(0, MAX_ERROR_TEXT);
  return failed({
    code: 'tool_reported_error',
    class: 'permanent',
    landed: 'yes',
    message: safe === '' ? 'the tool reports an error and says nothing of it' : safe,
  });
}
