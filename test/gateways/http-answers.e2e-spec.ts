import type { ServerResponse } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { summary, type Summary } from './calls';
import { askHttp, type HttpAsk } from './http-call';
import { openOffice, type TestOffice } from './office';
import type { Serve } from './peers/http-peer';

let office: TestOffice;
beforeAll(async () => {
  office = await openOffice();
});
const ask = (serve: Serve, given: Partial<HttpAsk> = {}) => askHttp(office, serve, given);

const status =
  (code: number, headers: Record<string, string> = {}): Serve =>
  (_request, response) =>
    response.writeHead(code, headers).end();
const typed =
  (type: string | null, body: string | Buffer, headers: Record<string, string> = {}): Serve =>
  (_request, response) =>
    response.writeHead(200, { ...(type !== null && { 'content-type': type }), ...headers }).end(body);
const torn: Serve = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
  response.write('{"half":', () => response.socket?.destroy());
};
const tornChunks: Serve = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' });
  response.write('{"half":', () => response.socket?.destroy());
};
const flood =
  (bytes: number): Serve =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const piece = Buffer.alloc(65_536, '[');
    const more = (left: number, out: ServerResponse): void => {
      if (left <= 0) return void out.end();
      if (!out.destroyed) out.write(piece, () => more(left - piece.length, out));
    };
    more(bytes, response);
  };

/** What each answer becomes, for an effect that may be repeated and for one that may not (I5). */
const ANSWERS: readonly (readonly [what: string, serve: Serve, repeatable: Summary, irreversible?: Summary])[] = [
  ['400', status(400), ['tool_call_rejected', 'permanent', 'no']],
  ['401', status(401), ['tool_call_rejected', 'permanent', 'no']],
  ['404', status(404), ['tool_call_rejected', 'permanent', 'no']],
  ['409', status(409), ['tool_call_rejected', 'permanent', 'no']],
  ['422', status(422), ['tool_call_rejected', 'permanent', 'no']],
  ['425', status(425), ['tool_unavailable', 'transient', 'no']],
  ['429', status(429), ['tool_unavailable', 'transient', 'no']],
  ['501', status(501), ['tool_call_rejected', 'permanent', 'no']],
  ['408', status(408), ['tool_unavailable', 'transient', 'maybe'], ['tool_unavailable', 'unknown', 'maybe']],
  ['500', status(500), ['tool_unavailable', 'transient', 'maybe'], ['tool_unavailable', 'unknown', 'maybe']],
  ['503', status(503), ['tool_unavailable', 'transient', 'maybe'], ['tool_unavailable', 'unknown', 'maybe']],
  ['307', status(307, { location: '/x' }), ['tool_redirected', 'permanent', 'no']],
  ['303', status(303, { location: '/x' }), ['tool_redirected', 'permanent', 'maybe']],
  ['302', status(302, { location: '/x' }), ['tool_redirected', 'permanent', 'maybe']],
  ['half a body', torn, ['tool_connection_lost', 'transient', 'maybe'], ['tool_connection_lost', 'unknown', 'maybe']],
  [
    'half a stream',
    tornChunks,
    ['tool_connection_lost', 'transient', 'maybe'],
    ['tool_connection_lost', 'unknown', 'maybe'],
  ],
  [
    'a reset connection',
    (_request, response) => response.socket?.resetAndDestroy(),
    ['tool_connection_lost', 'transient', 'maybe'],
    ['tool_connection_lost', 'unknown', 'maybe'],
  ],
  [
    'another protocol',
    (_request, response) => response.writeHead(101, { upgrade: 'x', connection: 'upgrade' }).end(),
    ['tool_connection_lost', 'transient', 'maybe'],
    ['tool_connection_lost', 'unknown', 'maybe'],
  ],
  ['204', status(204), ['ok']],
  ['nothing at all, and no word of its type', typed(null, ''), ['ok']],
  ['a problem document as a success', typed('application/problem+json; charset=UTF-8', '{}'), ['ok']],
  ['text', typed('text/plain', 'grüße'), ['ok']],
  ['no type', typed(null, '{}'), ['tool_result_unreadable', 'permanent', 'yes']],
  ['a picture', typed('image/png', 'x'), ['tool_result_unreadable', 'permanent', 'yes']],
  ['a page that says it is JSON', typed('application/json', '<html>'), ['tool_result_unreadable', 'permanent', 'yes']],
  [
    'JSON in Latin 1',
    typed('application/json; charset=iso-8859-1', '{}'),
    ['tool_result_unreadable', 'permanent', 'yes'],
  ],
  [
    'bytes that are no UTF-8',
    typed('text/plain', Buffer.from([0xff, 0xfe])),
    ['tool_result_unreadable', 'permanent', 'yes'],
  ],
  [
    'JSON nested beyond measure',
    typed('application/json', '['.repeat(200_000)),
    ['tool_result_unreadable', 'permanent', 'yes'],
  ],
  [
    'JSON nested too deeply',
    typed('application/json', '['.repeat(900) + ']'.repeat(900)),
    ['tool_result_unencodable', 'permanent', 'yes'],
  ],
  ['a NUL character', typed('application/json', '{"a":"\\u0000"}'), ['tool_result_unencodable', 'permanent', 'yes']],
  ['50 MB', flood(50_000_000), ['tool_result_too_large', 'permanent', 'yes']],
  [
    'a coding nobody knows',
    typed('application/json', '{}', { 'content-encoding': 'zstd' }),
    ['tool_result_unreadable', 'permanent', 'yes'],
  ],
  [
    'two codings',
    typed('application/json', gzipSync(gzipSync('{}')), { 'content-encoding': 'gzip, gzip' }),
    ['tool_result_unreadable', 'permanent', 'yes'],
  ],
  [
    'a coding it does not keep',
    typed('application/json', '{}', { 'content-encoding': 'gzip' }),
    ['tool_result_unreadable', 'permanent', 'yes'],
  ],
  [
    'half of what was packed',
    typed('application/json', gzipSync('{"a":1}').subarray(0, 12), { 'content-encoding': 'gzip' }),
    ['tool_result_unreadable', 'permanent', 'yes'],
  ],
  ['gzip', typed('application/json', gzipSync('{"a":1}'), { 'content-encoding': 'gzip' }), ['ok']],
  ['deflate', typed('application/json', deflateSync('{"a":1}'), { 'content-encoding': 'deflate' }), ['ok']],
  ['br', typed('application/json', brotliCompressSync('{"a":1}'), { 'content-encoding': 'br' }), ['ok']],
];

describe('an answer', () => {
  const rows = ANSWERS.map(([what, serve, repeatable, once = repeatable]) => [what, serve, repeatable, once] as const);
  it.each(rows)('[I5] of %s', async (_what, serve, repeatable, irreversible) => {
    const idempotent = await ask(serve, { effect: 'idempotent', limits: { timeoutMs: 10_000 } });
    expect(summary(idempotent.outcome)).toEqual(repeatable);
    const once = await ask(serve, { effect: 'irreversible', limits: { timeoutMs: 10_000 } });
    expect(summary(once.outcome)).toEqual(irreversible);
    expect(once.heard).toHaveLength(1);
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('that is a bomb in %s is given up when it has unpacked to the limit', async (coding, pack) => {
    const bomb = pack(Buffer.alloc(200_000_000, ' '));
    expect(bomb.length).toBeLessThan(1_000_000);
    const before = process.memoryUsage.rss();
    const { outcome } = await ask(typed('application/json', bomb, { 'content-encoding': coding }));
    expect(summary(outcome)).toEqual(['tool_result_too_large', 'permanent', 'yes']);
    expect(process.memoryUsage.rss() - before).toBeLessThan(100_000_000);
  });

  it('keeps the digits of a number that a double cannot hold', async () => {
    const { outcome } = await ask(typed('application/json', '{"id":12345678901234567890,"n":-3,"f":1.50}'));
    expect(outcome).toMatchObject({ kind: 'ok', value: { content: { id: '12345678901234567890', n: -3, f: 1.5 } } });
  });

  it('tells what the service says of an error, on one safe line, and when to come again', async () => {
    const serve: Serve = (_request, response) => {
      response.writeHead(429, { 'content-type': 'application/problem+json', 'retry-after': '7' });
      response.end(JSON.stringify({ title: 'Slow\r\ndown', detail: 'Bearer abcdef123456 is\u0000\nbusy' }));
    };
    const { outcome } = await ask(serve);
    expect(outcome).toMatchObject({
      failure: {
        message: 'the service peer answered 429: Bearer [redacted] is busy',
        details: { service: 'peer', status: 429, retry_after_ms: 7_000 },
      },
    });
  });

  it('never tells where it came from beyond the origin: paths and queries hold arguments', async () => {
    const given = {
      args: { id: 'patient-4711' },
      request: { method: 'GET', path: '/p/{id}', query: { q: { $from: '/id' } } },
    } as const;
    for (const serve of [status(404), status(500), torn, status(302, { location: '/p/patient-4711' })]) {
      const { outcome, heard } = await ask(serve, given);
      expect(heard[0]?.target).toContain('patient-4711');
      expect(JSON.stringify(outcome)).not.toContain('4711');
    }
  });
});
