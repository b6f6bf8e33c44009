import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { type Route, ROUTES } from '@writ/contract';
import { ApiKeyAuthenticator } from '@writ/identity';
import { operationOf } from './call';
import { refusalOf } from './problem';
import { headerOf, type HttpRequest, stateOf } from './state';

/** Who is calling. Sets the caller of every operation that is not public, or refuses with 401. */
@Injectable()
export class AuthenticateGuard implements CanActivate {
  constructor(@Inject(ApiKeyAuthenticator) private readonly keys: ApiKeyAuthenticator) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const route: Route = ROUTES[operationOf(context)];
    if (route.access === 'public') return true;
    const request = context.switchToHttp().getRequest<HttpRequest>();
    const known = await this.keys.authenticate(headerOf(request, 'authorization'));
    if (!known.ok) throw refusalOf(known.failure);
    stateOf(request).caller = known.value;
    return true;
  }
}
