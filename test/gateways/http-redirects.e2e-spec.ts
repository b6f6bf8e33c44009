import type { ServerResponse } from 'node:http';
import { summary, type Summary } from './calls';
import { askHttp, callHttp, here, type HttpAsk } from './http-call';
import { openOffice, type TestOffice } from './office';
import { answerJson, httpPeer, type Serve } from './peers/http-peer';

let office: TestOffice;
beforeAll(async () => {
  office = await openOffice();
});
const ask = (serve: Serve, given: Partial<HttpAsk> = {}) => askHttp(office, serve, given);

describe('redirects', () => {
  const env = { PAY_TOKEN: 'Bearer canary-5f0c1d9e7a' };
  const hops =
    (location: (port: number) => string, code = 302) =>
    (request: { readonly target: string }, response: ServerResponse, port: number): void => {
      if (request.target === '/there') answerJson(response, { there: true });
      else response.writeHead(code, { location: location(port) }).end();
    };

  interface Go {
    readonly max?: number;
    readonly origins?: (port: number, other: number) => string[];
    readonly method?: 'GET' | 'POST';
    readonly location: (port: number, other: number) => string;
    readonly code?: number;
  }

  async function go({ max = 1, origins = () => [], method = 'GET', location, code }: Go) {
    const other = await httpPeer((request, response) => hops(() => '/', 302)(request, response, 0));
    const peer = await httpPeer((request, response) =>
      hops((port) => location(port, other.port), code)(request, response, peer.port),
    );
    const origin = `http://api.test:${peer.port}`;
    const egress = `${origin};private;secret=PAY_TOKEN http://api.test:${other.port};private http://other.test:${other.port};private`;
    const outcome = await callHttp(office, {
      ...{ origin, egress, env, effect: 'read' as const },
      service: {
        headers: { 'x-shop': 'mine' },
        headersEnv: { authorization: 'PAY_TOKEN' },
        redirects: { max, origins: origins(peer.port, other.port) },
      },
      request: { method, keyHeader: 'idempotency-key' },
    });
    await Promise.all([peer.close(), other.close()]);
    return { outcome, first: peer.heard, second: other.heard };
  }

  it('are not followed unless the definition says so', async () => {
    const { outcome, first } = await go({ max: 0, location: () => '/there' });
    expect(summary(outcome)).toEqual(['tool_redirected', 'permanent', 'maybe']);
    expect(first).toHaveLength(1);
  });

  it('of a GET are followed within its origin, with its credentials', async () => {
    const { outcome, first } = await go({ location: () => '/there' });
    expect(outcome).toMatchObject({ kind: 'ok', value: { content: { there: true } } });
    expect(first.map(({ headers }) => headers.authorization)).toEqual([env.PAY_TOKEN, env.PAY_TOKEN]);
  });

  it('to a listed origin are followed without credentials, without any header of ours', async () => {
    const { outcome, second } = await go({
      origins: (_port, other) => [`http://other.test:${other}`],
      location: (_port, other) => `http://other.test:${other}/there`,
    });
    expect(outcome).toMatchObject({ kind: 'ok', value: { content: { there: true } } });
    expect(Object.keys(second[0]?.headers ?? {}).sort()).toEqual(
      ['accept', 'accept-encoding', 'connection', 'host', 'user-agent'].sort(),
    );
  });

  const REFUSED: readonly (readonly [what: string, go: Go, then: Summary])[] = [
    ['of a POST', { method: 'POST', location: () => '/there' }, ['tool_redirected', 'permanent', 'maybe']],
    [
      'of a POST by 307',
      { method: 'POST', location: () => '/there', code: 307 },
      ['tool_redirected', 'permanent', 'no'],
    ],
    ['in a circle', { max: 3, location: () => '/' }, ['tool_redirected', 'permanent', 'maybe']],
    [
      'to an origin not listed',
      { location: (_port, other) => `http://other.test:${other}/there` },
      ['egress_origin_not_allowed', 'policy', 'maybe'],
    ],
    [
      'to the same host on another port',
      { location: (_port, other) => `http://api.test:${other}/there` },
      ['egress_origin_not_allowed', 'policy', 'maybe'],
    ],
    [
      'to this machine',
      { location: (_port, other) => `http://127.0.0.1:${other}/there` },
      ['egress_origin_not_allowed', 'policy', 'maybe'],
    ],
    [
      'to this machine as one number',
      { location: (_port, other) => `http://2130706433:${other}/there` },
      ['egress_origin_not_allowed', 'policy', 'maybe'],
    ],
    [
      'to the metadata service',
      { location: () => 'http://169.254.169.254/latest/meta-data/' },
      ['egress_origin_not_allowed', 'policy', 'maybe'],
    ],
    [
      'without a scheme to another host',
      { location: () => '//169.254.169.254/latest' },
      ['egress_origin_not_allowed', 'policy', 'maybe'],
    ],
    ['to a file', { location: () => 'file:///etc/passwd' }, ['egress_url_invalid', 'policy', 'maybe']],
    [
      'to another scheme',
      { location: (_port, other) => `gopher://api.test:${other}/_x` },
      ['egress_url_invalid', 'policy', 'maybe'],
    ],
    [
      'with a user in the address',
      { location: (port) => `http://user:pass@api.test:${port}/there` },
      ['egress_url_invalid', 'policy', 'maybe'],
    ],
    ['to an address that is none', { location: () => 'http://[::bad' }, ['tool_redirected', 'permanent', 'maybe']],
    ['to nowhere', { location: () => '', code: 304 }, ['tool_redirected', 'permanent', 'maybe']],
  ];
  it.each(REFUSED)('%s are not followed', async (_what, given, then) => {
    const { outcome, second } = await go(given);
    expect(summary(outcome)).toEqual(then);
    expect(second).toEqual([]);
    expect(JSON.stringify(outcome)).not.toContain('canary');
  });

  it('to a listed origin whose name leads somewhere private are not followed', async () => {
    const { outcome } = await ask(
      (_request, response) => response.writeHead(302, { location: 'https://next.test/' }).end(),
      {
        effect: 'read',
        request: { method: 'GET' },
        service: { redirects: { max: 2, origins: ['https://next.test'] } },
        lookup: (name) => (name === 'next.test' ? Promise.resolve([{ address: '10.0.0.1' }]) : here(name)),
      },
    );
    // The operator's list is the origin alone, so the other one is not even looked up.
    expect(summary(outcome)).toEqual(['egress_origin_not_allowed', 'policy', 'maybe']);
  });
});
