import type { EffectClass } from '@writ/words';
import type { Cut } from '../deadline';
import { retryAfterMs } from '../http/retry-after';
import { failed, type Failed, lostClass } from '../outcome';

/** What was called, as far as a failure may tell it: never the path, the query or the body, which hold arguments. */
export interface Called {
  readonly service: string;
  readonly origin: string;
  readonly effect: EffectClass;
}

/** Refusals that say "not now": nothing was done, and asking again later may help. */
const LATER: ReadonlySet<number> = new Set([425, 429]);
/** Refusals of a server that does not do such things at all. */
const NEVER: ReadonlySet<number> = new Set([501, 505]);
const NEXT: { readonly [status: number]: string } = {
  401: 'check the variables that the service definition names in headers_env',
  403: 'check what the service lets these credentials do',
  404: 'check the path in the tool definition, and the arguments in it',
  405: 'check the method in the tool definition',
};

interface ErrorAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** What the service said of it, made safe; may be empty. */
  readonly said: string;
}

/**
 * Maps a status of 400 and above. 4xx: the service looked at the request and did not do it. 408 and 5xx: it may have
 * done it, all or in part, so the effect class says what follows (I5).
 */
export function statusFailure(called: Called, { status, retryAfter, said }: ErrorAnswer): Failed {
  const maybe = status === 408 || (status >= 500 && !NEVER.has(status));
  const landed = maybe ? 'maybe' : 'no';
  const retry = maybe || LATER.has(status);
  const wait = retryAfterMs(retryAfter, Date.now());
  const next = NEXT[status];
  return failed({
    code: retry ? 'tool_unavailable' : 'tool_call_rejected',
    class: retry ? lostClass(called.effect, landed) : 'permanent',
    landed,
    message: `the service ${called.service} answered ${status}${said === '' ? '' : `: ${said}`}`,
    ...(next !== undefined && { next }),
    details: { service: called.service, status, ...(wait !== null && { retry_after_ms: wait }) },
  });
}

/** A redirect that is not followed. 307 and 308 say that nothing was done here; after the others it may have been. */
export function redirectFailure(called: Called, status: number, why: string): Failed {
  return failed({
    code: 'tool_redirected',
    class: 'permanent',
    landed: status === 307 || status === 308 ? 'no' : 'maybe',
    message: `the service ${called.service} answered ${status}, a redirect that is not followed: ${why}`,
    next: 'set the origin and the path to where the service is now, or allow redirects in the service definition',
    details: { service: called.service, status },
  });
}

export interface BrokenCall {
  readonly cut: Cut | null;
  /** Whether any of the request may have reached the service. */
  readonly written: boolean;
  /** Node's error code. */
  readonly code: string;
}

/** The connection failed, or this side gave up. */
export function brokenFailure({ service, origin, effect }: Called, { cut, written, code }: BrokenCall): Failed {
  const landed = written ? 'maybe' : 'no';
  const lost = lostClass(effect, landed);
  if (cut === 'cancelled') {
    return failed({ code: 'call_cancelled', class: 'cancelled', landed, message: 'the tool call was cancelled' });
  }
  if (cut === 'timeout') {
    const message = written ? 'the tool did not answer in time' : `the service ${service} was not reached in time`;
    return failed({ code: 'tool_timeout', class: lost, landed, message, details: { service } });
  }
  if (!written) {
    return failed({
      code: 'tool_unreachable',
      class: 'transient',
      landed,
      message: `no connection to the service ${service} came about (${code})`,
      next: `check that ${origin} is up, and its certificate`,
      details: { service, network: code },
    });
  }
  return failed({
    code: 'tool_connection_lost',
    class: lost,
    landed,
    message: `the connection to the service ${service} was lost before the answer`,
    details: { service, network: code },
  });
}
