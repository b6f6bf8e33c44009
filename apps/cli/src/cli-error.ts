import type { ProblemCode } from '@writ/contract';
import { type ClientCode, WritError } from '@writ/sdk';
import type { ExitName } from './exit-codes';

/** A failure as people read it: one line what, one line why, one line what next. */
export class CliError extends Error {
  readonly exit: ExitName;
  readonly code: string;
  readonly why: string;
  readonly next: string;
  readonly requestId: string | null;

  constructor(said: {
    readonly exit: ExitName;
    readonly code: string;
    readonly what: string;
    readonly why: string;
    readonly next: string;
    readonly requestId?: string | null;
  }) {
    super(said.what);
    this.name = 'CliError';
    this.exit = said.exit;
    this.code = said.code;
    this.why = said.why;
    this.next = said.next;
    this.requestId = said.requestId ?? null;
  }
}

export const usage = (what: string, why: string, next: string): CliError =>
  new CliError({ exit: 'usage', code: 'usage', what, why, next });

const BY_CODE: { readonly [C in ProblemCode | ClientCode]?: ExitName } = {
  unauthenticated: 'not_logged_in',
  key_expired: 'not_logged_in',
  key_revoked: 'not_logged_in',
  insufficient_scope: 'refused',
  policy_denied: 'refused',
  grant_exceeds_holder: 'refused',
  budget_exhausted: 'refused',
  stop_active: 'refused',
  approval_required: 'waiting',
  idempotency_in_progress: 'conflict',
  idempotency_mismatch: 'conflict',
  state_conflict: 'conflict',
  version_mismatch: 'conflict',
  malformed_json: 'usage',
  invalid_request: 'usage',
  invalid_cursor: 'usage',
  cursor_mismatch: 'usage',
  payload_too_large: 'usage',
  schema_violation: 'usage',
  unknown_workflow: 'usage',
  timed_out: 'timeout',
  busy: 'timeout',
  rate_limited: 'timeout',
};

/** Of codes that are not named above. */
const BY_STATUS: { readonly [status: number]: ExitName } = {
  400: 'usage',
  401: 'not_logged_in',
  403: 'refused',
  409: 'conflict',
  412: 'conflict',
  415: 'usage',
  422: 'usage',
  423: 'refused',
  428: 'conflict',
  429: 'timeout',
  503: 'timeout',
};

const OWN_NEXT: { readonly [C in ProblemCode | ClientCode]?: string } = {
  invalid_request: 'Correct what is named above; the command with --help says what it takes.',
  connection_failed: 'Start a control plane with `npm start`, or set WRIT_URL to the one you mean.',
  timed_out: 'Try again, or look at the server: `writ doctor`.',
  unexpected_answer: 'Check that WRIT_URL names a Writ control plane.',
  unauthenticated: 'Set WRIT_API_KEY, or run `npm start` once on this machine, which keeps a key for this CLI.',
};

/** What the SDK threw, in the CLI's words; with `because` in place of the server's reasons. */
export function fromWritError(error: WritError, url: string, because?: string): CliError {
  const { problem } = error;
  const exit = BY_CODE[error.code] ?? BY_STATUS[problem?.status ?? 0] ?? 'failed';
  const said = { exit, code: error.code, requestId: error.requestId } as const;
  const next = OWN_NEXT[error.code] ?? problem?.next_actions[0]?.description ?? `See ${url}/problems/${error.code}.`;
  if (!problem)
    return new CliError({ ...said, what: `${url} did not answer as a control plane.`, why: error.message, next });
  const fields = problem.errors
    // Of a place with several faults the detail may name each by itself.
    .filter(({ message }) => !message.split(' · ').every((part) => problem.detail.includes(part)))
    .map((one) => `${one.pointer} ${one.message}`);
  return new CliError({
    ...said,
    what: `${problem.title}.`,
    why: because ?? [problem.detail, ...fields].join(' · '),
    next,
  });
}

interface FailureLike {
  readonly code: string;
  readonly message: string;
  readonly next?: string | undefined;
}

/** A refusal that a library returned. */
export const fromFailure = (what: string, failure: FailureLike): CliError =>
  new CliError({
    exit: failure.code === 'version_mismatch' ? 'conflict' : 'failed',
    code: failure.code,
    what,
    why: failure.message,
    next: failure.next ?? 'See `writ doctor`.',
  });

/** Everything a command may throw; defects keep their stack for `WRIT_DEBUG=1`. */
export function toCliError(error: unknown, url: string): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof WritError) return fromWritError(error, url);
  const failure = (error as { failure?: unknown }).failure;
  if (isFailure(failure)) return fromFailure('The database cannot be used.', failure);
  const why = error instanceof Error ? error.message : String(error);
  const next = 'Run it again with WRIT_DEBUG=1 for the stack, and report what it says.';
  return new CliError({ exit: 'failed', code: 'internal', what: 'Something went wrong that should not.', why, next });
}

const isFailure = (value: unknown): value is FailureLike =>
  typeof value === 'object' && value !== null && 'code' in value && 'message' in value;
