import type { OperationId, RequestOf, ResponseOf } from '@writ/contract';
import { rest } from './follow';

export type BodyOf<O extends OperationId> = NonNullable<RequestOf<O>['body']>;

/** The answer to `authorize`. */
export interface Authorization {
  readonly allowed: boolean;
  /** `dec_…`, to explain it by. */
  readonly id: string | null;
  /** A stable code, such as `initiator_not_granted`. */
  readonly reason: string | null;
  readonly obligations: readonly unknown[];
  /** Of a denial that people can be asked about: what goes back with the request. Plain JSON, for another process to go on with. */
  readonly askable: { readonly evaluation_id: string; readonly expires_at: string } | null;
}

/** What is wanted beside what was denied. */
export interface AccessWish {
  /** Why; shown to those who decide. */
  readonly why?: string;
  /** Access is good until then at most (RFC 3339). */
  readonly until?: string;
}

export function authorizationOf({ decision, context = {} }: ResponseOf<'evaluateAccess'>): Authorization {
  const { evaluation_id: id, reason, obligations, access_request: asking } = context;
  const { expires_at: expires } = (asking ?? {}) as { readonly expires_at?: unknown };
  return {
    allowed: decision,
    id: typeof id === 'string' ? id : null,
    reason: typeof reason === 'string' ? reason : null,
    obligations: Array.isArray(obligations) ? obligations : [],
    askable: typeof id === 'string' && typeof expires === 'string' ? { evaluation_id: id, expires_at: expires } : null,
  };
}

/** The request about a denial: the question as it was denied, and beside it what is wanted. */
export const requestOf = (
  question: BodyOf<'evaluateAccess'>,
  { denial, why, until }: AccessWish & { readonly denial: NonNullable<Authorization['askable']> },
): BodyOf<'requestAccess'> => ({
  ...question,
  ...(why !== undefined && { context: { ...(question.context as object | undefined), business_justification: why } }),
  denial,
  ...(until !== undefined && { requested_access: { requested_until: until } }),
});

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;

/** Asks until a task is decided, ever more slowly, as the profile wants it. */
export async function decided(
  ask: () => Promise<ResponseOf<'getAccessRequest'>>,
  signal: AbortSignal | undefined,
): Promise<ResponseOf<'getAccessRequest'>> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const answer = await ask();
    if (answer.task.status !== 'pending') return answer;
    await rest(pause * (0.75 + Math.random() / 2), signal);
    signal?.throwIfAborted();
  }
}
