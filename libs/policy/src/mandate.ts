import { canonicalJson, type Json, type JsonObject } from '@writ/kernel';
import { compareDecimals, follow, parsePointer, toDecimal, Unread } from '@writ/rules';
import type { DecisionRequest, MandateGrant } from './types';

/**
 * What of a request lies outside the run's mandate, in words; null when nothing does. A mandate speaks of tool calls
 * only: model calls, reads for a decision and handoffs give no right that a tool call would not need again.
 */
export function beyondMandate(request: DecisionRequest): string | null {
  const { mandate, action, object } = request;
  if (mandate === undefined || mandate === null || action !== 'tool.invoke') return null;
  const grants = mandate.tools.filter((grant) => grant.tool === object.id);
  if (grants.length === 0) return `the mandate does not name tool ${object.id}`;
  let first: string | null = null;
  for (const grant of grants) {
    const excess = beyondGrant(grant, request.args ?? {});
    if (excess === null) return null;
    first ??= excess;
  }
  return first;
}

/** An argument under a limit must be there: left out, it would be whatever the tool takes in its place. */
function beyondGrant(grant: MandateGrant, args: JsonObject): string | null {
  for (const [pointer, allowed] of Object.entries(grant.only ?? {})) {
    const value = at(args, pointer);
    if (value instanceof Unread) return `the mandate limits ${pointer}: ${value.reason}`;
    const text = canonicalJson(value);
    if (!allowed.some((one) => canonicalJson(one) === text))
      return `the mandate does not allow ${pointer} to be ${text}`;
  }
  for (const [pointer, most] of Object.entries(grant.atMost ?? {})) {
    const value = at(args, pointer);
    const amount = value instanceof Unread ? null : toDecimal(value);
    const limit = toDecimal(most);
    if (amount === null || limit === null) return `the mandate limits ${pointer} to ${most}, and it is not an amount`;
    if (compareDecimals(amount, limit) > 0) return `the mandate limits ${pointer} to ${most}`;
  }
  return null;
}

function at(args: JsonObject, pointer: string): Json | Unread {
  const steps = parsePointer(pointer);
  return steps === null ? new Unread('unknown', `${pointer} is no JSON pointer`) : follow(args, steps, pointer);
}
