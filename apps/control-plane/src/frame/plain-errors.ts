import { Refusal } from './problem';
import { headerOf, type HttpRequest } from './state';

/** Under here answers OpenID AuthZEN, which has its own form of errors and of request ids. */
export const ACCESS_PATH = '/access/v1/';

/** AuthZEN knows 400, 401, 403 and 500: a body that is no JSON, in whatever way, is 400. */
export function asAuthZen(refusal: Refusal, request: HttpRequest): Refusal {
  if (refusal.code !== 'unsupported_media_type' || !request.url.startsWith(ACCESS_PATH)) return refusal;
  return new Refusal('malformed_json', 'the body is not sent as application/json', refusal.more);
}

/** The profile of access requests has problem documents, as everything else here. */
const REQUESTS_PATH = `${ACCESS_PATH}requests`;

/** Whether a refusal is told as a plain text: where AuthZEN answers, to whoever does not ask for a problem document. */
export const wantsPlain = (request: HttpRequest): boolean =>
  request.url.startsWith(ACCESS_PATH) &&
  !request.url.startsWith(REQUESTS_PATH) &&
  !(headerOf(request, 'accept') ?? '').toLowerCase().includes('application/problem+json');
