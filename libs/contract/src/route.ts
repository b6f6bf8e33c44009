import type { z } from 'zod';
import type { ProblemCode } from './problems';

/** The policy actions that operations ask for. The server checks at compile time that the policy knows each. */
export type ApiAction =
  | 'run.start'
  | 'run.read'
  | 'run.cancel'
  | 'run.signal'
  | 'run.reconcile'
  | 'run.answer'
  | 'run.steer'
  | 'approval.read'
  | 'approval.decide'
  | 'approval.delegate'
  | 'run.pause'
  | 'run.resume'
  | 'run.redrive'
  | 'run.upgrade'
  | 'run.fork'
  | 'run.fork_live'
  | 'run.revoke'
  | 'decision.explain'
  | 'audit.read'
  | 'audit.export'
  | 'stop.read'
  | 'stop.set'
  | 'stop.release'
  | 'budget.read'
  | 'budget.set'
  | 'admission.read'
  | 'admission.set'
  | 'agent.change'
  | 'tool.change'
  | 'model.change'
  | 'workflow.change'
  | 'policy.change'
  | 'policy.read'
  | 'key.manage'
  | 'trigger.read'
  | 'trigger.change'
  | 'subscription.read'
  | 'subscription.change'
  | 'decision.evaluate'
  | 'directory.read'
  | 'directory.change'
  | 'review.read'
  | 'review.decide'
  | 'principal.assert';

export interface Outcome {
  readonly description: string;
  /** JSON unless told otherwise; then `schema` and `example` are of its text. */
  readonly media?: 'text/plain' | 'application/octet-stream' | 'application/x-ndjson';
  readonly schema: z.ZodType;
  readonly example: unknown;
  /** Another form of the same answer, for whoever accepts it. */
  readonly also?: { readonly media: 'text/plain'; readonly description: string };
}

/**
 * How a repeated POST with one `Idempotency-Key` is answered.
 * - stored: the first answer is kept for 24 hours     - redacted: likewise, without the secret that is shown once
 * - own: the thing created remembers its key for as long as it exists
 * - none: nothing is kept, since doing it again harms nobody
 */
export type Idempotency = 'stored' | 'redacted' | 'own' | 'none';

/** One operation of the API, as data: the server routes and validates by it, clients and the document derive from it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** OpenAPI path template. */
  readonly path: string;
  /** The last parameter of the path is the rest of it, slashes and all. */
  readonly rest?: true;
  readonly area: string;
  readonly summary: string;
  readonly description?: string;
  /** `public` needs no credential, `caller` any valid one; otherwise the actions the policy may be asked about. */
  readonly access: 'public' | 'caller' | readonly ApiAction[];
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: { readonly schema: z.ZodType; readonly example: unknown };
  /** By HTTP status; the one under 300 is what success answers. */
  readonly responses: { readonly [status: number]: Outcome };
  /** Codes of its own, beside those every operation of its shape has (`problemCodes`). */
  readonly problems: readonly ProblemCode[];
  readonly idempotency?: Idempotency;
  /** Answers carry an `ETag` (over the content, or the digest they name), and `If-None-Match` is answered 304. */
  readonly etag?: 'content' | 'digest';
  /** The answer's `id` under this path is where what was created is read; sent as `Location`. */
  readonly location?: true;
  /** With `Accept: text/event-stream` it answers server-sent events: what their ids and names are. */
  readonly stream?: { readonly id: string; readonly event: string };
  /** Refusals are a text, as AuthZEN has them, but to whoever accepts `application/problem+json`. */
  readonly plainErrors?: true;
  /** Unknown fields of the body are ignored: other makers write it, by a standard that may know more of them. */
  readonly ignoresUnknown?: true;
  /** Reads `If-Match`. */
  readonly ifMatch?: true;
}

/** Keeps literal types, so that clients know paths and statuses at compile time. */
export const route = <const R extends Route>(definition: R): R => definition;

/** Status of success: the lowest one a route answers with. */
export function successStatus(definition: Route): number {
  return Math.min(...Object.keys(definition.responses).map(Number));
}

/** Every problem code an operation can answer with: its own, and those that come with its shape. */
export function problemCodes(definition: Route): ProblemCode[] {
  const codes = new Set<ProblemCode>(definition.problems);
  if (definition.access !== 'public') {
    for (const code of ['unauthenticated', 'key_expired', 'key_revoked', 'session_ended'] as const) codes.add(code);
    if (definition.method !== 'GET') codes.add('csrf_mismatch');
    if (definition.access !== 'caller') {
      for (const code of ['insufficient_scope', 'policy_denied', 'policy_unavailable'] as const) codes.add(code);
    }
  }
  if (definition.params || definition.query || definition.body) codes.add('invalid_request');
  if (definition.query && 'cursor' in definition.query.shape) codes.add('invalid_cursor').add('cursor_mismatch');
  if (definition.query && 'filter' in definition.query.shape) codes.add('invalid_filter');
  if (definition.stream) codes.add('rate_limited');
  if (definition.body) codes.add('malformed_json').add('payload_too_large').add('unsupported_media_type');
  const { idempotency = 'none' } = definition;
  if (idempotency !== 'none') codes.add('idempotency_mismatch');
  if (idempotency !== 'none' && idempotency !== 'own') codes.add('idempotency_in_progress');
  return [...codes.add('unavailable').add('internal')].sort();
}
