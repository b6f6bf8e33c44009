import type { Problem, ProblemCode } from '@writ/contract';

/** Codes of this client itself, for answers that never came or were not the API's. */
export type ClientCode = 'connection_failed' | 'timed_out' | 'unexpected_answer';

/** Every refusal and every failure of a call. `code` is what programs read; `problem` is the server's own account. */
export class WritError extends Error {
  readonly code: ProblemCode | ClientCode;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly requestId: string | null;
  readonly traceId: string | null;
  readonly retryable: boolean;
  /** Milliseconds after which the server said the same request may be sent again; null when it did not say. */
  readonly retryAfterMs: number | null;
  readonly problem: Problem | null;

  constructor(
    what: { readonly code: ProblemCode | ClientCode; readonly message: string; readonly status?: number },
    from: {
      readonly problem?: Problem;
      readonly requestId?: string | null;
      readonly retryAfterMs?: number | null;
      readonly cause?: unknown;
    } = {},
  ) {
    super(what.message, from.cause === undefined ? undefined : { cause: from.cause });
    this.name = 'WritError';
    this.code = what.code;
    this.status = what.status ?? 0;
    this.problem = from.problem ?? null;
    this.retryAfterMs = from.retryAfterMs ?? null;
    this.requestId = from.requestId ?? from.problem?.request_id ?? null;
    this.traceId = from.problem?.trace_id ?? null;
    this.retryable = from.problem?.retryable ?? (what.code === 'connection_failed' || what.code === 'timed_out');
  }

  static async of(response: Response): Promise<WritError> {
    const requestId = response.headers.get('x-request-id');
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    const retryAfterMs = Number.isFinite(seconds) ? seconds * 1_000 : null;
    const type = response.headers.get('content-type') ?? '';
    if (type.startsWith('application/problem+json')) {
      const problem = (await response.json()) as Problem;
      const message = `${problem.title}: ${problem.detail}`;
      return new WritError(
        { code: problem.code as ProblemCode, message, status: problem.status },
        { problem, retryAfterMs },
      );
    }
    await response.body?.cancel();
    const message = `status ${response.status} without a problem document; is this the control plane?`;
    return new WritError({ code: 'unexpected_answer', message, status: response.status }, { requestId, retryAfterMs });
  }
}
