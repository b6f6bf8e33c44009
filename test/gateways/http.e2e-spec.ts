import { summary } from './calls';
import { askHttp, callHttp, fine, type HttpAsk } from './http-call';
import { openOffice, type TestOffice } from './office';
import { rawPeer } from './peers';
import { httpPeer, type Serve } from './peers/http-peer';
import { TEST_CERTIFICATE } from './peers/tls';

let office: TestOffice;
beforeAll(async () => {
  office = await openOffice();
});
const ask = (serve: Serve, given: Partial<HttpAsk> = {}) => askHttp(office, serve, given);

describe('what an HTTP tool sends', () => {
  it('is the request its definition makes of the decided arguments, with key and attempt where it says', async () => {
    const { outcome, heard } = await ask(fine, {
      attempt: 3,
      args: { id: 'W-1', amount: 500, note: 'ü' },
      service: { headers: { 'x-shop': 'refunds' } },
      request: {
        path: '/v1/orders/{id}/refunds',
        query: { dry: false },
        headers: { 'x-amount': { $from: '/amount' } },
        body: { note: { $from: '/note' }, amount: { $from: '/amount' } },
        keyHeader: 'idempotency-key',
        attemptHeader: 'x-attempt',
      },
    });
    expect(outcome).toEqual({ kind: 'ok', value: { content: { ok: true }, text: '{"ok":true}' } });
    expect(heard).toMatchObject([
      {
        method: 'POST',
        target: '/v1/orders/W-1/refunds?dry=false',
        body: '{"amount":500,"note":"ü"}',
        headers: {
          host: expect.stringMatching(/^api\.test:\d+$/),
          'content-type': 'application/json',
          'content-length': '26',
          'accept-encoding': 'identity',
          'x-shop': 'refunds',
          'x-amount': '500',
          'idempotency-key': 'run.7',
          'x-attempt': '3',
        },
      },
    ]);
    expect(heard[0]?.headers).not.toHaveProperty('traceparent');
  });

  it('has no body where the definition has none, and no header nobody asked for', async () => {
    const { heard } = await ask(fine, { request: { method: 'GET' } });
    expect(heard[0]?.body).toBe('');
    expect(Object.keys(heard[0]?.headers ?? {}).sort()).toEqual(
      ['accept', 'accept-encoding', 'connection', 'host', 'user-agent'].sort(),
    );
  });

  it('is nothing when the arguments cannot be put where they belong', async () => {
    const { outcome, connections } = await ask(fine, { args: { id: '../x' }, request: { path: '/orders/{id}' } });
    expect(summary(outcome)).toEqual(['tool_arguments_unsendable', 'permanent', 'no']);
    expect(connections).toBe(0);
  });
});

describe('a secret of a service', () => {
  const TOKEN = 'canary-5f0c1d9e7a';
  const env = { PAY_TOKEN: `Bearer ${TOKEN}`, OTHER_SECRET: 'canary-of-another' };
  const service = { headersEnv: { authorization: 'PAY_TOKEN' } };

  it('goes out in its header where the operator lets it', async () => {
    const peer = await httpPeer(fine);
    const origin = `http://api.test:${peer.port}`;
    const outcome = await callHttp(office, { origin, env, service, egress: `${origin};private;secret=PAY_TOKEN` });
    await peer.close();
    expect(summary(outcome)).toEqual(['ok']);
    expect(peer.heard[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });

  it('stays here where he does not, and nothing else goes out either', async () => {
    const peer = await httpPeer(fine);
    const origin = `http://api.test:${peer.port}`;
    const egress = `${origin};private;secret=PAY_TOKEN`;
    const outcome = await callHttp(office, { origin, env, service: { headersEnv: { x: 'OTHER_SECRET' } }, egress });
    await peer.close();
    expect(summary(outcome)).toEqual(['tool_secret_not_allowed', 'permanent', 'no']);
    expect(peer.connections()).toBe(0);
  });

  it.each([
    ['an answer', 200, 'application/json', JSON.stringify({ you: { sent: `Bearer ${TOKEN}`, [TOKEN]: [TOKEN] } })],
    [
      'an answer in escapes',
      200,
      'application/json',
      `{"t":"${[...TOKEN].map((c) => `\\u00${c.charCodeAt(0).toString(16)}`).join('')}"}`,
    ],
    ['text', 200, 'text/plain', `token ${TOKEN}.`],
    ['an error', 401, 'application/json', JSON.stringify({ error: { message: `bad token ${TOKEN}` } })],
    ['an error that is text', 500, 'text/plain', `bad token ${TOKEN}`],
  ])('that the service quotes in %s is blanked', async (_what, status, type, body) => {
    const peer = await httpPeer((_request, response) => response.writeHead(status, { 'content-type': type }).end(body));
    const origin = `http://api.test:${peer.port}`;
    const outcome = await callHttp(office, { origin, env, service, egress: `${origin};private;secret=PAY_TOKEN` });
    await peer.close();
    expect(peer.heard).toHaveLength(1);
    expect(JSON.stringify(outcome)).not.toContain('canary');
    expect(JSON.stringify(outcome)).toContain('[redacted]');
  });
});

describe('a service that does not answer', () => {
  const mute: Serve = () => undefined;
  const drip: Serve = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(timer));
  };

  it.each([
    ['at all', mute],
    ['to its end, a byte at a time', drip],
  ])('%s is cut off at the limit, and what became of it is not known', async (_what, serve) => {
    const once = await ask(serve, { limits: { timeoutMs: 800 } });
    expect(summary(once.outcome)).toEqual(['tool_timeout', 'unknown', 'maybe']);
    const again = await ask(serve, { effect: 'idempotent', limits: { timeoutMs: 800 } });
    expect(summary(again.outcome)).toEqual(['tool_timeout', 'transient', 'maybe']);
  });

  it('is let go at once when the run is cancelled', async () => {
    const cancel = new AbortController();
    const { outcome } = await ask(() => cancel.abort(), { limits: { signal: cancel.signal } });
    expect(summary(outcome)).toEqual(['call_cancelled', 'cancelled', 'maybe']);
  });

  it('because its name is never looked up has not been asked', async () => {
    const { outcome, connections } = await ask(fine, {
      lookup: () => new Promise(() => undefined),
      limits: { timeoutMs: 100 },
    });
    expect(summary(outcome)).toEqual(['tool_timeout', 'transient', 'no']);
    expect(connections).toBe(0);
  });

  it('because nobody listens has not been asked', async () => {
    const gone = await httpPeer(fine);
    await gone.close();
    const outcome = await callHttp(office, { origin: `http://api.test:${gone.port}` });
    expect(summary(outcome)).toEqual(['tool_unreachable', 'transient', 'no']);
    expect(outcome).toMatchObject({ failure: { details: { network: 'ECONNREFUSED' } } });
  });

  it('at the first of its addresses is asked at the next', async () => {
    const { outcome, heard } = await ask(fine, {
      lookup: () => Promise.resolve([{ address: '127.0.0.7' }, { address: '127.0.0.1' }]),
    });
    expect(summary(outcome)).toEqual(['ok']);
    expect(heard).toHaveLength(1);
  });

  it('in time for its permit fails as a connection: deciding again would meet the same slowness', async () => {
    const { outcome, heard } = await ask(fine, {
      lookup: async () => {
        office.clock.advance(3_000);
        await new Promise((resolve) => setTimeout(resolve, 1_600));
        return [{ address: '127.0.0.1' }];
      },
    });
    expect(outcome).toMatchObject({
      failure: { code: 'tool_unreachable', details: { network: 'ESLOW' } },
      landed: 'no',
    });
    expect(heard).toEqual([]);
  });
});

describe('where an HTTP tool connects', () => {
  it('is the address that was checked: a name that leads elsewhere next time is not asked again', async () => {
    let asked = 0;
    const { outcome, heard } = await ask(fine, {
      lookup: () => Promise.resolve([{ address: asked++ === 0 ? '127.0.0.1' : '169.254.169.254' }]),
    });
    expect(summary(outcome)).toEqual(['ok']);
    expect(asked).toBe(1);
    // `api.test` exists in no resolver: only the checked address can have led there.
    expect(heard[0]?.headers.host).toMatch(/^api\.test:/);
  });

  it('is nowhere when a later call finds the name moved', async () => {
    const answers = ['127.0.0.1', '169.254.169.254'];
    const peer = await httpPeer(fine);
    const lookup = () => Promise.resolve([{ address: answers.shift() ?? '' }]);
    const again = { origin: `http://api.test:${peer.port}`, lookup, effect: 'read' } as const;
    expect(summary(await callHttp(office, again))).toEqual(['ok']);
    expect(summary(await callHttp(office, again))).toEqual(['egress_address_forbidden', 'policy', 'no']);
    await peer.close();
    expect(peer.heard).toHaveLength(1);
  });

  it.each([
    ['an origin the operator does not vouch for', 'public', 'egress_insecure'],
    ['an origin vouched for without its privacy', 'http://api.test:PORT', 'egress_address_forbidden'],
    ['another port', 'http://api.test:1;private', 'egress_origin_not_allowed'],
    ['nothing at all', '', 'egress_origin_not_allowed'],
    [
      'another tenant only',
      `http://api.test:PORT;private;tenant=ten_01k8x0q3wsf5z8k2m4n6p8r0t2`,
      'egress_origin_not_allowed',
    ],
  ])('is never %s, and nothing reaches it', async (_what, egress, code) => {
    const peer = await httpPeer(fine);
    const outcome = await callHttp(office, {
      origin: `http://api.test:${peer.port}`,
      egress: egress.replace('PORT', String(peer.port)),
    });
    await peer.close();
    expect(summary(outcome)).toEqual([code, 'policy', 'no']);
    expect(peer.connections()).toBe(0);
  });

  it('is checked by certificate against the name, though the connection goes to an address', async () => {
    const peer = await httpPeer(fine, { tls: true });
    const over = (origin: string, ca: string | undefined = TEST_CERTIFICATE) =>
      callHttp(office, { origin, ...(ca !== '' && { ca }) });
    expect(summary(await over(`https://api.test:${peer.port}`))).toEqual(['ok']);
    expect(peer.heard[0]).toMatchObject({ servername: 'api.test', headers: { host: `api.test:${peer.port}` } });
    expect(summary(await over(`https://127.0.0.1:${peer.port}`))).toEqual(['ok']);
    expect(await over(`https://other.test:${peer.port}`)).toMatchObject({
      failure: { code: 'tool_unreachable', details: { network: 'ERR_TLS_CERT_ALTNAME_INVALID' } },
      landed: 'no',
    });
    expect(await over(`https://api.test:${peer.port}`, '')).toMatchObject({
      failure: { code: 'tool_unreachable', details: { network: 'DEPTH_ZERO_SELF_SIGNED_CERT' } },
      landed: 'no',
    });
    await peer.close();
    expect(peer.heard).toHaveLength(2);
  });

  it('is told apart from a peer that speaks something else', async () => {
    const peer = await rawPeer((socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n'));
    const outcome = await callHttp(office, { origin: `http://api.test:${peer.port}`, effect: 'read' });
    await peer.close();
    expect(outcome).toMatchObject({
      failure: { code: 'tool_connection_lost', details: { network: 'HPE_INVALID_CONSTANT' } },
    });
  });
});
