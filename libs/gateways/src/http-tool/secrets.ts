import { type Json, ok, refuse, type Result } from '@writ/kernel';
import type { HttpService } from '../types';
import { isFieldValue } from './build-request';

type Environment = { readonly [name: string]: string | undefined };

/** Shorter than this, blanking it out of an answer would blank ordinary words, and it protects nothing anyway. */
const SHORTEST = 8;
const BLANK = '[redacted]';

/** The secrets of one call: the headers they go out in, and how to take them out of what comes back. */
export interface Secrets {
  readonly headers: { readonly [name: string]: string };
  /** Text without them, wherever they stand in it. */
  scrubText(text: string): string;
  /** JSON without them, in its members' names as well. */
  scrub(value: Json): Json;
}

/**
 * Reads a service's secret headers, each time anew, so that a rotated secret needs no restart. Refuses a variable that
 * the operator lets go nowhere or elsewhere, one that is not set, and a value that is no header. The refusal names the
 * variable, never the value.
 *
 * INVARIANT: a secret leaves only towards an origin that the operator listed it for. Whoever may publish a tool could
 * otherwise name any variable of this process, and an address of their own.
 */
export function readSecrets(service: HttpService, env: Environment, allowed: ReadonlySet<string>): Result<Secrets> {
  const headers: Record<string, string> = {};
  for (const [header, variable] of Object.entries(service.headersEnv)) {
    if (!allowed.has(variable)) {
      return no('tool_secret_not_allowed', `${variable} may not be sent to ${service.origin}`, {
        next: `the operator can let it: WRIT_EGRESS="… ${service.origin};secret=${variable}"`,
        variable,
      });
    }
    const value = env[variable];
    const next = `set ${variable} where the worker runs`;
    if (value === undefined || value === '')
      return no('tool_secret_missing', `${variable} is not set`, { next, variable });
    if (value.length < SHORTEST || !isFieldValue(value)) {
      const why = `${variable} is shorter than ${SHORTEST} characters, or not printable ASCII`;
      return no('tool_secret_unusable', why, { next, variable });
    }
    headers[header] = value;
  }
  const parts = Object.values(headers).flatMap(partsOf);
  return ok({ headers, scrubText: (text) => scrubText(text, parts), scrub: (value) => scrub(value, parts) });
}

function no(code: string, why: string, { next, variable }: { readonly next: string; readonly variable: string }) {
  return refuse({ code, class: 'permanent' as const, message: why, next, details: { variable } });
}

/** A value and the parts of it that another side may quote alone: the token after `Bearer`, what `Basic` hides. */
function partsOf(value: string): string[] {
  const words = value.split(' ').filter((word) => word.length >= SHORTEST);
  const basic = /^Basic +(\S+)$/i.exec(value)?.[1];
  const pair = basic === undefined ? '' : Buffer.from(basic, 'base64').toString('utf8');
  const inside = [pair, pair.slice(pair.indexOf(':') + 1)].filter((one) => one.length >= SHORTEST);
  return [...new Set([value, ...words, ...inside])].sort((a, b) => b.length - a.length);
}

const scrubText = (text: string, parts: readonly string[]): string =>
  parts.reduce((clean, part) => clean.replaceAll(part, BLANK), text);

function scrub(value: Json, parts: readonly string[]): Json {
  if (parts.length === 0) return value;
  if (typeof value === 'string') return scrubText(value, parts);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => scrub(item, parts));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [scrubText(name, parts), scrub(member as Json, parts)]),
  );
}
