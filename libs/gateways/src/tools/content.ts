import { CanonicalError, canonicalJson, type Json } from '@writ/kernel';
import { failed } from '../outcome';
import type { CallOutcome, ToolReply } from '../types';

export const tooLarge = (maxBytes: number) =>
  failed({
    code: 'tool_result_too_large',
    class: 'permanent',
    landed: 'yes',
    message: `the tool's result is larger than ${maxBytes} bytes`,
    next: 'ask the tool for less, or raise max_bytes in its definition',
    details: { max_bytes: maxBytes },
  });

/**
 * What a tool returned, as JSON that can be hashed and stored. A value with NUL, lone surrogates, functions, cycles or
 * non-finite numbers is refused whole: two readers of one hash must see one value.
 */
export function toolReply(value: unknown, maxBytes: number): CallOutcome<ToolReply> {
  let text: string;
  try {
    text = canonicalJson(value ?? null);
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error;
    return failed({
      code: 'tool_result_unencodable',
      class: 'permanent',
      landed: 'yes',
      message: `the tool's result cannot be stored as JSON: ${error.message}`,
    });
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) return tooLarge(maxBytes);
  return { kind: 'ok', value: { content: JSON.parse(text) as Json, bytes } };
}
