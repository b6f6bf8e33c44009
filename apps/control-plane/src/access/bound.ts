import { canonicalJson, type Json, type JsonObject } from '@writ/kernel';
import type { BoundQuestion } from '@writ/policy';
import type { Question } from './questions';

/** Members of a context that the protocol puts there, or that differ between two askings of the same. */
const MACHINERY: ReadonlySet<string> = new Set([
  'access_request',
  'approval',
  'evaluated_at',
  'evaluation_id',
  'obligations_supported',
  'reason',
  'time',
]);

/** Where whoever asks says why, for people: no part of what is asked. */
const WHY = 'business_justification';

/** A question as a denial of it, a request about it and an approval of it are held to it. */
export function boundQuestion({ subject, action, resource, context = {} }: Question): BoundQuestion {
  const kept = Object.entries(context).filter(([name]) => !MACHINERY.has(name) && name !== WHY);
  return {
    subject: withoutAgents(subject),
    action: { ...action },
    resource: { ...resource },
    context: Object.fromEntries(kept) as JsonObject,
  };
}

/** The agents that act may be named elsewhere: the subject is who it is without them. */
function withoutAgents({ type, id, properties }: Question['subject']): JsonObject {
  const { act: _act, ...rest } = properties ?? {};
  return Object.keys(rest).length === 0 ? { type, id } : { type, id, properties: rest };
}

/** Whether a request is about what was denied: nothing of it is changed or left out, and something may stand beside. */
export function isAbout(asked: Question, denied: BoundQuestion): boolean {
  const now = boundQuestion(asked);
  const same = (a: Json | undefined, b: Json | undefined): boolean =>
    a !== undefined && b !== undefined && canonicalJson(a) === canonicalJson(b);
  return (
    same(now.subject, denied.subject) &&
    same(now.action, denied.action) &&
    same(now.resource, denied.resource) &&
    Object.entries(denied.context).every(([name, value]) => same(now.context[name], value))
  );
}

/** The approval that a question presents; null where it presents none. */
export function presented({ context }: Question): string | null {
  const approval = context?.['approval'];
  if (typeof approval !== 'object' || approval === null || Array.isArray(approval)) return null;
  const { id } = approval as { readonly id?: unknown };
  return typeof id === 'string' ? id : '';
}

/** Why it is wanted, as it was said; cut where nobody would read on. */
export function justification({ context }: Question): string {
  const why = context?.[WHY];
  return typeof why === 'string' ? why.slice(0, 2_000) : '';
}
