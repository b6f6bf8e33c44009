import { Refusal } from './problem';
import { headerOf, type HttpRequest, type RequestState, stateOf } from './state';

type Done = (error: Error | null, body?: unknown) => void;
type Parser = (request: never, body: string, done: Done) => void;

interface Server {
  getDefaultJsonParser(onProtoPoisoning: 'error', onConstructorPoisoning: 'error'): Parser;
  removeContentTypeParser(type: string): void;
  addContentTypeParser(type: string, options: { readonly parseAs: 'string' }, parser: Parser): void;
}

/** Reads JSON as Fastify does, and keeps the very text of a message that is signed, which parsing would lose. */
export function readJson(server: Server): void {
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeContentTypeParser('application/json');
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const signed = signedParts(request, body);
    if (signed) stateOf(request).signed = signed;
    parse(request, body, (error, value) => done(error && (whyUnread(body) ?? error), value));
  });
}

/** What is wrong with a body that was not taken; null where the server's own words say it, as of an empty one. */
function whyUnread(body: string): Refusal | null {
  if (body.trim() === '') return null;
  try {
    JSON.parse(body);
    // JSON all the same: what was refused is a member that would change the object it is read into.
    return new Refusal(
      'malformed_json',
      'no member of a body may be named __proto__, nor prototype within constructor',
      {
        nextActions: [{ description: 'Give the member another name.' }],
      },
    );
  } catch (error) {
    return new Refusal('malformed_json', `the body is not JSON: ${(error as Error).message}`);
  }
}

/** What a signature of Standard Webhooks is over; null for a request that carries none. */
function signedParts(request: HttpRequest, body: string): RequestState['signed'] {
  const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    headerOf(request, name),
  );
  if (id === undefined || timestamp === undefined || signature === undefined) return null;
  return /^[\x21-\x7e]{1,255}$/.test(id) ? { id, timestamp, signature, body } : null;
}
