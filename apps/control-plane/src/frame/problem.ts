import {
  type FieldError,
  type NextAction,
  type Problem,
  type ProblemCode,
  problemPath,
  PROBLEMS,
} from '@writ/contract';
import type { Failure, FailureClass } from '@writ/kernel';

/** A refusal on its way out: thrown by the frame, made of failures that libraries return. */
export class Refusal extends Error {
  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly more: {
      readonly errors?: readonly FieldError[];
      readonly nextActions?: readonly NextAction[];
      readonly headers?: { readonly [name: string]: string };
      readonly decision?: { readonly id: string; readonly reason: string };
      readonly currentEtag?: string;
    } = {},
  ) {
    super(detail);
    this.name = 'Refusal';
  }
}

/** Library codes that say, in the library's words, what the API says in its own. */
const TRANSLATED: ReadonlyMap<string, ProblemCode> = new Map([
  ['definition_invalid', 'schema_violation'],
  ['reference_invalid', 'schema_violation'],
  ['input_invalid', 'schema_violation'],
  ['schema_pattern_refused', 'schema_violation'],
  ['schema_refused', 'schema_violation'],
  ['signal_unknown', 'schema_violation'],
  ['invalid_expiry', 'schema_violation'],
  ['pattern_not_available', 'schema_violation'],
  ['workflow_unknown', 'unknown_workflow'],
]);

const BY_CLASS: { readonly [C in FailureClass]: ProblemCode } = {
  transient: 'unavailable',
  permanent: 'schema_violation',
  policy: 'policy_denied',
  budget: 'budget_exhausted',
  unknown: 'state_conflict',
  cancelled: 'state_conflict',
  bug: 'internal',
};

const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(PROBLEMS, code);

export const problemCodeOf = (failure: Failure): ProblemCode =>
  isProblemCode(failure.code) ? failure.code : (TRANSLATED.get(failure.code) ?? BY_CLASS[failure.class]);

/** A returned failure as the refusal it becomes on the wire; details by JSON pointer become `errors`. */
export function refusalOf(failure: Failure): Refusal {
  const code = problemCodeOf(failure);
  const details = failure.details ?? {};
  const errors = Object.entries(details)
    .filter(([key]) => key === '' || key.startsWith('/'))
    .map(([pointer, message]): FieldError => ({ in: 'body', pointer, code: failure.code, message: String(message) }));
  const decision = details['decision_id'];
  const reason = details['reason'];
  const etag = details['current_etag'];
  const retryAfter = details['retry_after_s'];
  return new Refusal(code, failure.message, {
    errors,
    ...(failure.next === undefined ? {} : { nextActions: [{ description: failure.next }] }),
    ...(typeof decision === 'string' ? { decision: { id: decision, reason: String(reason) } } : {}),
    ...(typeof etag === 'string' ? { currentEtag: etag } : {}),
    ...(typeof retryAfter === 'number' ? { headers: { 'retry-after': String(retryAfter) } } : {}),
  });
}

export interface Occasion {
  readonly requestId: string;
  readonly traceId: string | null;
  /** Path of the request, without its query. */
  readonly instance: string;
}

/** The RFC 9457 document of a refusal. */
export function problemOf(refusal: Refusal, occasion: Occasion): Problem {
  const { status, title, retryable, meaning, urn }: (typeof PROBLEMS)[ProblemCode] & { readonly urn?: string } =
    PROBLEMS[refusal.code];
  const { errors = [], nextActions = [], decision, currentEtag } = refusal.more;
  const explain = decision && `/v1/decisions/${decision.id}`;
  const next = [
    ...nextActions,
    ...(explain ? [{ description: 'See why it was refused.', method: 'GET', href: explain } as const] : []),
  ];
  return {
    type: urn ?? problemPath(refusal.code),
    title,
    status,
    detail: refusal.detail,
    instance: occasion.instance,
    code: refusal.code,
    request_id: occasion.requestId,
    trace_id: occasion.traceId,
    retryable,
    errors: [...errors],
    // Nobody is left without a next step: the meaning of a code says what to do about it.
    next_actions: next.length > 0 ? next : [{ description: meaning }],
    doc_url: problemPath(refusal.code),
    ...(decision && explain ? { decision_id: decision.id, reason: decision.reason, explain_url: explain } : {}),
    ...(currentEtag === undefined ? {} : { current_etag: currentEtag }),
  };
}

/** A parameter that fits its schema and still cannot be meant. */
export const invalidQuery = (name: string, message: string): Failure => ({
  code: 'invalid_request',
  class: 'permanent',
  message: `query /${name}: ${message}`,
});
