import { canonicalJson, type Json, type JsonObject, type ToolGrant } from '@writ/kernel';
import { compareDecimals, follow, parsePointer, toDecimal, Unread } from '@writ/rules';
import type { DecisionRequest } from './types';

/**
 * What of a request lies outside the run's mandate, in words; null when nothing does. A mandate speaks of tool calls
 * only: model calls, reads for a decision and handoffs give no right that a tool call would not need again.
 */
export function beyondMandate(request: DecisionRequest): string | null {
  const { mandate } = request;
  return mandate === undefined || mandate === null ? null : beyondTools(mandate.tools, request, 'the mandate');
}

/** What of a tool call a list of grants does not cover, in words; `of` names the list in them. */
export function beyondTools(
  tools: readonly ToolGrant[],
  { action, object, args = {} }: Pick<DecisionRequest, 'action' | 'object' | 'args'>,
  of: string,
): string | null {
  if (action !== 'tool.invoke') return null;
  let first: string | null = null;
  for (const grant of tools) {
    if (grant.tool !== object.id) continue;
    const excess = beyondGrant(grant, args, of);
    if (excess === null) return null;
    first ??= excess;
  }
  return first ?? `${of} does not name tool ${object.id}`;
}

/** An argument under a limit must be there: left out, it would be whatever the tool takes in its place. */
function beyondGrant(grant: ToolGrant, args: JsonObject, of: string): string | null {
  for (const [pointer, allowed] of Object.entries(grant.only ?? {})) {
    const value = at(args, pointer);
    if (value instanceof Unread) return `${of} limits ${pointer}: ${value.reason}`;
    const text = canonicalJson(value);
    if (!allowed.some((one) => canonicalJson(one) === text)) return `${of} does not allow ${pointer} to be ${text}`;
  }
  for (const [pointer, most] of Object.entries(grant.atMost ?? {})) {
    const value = at(args, pointer);
    const amount = value instanceof Unread ? null : toDecimal(value);
    const limit = toDecimal(most);
    if (amount === null || limit === null) return `${of} limits ${pointer} to ${most}, and it is not an amount`;
    if (compareDecimals(amount, limit) > 0) return `${of} limits ${pointer} to ${most}`;
  }
  return null;
}

function at(args: JsonObject, pointer: string): Json | Unread {
  const steps = parsePointer(pointer);
  return steps === null ? new Unread('unknown', `${pointer} is no JSON pointer`) : follow(args, steps, pointer);
}
