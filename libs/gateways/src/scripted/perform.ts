import type { ServerResponse } from 'node:http';
import { assertNever } from '@writ/kernel';
import { completion, completionChunks, type Played } from './reply';
import type { Fault } from './script';

const MEBIBYTE = 1_048_576;

export function sendJson(response: ServerResponse, status: number, body: string | object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

export const vendorError = (message: string, code: string): object => ({
  error: { message, type: 'invalid_request_error', code, param: null },
});

/** Answers as the script says. */
export function sendReply(response: ServerResponse, played: Played): void {
  if (!played.request.stream) {
    sendJson(response, 200, completion(played));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const chunks = completionChunks(played).map((data) => `data: ${data}\n\n`);
  if (played.turn.piece_ms === 0) response.end(chunks.join(''));
  else sendSlowly(response, chunks, played.turn.piece_ms);
}

/** Piece after piece, for as long as somebody listens. */
function sendSlowly(response: ServerResponse, [chunk, ...rest]: readonly string[], ms: number): void {
  if (chunk === undefined || response.destroyed) {
    response.end();
    return;
  }
  response.write(chunk);
  setTimeout(() => sendSlowly(response, rest, ms), ms);
}

/** Fails as the script says. */
export function sendFault(response: ServerResponse, played: Played, fault: Fault): void {
  switch (fault.type) {
    case 'status':
      if (fault.retry_after !== undefined) response.setHeader('retry-after', String(fault.retry_after));
      if (fault.status < 400) response.setHeader('location', '/elsewhere');
      return sendJson(response, fault.status, vendorError(fault.message ?? 'scripted fault', fault.code ?? 'scripted'));
    case 'hang':
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'half':
      return sendHalf(response, played);
    case 'empty':
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end();
      return;
    case 'garbage':
      return sendJson(response, 200, '<html>upstream says hello</html>');
    case 'no_choices':
      return sendJson(response, 200, { id: 'chatcmpl-none', object: 'chat.completion', choices: [] });
    case 'nul':
      return sendReply(response, { ...played, turn: { ...played.turn, text: 'a\u0000b', calls: [] } });
    case 'oversized':
      return sendOversized(response, fault.bytes);
    default:
      return assertNever(fault, 'fault');
  }
}

/** Half of the bytes promised, or half of the stream; then the connection is cut. */
function sendHalf(response: ServerResponse, played: Played): void {
  if (played.request.stream) {
    const chunks = completionChunks(played);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const shown = chunks.slice(0, Math.max(1, Math.floor(chunks.length / 2)));
    response.write(shown.map((data) => `data: ${data}\n\n`).join(''), () => response.socket?.destroy());
    return;
  }
  const body = completion(played);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.write(body.slice(0, Math.floor(body.length / 2)), () => response.socket?.destroy());
}

/** Written in pieces as the reader takes them, so that a giant answer costs this side no memory. */
function sendOversized(response: ServerResponse, bytes: number): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const piece = Buffer.alloc(MEBIBYTE, 'x');
  let left = bytes;
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      const part = piece.subarray(0, Math.min(left, piece.length));
      left -= part.length;
      if (!response.write(part)) {
        response.once('drain', more);
        return;
      }
    }
    response.end();
  };
  more();
}
