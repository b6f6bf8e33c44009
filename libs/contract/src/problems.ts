import { z } from 'zod';
import { named } from './fields';

interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** Whether the same request, sent again later, may succeed. */
  readonly retryable: boolean;
  /** What it means and what to do, for the page at `/problems/<code>`. */
  readonly meaning: string;
  /** What another standard calls it: then this stands as the `type` of the document. */
  readonly urn?: string;
}

const kind = (status: number, title: string, meaning: string): ProblemKind => ({
  status,
  title,
  retryable: false,
  meaning,
});

/** The same request, sent again later, may succeed. */
const passing = (status: number, title: string, meaning: string): ProblemKind => ({
  ...kind(status, title, meaning),
  retryable: true,
});

/** A code of the AuthZEN Access Request and Approval Profile, draft 1. */
const arap = (code: string, of: ProblemKind): ProblemKind => ({
  ...of,
  urn: `urn:openid:authzen:access-request:error:${code}`,
});

/** Every code the API answers with. Codes are stable: clients branch on them, never on titles. */
export const PROBLEMS = {
  malformed_json: kind(400, 'The body is not JSON', 'Send one UTF-8 JSON value with Content-Type: application/json.'),
  invalid_request: kind(
    400,
    'The request does not fit its schema',
    'Each entry of `errors` names one place by JSON pointer (RFC 6901). Unknown fields are refused, never ignored.',
  ),
  invalid_cursor: kind(
    400,
    'The cursor is not one of ours',
    'Cursors are opaque and signed. Use `next_cursor` as it came, or start again without a cursor.',
  ),
  invalid_filter: kind(
    400,
    'The query cannot be run as it stands',
    'Each entry of `errors` names one place of the query by its characters (`at`), and what may stand there. No part of a query is ever ignored.',
  ),
  cursor_mismatch: kind(
    400,
    'The cursor belongs to another filter',
    'A cursor continues one list with one filter. Repeat the filter of the first page, or start again.',
  ),
  unauthenticated: kind(
    401,
    'No valid credential',
    'Send `Authorization: Bearer <API key>`. A key that is unknown and one that is malformed get this same answer.',
  ),
  key_expired: kind(401, 'The API key has expired', 'Every key expires. Create a new one and retire this one.'),
  session_ended: kind(401, 'The session is over', 'It ran out or somebody logged out. Log in again.'),
  csrf_mismatch: kind(
    403,
    'The request did not come from our own page',
    'A write under a session cookie carries the session’s `csrf` as `X-CSRF-Token`. Programs use an API key instead.',
  ),
  key_revoked: kind(401, 'The API key was revoked', 'Somebody revoked this key. Ask an administrator for a new one.'),
  insufficient_scope: kind(
    403,
    'The API key is not scoped for this',
    'The key lacks the scope that the operation needs, whatever its principal may do. Use a key that carries it.',
  ),
  policy_denied: kind(
    403,
    'The policy refuses this',
    'A rule, or the absence of one, refused the action. `explain_url` shows the decision to whoever may read it.',
  ),
  approval_required: kind(403, 'A person has to approve this', 'The policy allows this only after an approval.'),
  not_eligible: kind(
    403,
    'You may not decide this one',
    'Who asks, who takes part, who wrote the rule and who lacks the role does not decide. The request names who may.',
  ),
  not_requestable: arap(
    'not_requestable',
    kind(
      400,
      'Nobody can be asked for this',
      'The policy does not ask people about it, or not any more. Evaluate again.',
    ),
  ),
  expired_denial: arap(
    'expired_denial',
    kind(
      410,
      'The denial is too old to be asked about',
      'A denial may be asked about until its `access_request.expires_at`. Evaluate again and ask about that one.',
    ),
  ),
  invalid_denial_binding: arap(
    'invalid_denial_binding',
    kind(
      400,
      'The request is not about that denial',
      'Subject, action, resource and context are those that were denied, and `denial.evaluation_id` is that denial’s, given to the same enforcer.',
    ),
  ),
  duplicate_request: arap(
    'duplicate_request',
    kind(
      409,
      'That denial was asked about before',
      'A denial is asked about once, and what was wanted then counts. Go on with its task.',
    ),
  ),
  unknown_task: arap(
    'unknown_task',
    kind(404, 'There is no such task', 'No task of this id is known, or it is of another enforcer.'),
  ),
  invalid_task_state: arap(
    'invalid_task_state',
    kind(
      409,
      'The task is over',
      'Only a pending request can be taken back. What was granted is revoked by those who decide.',
    ),
  ),
  proof_required: kind(
    403,
    'Prove first who you are',
    'The policy counts a yes to this only with a fresh proof of who says it. Send the secret of your key to POST /v1/identity/proofs, then say it again.',
  ),
  proof_failed: kind(
    403,
    'That proves nothing',
    'The key that was sent is unknown, over, or somebody else’s. Send the secret of a key of your own.',
  ),
  not_editable: kind(
    403,
    'The arguments cannot be changed',
    'The policy, or the kind of act, does not let those who decide change what it is about. Approve or reject it.',
  ),
  budget_exhausted: kind(403, 'A budget is spent', 'A limit of the run or tenant is used up; more has to be granted.'),
  grant_exceeds_holder: kind(
    403,
    'Nobody grants what they do not hold',
    'The new key would carry scopes that its creator lacks, or roles that they lack and, not writing the policy, may not give. Ask for fewer, or ask somebody who holds them.',
  ),
  not_found: kind(
    404,
    'There is no such thing here',
    'Nothing of this id exists in your tenant. Things of other tenants answer the same.',
  ),
  method_not_allowed: kind(405, 'The method does not apply here', 'See /openapi.json for the methods of this path.'),
  idempotency_in_progress: passing(
    409,
    'The first request with this key is still executing',
    'Wait for `Retry-After` seconds, then send the same request with the same key: it gets the first one’s answer.',
  ),
  upgrade_refused: kind(
    409,
    'The run cannot go on by these versions',
    'Its journal is not one that they lead to; `detail` names the first event that does not fit. Let it finish on its own versions, or fork it.',
  ),
  state_conflict: kind(
    409,
    'The current state does not allow this',
    'The thing has moved on, for example the run is final. Read it again before deciding what to do.',
  ),
  second_person_required: kind(
    409,
    'A second person has to agree',
    'Whoever asked cannot also agree. Somebody else with the right sends the same request.',
  ),
  not_sealed: passing(
    409,
    'The event is not in the tree yet',
    'Events are sealed within a second of being recorded. Try again; `GET /v1/audit/log` says if the log lags or refuses.',
  ),
  version_mismatch: kind(
    412,
    'Somebody changed it in between',
    'The `If-Match` version is no longer current. Read it again, merge, and send the new version.',
  ),
  payload_too_large: kind(413, 'The body is too large', 'Split the request; the limit is in `detail`.'),
  unsupported_media_type: kind(415, 'The body is not application/json', 'Send Content-Type: application/json.'),
  idempotency_mismatch: kind(
    422,
    'The idempotency key was used for another request',
    'A key stands for one request. Use a new key for a new request.',
  ),
  schema_violation: kind(
    422,
    'The content breaks a rule of its schema',
    'The request was understood, but what it carries (a definition, an input, a policy) is not acceptable.',
  ),
  comment_required: kind(422, 'Say why', 'The policy wants a decision on this explained, in `comment`.'),
  unknown_workflow: kind(422, 'No such workflow is published', 'Publish the workflow, or start a published one.'),
  stop_active: kind(423, 'A stop is in force', 'A person stopped this. It works again when the stop is released.'),
  precondition_required: kind(
    428,
    'If-Match is required',
    'Read the current version first and send its ETag in `If-Match`, so that nobody’s change is lost.',
  ),
  busy: passing(
    429,
    'Too many runs wait for their turn',
    'The tenant’s line of runs that wait to be led is as long as it may be. Send the same request, with the same key, after `Retry-After` seconds.',
  ),
  rate_limited: passing(429, 'Too many requests', 'Wait for `Retry-After` seconds.'),
  internal: passing(
    500,
    'A defect of ours',
    'Nothing is known to have happened. Report the `request_id`; sending the same idempotency key again is safe.',
  ),
  policy_unavailable: passing(
    503,
    'No policy can be evaluated',
    'Without a policy everything is refused. Activate one, or wait until it is loaded.',
  ),
  log_unavailable: passing(
    503,
    'Evidence cannot be written',
    'What cannot be recorded does not happen. Try again when the store is back.',
  ),
  unavailable: passing(503, 'A part we need is not reachable', 'Try again later; nothing was changed.'),
} as const satisfies { readonly [code: string]: ProblemKind };

export type ProblemCode = keyof typeof PROBLEMS;

export const FieldError = named(
  'FieldError',
  z.object({
    in: z.enum(['body', 'query', 'path', 'header']),
    pointer: z.string().describe('JSON pointer (RFC 6901) into the body, or `/name` of the parameter.'),
    code: z.string(),
    message: z.string(),
    allowed: z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
    at: z
      .object({ start: z.int(), end: z.int() })
      .optional()
      .describe('Place inside a text, such as a query: UTF-16 offsets, `end` exclusive.'),
  }),
);
export type FieldError = z.output<typeof FieldError>;

export const NextAction = named(
  'NextAction',
  z.object({ description: z.string(), method: z.string().optional(), href: z.string().optional() }),
);

export type NextAction = z.output<typeof NextAction>;

/** RFC 9457 problem details with our members; `code` is what programs read. */
export const Problem = named(
  'Problem',
  z.object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string(),
    request_id: z.string(),
    trace_id: z.string().nullable(),
    retryable: z.boolean(),
    errors: z.array(FieldError),
    next_actions: z.array(NextAction),
    doc_url: z.string(),
    decision_id: z.string().optional().describe('With `policy_denied`: the recorded decision.'),
    reason: z.string().optional().describe('With `policy_denied`: the stable reason code.'),
    explain_url: z.string().optional(),
    current_etag: z.string().optional().describe('With `version_mismatch`: the version that is current.'),
  }),
);
export type Problem = z.output<typeof Problem>;

export const problemPath = (code: ProblemCode): string => `/problems/${code}`;
