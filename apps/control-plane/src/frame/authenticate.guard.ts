import { timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { type Route, ROUTES } from '@writ/contract';
import { ApiKeyAuthenticator, type Caller, SessionAuthenticator } from '@writ/identity';
import { operationOf } from './call';
import { sessionCookie } from './cookie';
import { Refusal, refusalOf } from './problem';
import { headerOf, type HttpRequest, stateOf } from './state';

/** Who is calling. Sets the caller of every operation that is not public, or refuses with 401. */
@Injectable()
export class AuthenticateGuard implements CanActivate {
  constructor(
    @Inject(ApiKeyAuthenticator) private readonly keys: ApiKeyAuthenticator,
    @Inject(SessionAuthenticator) private readonly sessions: SessionAuthenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const route: Route = ROUTES[operationOf(context)];
    if (route.access === 'public') return true;
    const request = context.switchToHttp().getRequest<HttpRequest>();
    // A key that was sent is what counts: a cookie comes along by itself.
    const authorization = headerOf(request, 'authorization');
    const cookie = sessionCookie(headerOf(request, 'cookie'));
    const bySession = authorization === undefined && cookie !== null;
    const known = bySession ? await this.sessions.authenticate(cookie) : await this.keys.authenticate(authorization);
    if (!known.ok) throw refusalOf(known.failure);
    if (bySession && route.method !== 'GET') requireOwnPage(request, known.value);
    stateOf(request).caller = known.value;
    return true;
  }
}

/** A browser sends its cookie with whatever makes it send a request; only our own page knows the token. */
function requireOwnPage(request: HttpRequest, { session }: Caller): void {
  const site = headerOf(request, 'sec-fetch-site') ?? 'same-origin';
  const [given, expected] = [headerOf(request, 'x-csrf-token') ?? '', session?.csrf ?? ''].map((text) =>
    Buffer.from(text),
  );
  const right = given!.length === expected!.length && expected!.length > 0 && timingSafeEqual(given!, expected!);
  if (right && site === 'same-origin') return;
  throw new Refusal('csrf_mismatch', 'a write under a session cookie needs the session’s token, from our own page', {
    nextActions: [
      { description: 'Send the `csrf` of GET /v1/session as X-CSRF-Token.', method: 'GET', href: '/v1/session' },
    ],
  });
}
