import type { IncomingMessage } from 'node:http';
import { redactText } from '@writ/telemetry';
import { readDecoded } from '../http/body';
import { failed } from '../outcome';
import { toolReply, tooLarge } from '../tools/content';
import type { CallOutcome, ToolReply } from '../types';
import type { Secrets } from './secrets';

const JSON_TYPE = /^application\/([a-z0-9.+-]+\+)?json$/;
const TEXT_TYPE = /^text\/[a-z0-9.+-]+$/;
const CHARSETS: ReadonlySet<string> = new Set(['', 'utf-8', 'utf8', 'us-ascii']);

export interface Reading {
  readonly maxBytes: number;
  readonly secrets: Secrets;
}

/** An answer, or the connection that ended before it did. */
export type Answer = CallOutcome<ToolReply> | { readonly kind: 'cut'; readonly code: string };

const unreadable = (why: string) =>
  failed({
    code: 'tool_result_unreadable',
    class: 'permanent',
    landed: 'yes',
    message: `the service's answer cannot be read: ${why}`,
  });

/**
 * Reads a good answer: JSON or text in UTF-8, up to `maxBytes` unpacked. Anything else is refused by its
 * type, whatever its bytes. The call's own secrets are blanked: a service that echoes its request tells nobody.
 */
export async function readAnswer(message: IncomingMessage, { maxBytes, secrets }: Reading): Promise<Answer> {
  const { type, charset } = mediaType(message.headers['content-type']);
  const body = await readDecoded(message, maxBytes);
  if (body.kind === 'cut') return { kind: 'cut', code: body.code };
  if (body.kind === 'too_large') return tooLarge(maxBytes);
  if (body.kind === 'undecodable') return unreadable('its content coding is not understood, or broken');
  if (body.bytes.length === 0) return toolReply(null, maxBytes);
  const asJson = JSON_TYPE.test(type);
  if (!asJson && !TEXT_TYPE.test(type)) {
    return unreadable(type === '' ? 'it does not say what it is' : 'it is neither JSON nor text');
  }
  if (!CHARSETS.has(charset)) return unreadable('it is not in UTF-8');
  const text = utf8(body.bytes);
  if (text === null) return unreadable('it says UTF-8 and is not');
  if (!asJson) return toolReply(secrets.scrubText(text), maxBytes);
  const value = parsed(text);
  if (value === undefined) return unreadable('it says JSON and is not, or is nested too deeply');
  const reply = toolReply(value, maxBytes);
  // Only now is its depth known to be one that a walk comes through.
  return reply.kind === 'ok' ? toolReply(secrets.scrub(reply.value.content), maxBytes) : reply;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text, exactNumber);
  } catch {
    return undefined;
  }
}

/** A whole number that a double cannot hold stays text: its digits are an id, and rounding makes it another one. */
function exactNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  return /^-?\d+$/.test(context?.source ?? '') ? context?.source : value;
}

function mediaType(header: string | undefined): { readonly type: string; readonly charset: string } {
  const [type = '', ...parameters] = (header ?? '').split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((one) => one.startsWith('charset='))?.slice('charset='.length) ?? '';
  return { type, charset: charset.replace(/^"(.*)"$/, '$1') };
}

function utf8(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Errors are short; more than this of one is not read. */
const MAX_ERROR_BYTES = 65_536;
const MAX_QUOTE = 1_000;

/** What an error says of itself, as one safe line; empty for what is neither JSON nor plain text. */
export async function readError(message: IncomingMessage, secrets: Secrets): Promise<string> {
  const { type } = mediaType(message.headers['content-type']);
  const body = await readDecoded(message, MAX_ERROR_BYTES);
  if (body.kind !== 'whole' || !(JSON_TYPE.test(type) || type === 'text/plain')) return '';
  const text = utf8(body.bytes) ?? '';
  return redactText(secrets.scrubText(sentenceIn(text)))
    .replace(/\p{Cc}+/gu, ' ')
    .toWellFormed()
    .trim()
    .slice(0, MAX_QUOTE);
}

/** The members that errors keep their sentence in (RFC 9457 `detail` and `title` among them); else the text itself. */
function sentenceIn(text: string): string {
  try {
    const value = JSON.parse(text) as { readonly [member: string]: unknown } | null;
    const inner = (value?.['error'] ?? value) as { readonly [member: string]: unknown } | string | null;
    if (typeof inner === 'string') return inner;
    const found = [inner?.['message'], inner?.['detail'], inner?.['title']].find((one) => typeof one === 'string');
    return typeof found === 'string' ? found : text;
  } catch {
    return text;
  }
}
