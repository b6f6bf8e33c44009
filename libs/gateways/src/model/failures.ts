import type { Failure } from '@writ/kernel';
import { redactText } from '@writ/telemetry';
import type { Cut } from '../deadline';
import { retryAfterMs } from '../http/retry-after';
import { failed, type Failed } from '../outcome';

type Details = NonNullable<Failure['details']>;

/** What each refusal of the endpoint means. 429 and 529 refuse before any work; other 5xx may have done it. */
const STATUS: { readonly [status: number]: readonly [code: string, landed: 'no' | 'maybe', retry: boolean] } = {
  400: ['model_request_rejected', 'no', false],
  401: ['model_unauthorized', 'no', false],
  402: ['model_quota_spent', 'no', false],
  403: ['model_forbidden', 'no', false],
  404: ['model_not_found', 'no', false],
  408: ['model_timeout', 'maybe', true],
  409: ['model_unavailable', 'no', true],
  413: ['model_request_too_large', 'no', false],
  422: ['model_request_rejected', 'no', false],
  429: ['model_rate_limited', 'no', true],
  529: ['model_overloaded', 'no', true],
};

const NEXT: { readonly [code: string]: string } = {
  model_unauthorized: 'check the environment variable that the model definition names in api_key_env',
  model_forbidden: 'check that the key may use this model',
  model_not_found: 'check the model id and the base URL of the model definition',
  model_quota_spent: 'raise the quota at the vendor, or choose another model',
  model_rate_limited: 'it is tried again after the wait the endpoint asked for',
};

const MAX_QUOTE = 300;

/** The vendor's own sentence, made safe to store: one line, short, without control characters or secrets. */
function quoted(body: string, secret: string | null): { sentence: string; vendorCode: string | null } {
  let error: { message?: unknown; code?: unknown; type?: unknown } | undefined;
  try {
    error = (JSON.parse(body) as { error?: typeof error } | null)?.error;
  } catch {
    error = undefined;
  }
  const message = typeof error?.message === 'string' ? error.message : '';
  const bare = secret === null || secret === '' ? message : message.replaceAll(secret, '[redacted]');
  const line = redactText(bare)
    .replace(/\p{Cc}+/gu, ' ')
    .toWellFormed()
    .trim();
  const code = [error?.code, error?.type].find((value) => typeof value === 'string' && /^[\w.-]{1,64}$/.test(value));
  return {
    sentence: line === '' ? '' : `: ${line.slice(0, MAX_QUOTE)}`,
    vendorCode: typeof code === 'string' ? code : null,
  };
}

export interface RefusedReply {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | undefined;
  readonly secret: string | null;
}

/** Maps an HTTP status other than 200 to a failure. */
export function statusFailure(reply: RefusedReply): Failed {
  const { status } = reply;
  const { sentence, vendorCode } = quoted(reply.body, reply.secret);
  if (vendorCode === 'content_filter' || vendorCode === 'content_policy_violation') {
    return failed({
      code: 'model_content_filtered',
      class: 'permanent',
      landed: 'yes',
      message: `the model endpoint's content filter refused the request${sentence}`,
    });
  }
  const redirect = status >= 300 && status < 400;
  const fallback: readonly [string, 'no' | 'maybe', boolean] = redirect
    ? ['model_redirected', 'no', false]
    : status >= 500
      ? ['model_unavailable', 'maybe', true]
      : ['model_request_rejected', 'no', false];
  const [code, landed, retry] = STATUS[status] ?? fallback;
  const wait = retryAfterMs(reply.retryAfter, Date.now());
  const details: Details = {
    status,
    ...(vendorCode !== null && { vendor_code: vendorCode }),
    ...(wait !== null && { retry_after_ms: wait }),
  };
  const next = redirect ? 'set the base URL to where the endpoint is now; redirects are not followed' : NEXT[code];
  return failed({
    code,
    class: retry ? 'transient' : 'permanent',
    landed,
    message: `the model endpoint answered ${status}${sentence}`,
    ...(next !== undefined && { next }),
    details,
  });
}

/** The connection failed, or this side gave up. */
export function brokenFailure(cut: Cut | null, written: boolean, code: string): Failed {
  const landed = written ? 'maybe' : 'no';
  if (cut === 'cancelled') {
    return failed({ code: 'call_cancelled', class: 'cancelled', landed, message: 'the model call was cancelled' });
  }
  if (cut === 'timeout') {
    const message = written
      ? 'the model endpoint did not answer in time'
      : 'no connection to the model endpoint came about in time';
    return failed({ code: 'model_timeout', class: 'transient', landed, message });
  }
  if (!written) {
    return failed({
      code: 'model_unreachable',
      class: 'transient',
      landed,
      message: `no connection to the model endpoint came about (${code})`,
      next: 'check the base URL of the model definition and that the endpoint is up',
      details: { network: code },
    });
  }
  return failed({
    code: 'model_connection_lost',
    class: 'transient',
    landed,
    message: `the connection to the model endpoint broke before the answer (${code})`,
    details: { network: code },
  });
}
