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

const unencodable = (what: string) =>
  failed({
    code: 'tool_result_unencodable',
    class: 'permanent',
    landed: 'yes',
    message: `the tool's result cannot be stored as JSON: ${what}`,
  });

/** Deeper than the canonical writer goes. */
const MAX_DEPTH = 257;

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  // A plain object of another realm has that realm's Object.prototype: what counts is that nothing stands above it.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};

/**
 * Finds what JSON would quietly change: a Date, a Map, an instance of a class. Depth is bounded by the canonical writer,
 * which refuses cycles with it.
 */
function unfaithful(value: unknown, depth = 0): string | null {
  if (value === null || typeof value !== 'object' || depth > MAX_DEPTH) return null;
  if (!Array.isArray(value) && !isPlain(value)) return `a ${value.constructor?.name ?? 'class instance'}`;
  for (const member of Object.values(value)) {
    const found = unfaithful(member, depth + 1);
    if (found !== null) return found;
  }
  return null;
}

/**
 * What a tool returned, as JSON that can be hashed and stored. A value with NUL, lone surrogates, functions, cycles or
 * non-finite numbers is refused whole: two readers of one hash must see one value.
 */
export function toolReply(value: unknown, maxBytes: number): CallOutcome<ToolReply> {
  const foreign = unfaithful(value);
  if (foreign !== null) return unencodable(foreign);
  let text: string;
  try {
    text = canonicalJson(value ?? null);
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error;
    return unencodable(error.message);
  }
  if (Buffer.byteLength(text) > maxBytes) return tooLarge(maxBytes);
  return { kind: 'ok', value: { content: JSON.parse(text) as Json, text } };
}
