import { type ParsedRequest, ROUTES } from '@writ/contract';
import { type Hop, type JsonObject, ok, refuse, type Result } from '@writ/kernel';

export type Question = ParsedRequest<'evaluateAccess'>['body'];
type Batch = ParsedRequest<'evaluateAccesses'>['body'];

/** A question as it was asked, or what it lacks. */
export type Asked = Result<Question>;

const MOST_HOPS = 16;

const lacking = (message: string): Asked => refuse({ code: 'invalid_request', class: 'permanent', message });

/**
 * The questions of a batch. A member that an entry has stands in place of the one beside the list; of `type`, `id` and
 * `name` that such a member lacks, the ones beside the list are taken.
 */
export function questionsOf(batch: Batch): readonly Asked[] {
  return (batch.evaluations ?? []).map((entry) => {
    const context = entry['context'] ?? batch.context;
    const merged = {
      subject: named(batch.subject, entry['subject']),
      action: named(batch.action, entry['action']),
      resource: named(batch.resource, entry['resource']),
      ...(context !== undefined && { context }),
    };
    return checked(merged);
  });
}

function checked(merged: object): Asked {
  const parsed = ROUTES.evaluateAccess.body.schema.safeParse(merged, { reportInput: true });
  if (parsed.success) return readable(parsed.data);
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  const what = issue?.code === 'invalid_type' && issue.input === undefined ? 'is missing' : (issue?.message ?? '');
  return lacking(`${where} ${what}`);
}

/** A question whose agents can be told: one that cannot be read is no question. */
export const readable = (question: Question): Asked =>
  chainOf(question) === null ? lacking('subject.properties.act or context.agent names no agents') : ok(question);

const NAMES = ['type', 'id', 'name'] as const;

function named(standing: JsonObject | undefined, own: unknown): unknown {
  if (own === undefined) return standing;
  if (typeof own !== 'object' || own === null || standing === undefined) return own;
  const lent = NAMES.filter((name) => !Object.hasOwn(own, name) && Object.hasOwn(standing, name));
  return { ...Object.fromEntries(lent.map((name) => [name, standing[name]])), ...own };
}

/**
 * Agents that act for the subject: `subject.properties.act` as in an OAuth token exchange (RFC 8693 §4.1), the one acting
 * now outermost; or `context.agent`, where there is one only. Null where it cannot be read.
 */
export function chainOf({ subject, context }: Question): readonly Hop[] | null {
  const hops: Hop[] = [];
  let act: unknown = subject.properties?.['act'];
  if (act === undefined) {
    const agent = context?.['agent'];
    if (agent === undefined) return hops;
    const name = nameOf(agent);
    return name === null ? null : [{ agent: name, digest: '' }];
  }
  while (act !== undefined) {
    if (typeof act !== 'object' || act === null || Array.isArray(act) || hops.length === MOST_HOPS) return null;
    const { sub, act: before } = act as { readonly sub?: unknown; readonly act?: unknown };
    const agent = nameOf(sub);
    if (agent === null) return null;
    hops.unshift({ agent, digest: '' });
    act = before;
  }
  return hops;
}

function nameOf(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const name = value.startsWith('agent:') ? value.slice('agent:'.length) : value;
  return name === '' || name.length > 200 ? null : name;
}
