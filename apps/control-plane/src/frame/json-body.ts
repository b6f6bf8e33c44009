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
    parse(request, body, done);
  });
}

/** What a signature of Standard Webhooks is over; null for a request that carries none. */
function signedParts(request: HttpRequest, body: string): RequestState['signed'] {
  const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    headerOf(request, name),
  );
  if (id === undefined || timestamp === undefined || signature === undefined) return null;
  return /^[\x21-\x7e]{1,255}$/.test(id) ? { id, timestamp, signature, body } : null;
}
