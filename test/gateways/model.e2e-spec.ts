import { canonicalJson, type JsonObject } from '@writ/kernel';
import {
  type CallOutcome,
  type ModelReply,
  openAiProvider,
  type ScriptedModel,
  type ScriptInput,
  startScriptedModel,
} from '@writ/gateways';
import { until } from '../support/until';
import { limits, modelCall, summary, type Summary } from './calls';
import { openOffice, type TestOffice } from './office';
import { rawPeer } from './peers';

const SECRET = 'sk-test-0123456789abcdef';
const env = { TEST_MODEL_KEY: SECRET };
let office: TestOffice;
let model: ScriptedModel;

beforeAll(async () => {
  office = await openOffice();
  model = await startScriptedModel();
});
beforeEach(() => model.reset());
afterAll(() => model.close());

const request = (script: string, given: JsonObject = {}): JsonObject => ({
  model: 'scripted',
  messages: [
    { role: 'system', content: 'You help.' },
    { role: 'user', content: `script:${script} please` },
  ],
  ...given,
});

interface Ask {
  readonly url?: string;
  readonly attempt?: number;
  readonly limits?: Parameters<typeof limits>[0];
  readonly keyEnv?: string | null;
}

function complete(asked: JsonObject, ask: Ask = {}): Promise<CallOutcome<ModelReply>> {
  const call = modelCall(ask.url ?? model.url, asked, {
    apiKeyEnv: ask.keyEnv === undefined ? 'TEST_MODEL_KEY' : ask.keyEnv,
  });
  const { attempt = 1 } = ask;
  const permit = office.permit({ door: 'model', target: call.target, args: asked, attempt, key: 'run.7' });
  return openAiProvider({ open: office.open, env }).complete(permit, call, limits(ask.limits));
}

const TWO_CALLS: ScriptInput = {
  turns: [
    {
      text: 'Looking.',
      calls: [
        { name: 'get_order', arguments: { id: 'Ä-1' } },
        { name: 'get_user', arguments_text: '{not json' },
      ],
      usage: { input: 11, output: 7, cached: 3 },
    },
  ],
};

describe.each([false, true])('a reply, streamed: %s', (stream) => {
  const shape: JsonObject = stream ? { stream: true, stream_options: { include_usage: true } } : {};

  it('is read whole: text, parallel calls with their own argument text, usage', async () => {
    model.play({ two: TWO_CALLS });
    expect(await complete(request('two', shape))).toEqual({
      kind: 'ok',
      value: {
        content: 'Looking.',
        toolCalls: [
          { callId: 'call_two_0_0', name: 'get_order', argumentsText: '{"id":"Ä-1"}' },
          { callId: 'call_two_0_1', name: 'get_user', argumentsText: '{not json' },
        ],
        finish: 'tool_calls',
        model: 'scripted',
        usage: { inputTokens: 11, outputTokens: 7, cachedTokens: 3 },
      },
    });
  });

  it.each(['length', 'content_filter'] as const)('that ended by %s says so', async (finish) => {
    model.play({ cut: { turns: [{ text: 'half a thou', finish }] } });
    expect(await complete(request('cut', shape))).toMatchObject({
      kind: 'ok',
      value: { finish, content: 'half a thou' },
    });
  });
});

describe('what is sent', () => {
  it('is the decided request, byte for byte, with the key of the step and its attempt', async () => {
    let heard = '';
    const peer = await rawPeer((socket, head) => {
      heard += head;
      socket.end('HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n');
    });
    const asked = request('any', { b: 1, a: { z: [1.0, 'ü'], y: null } });
    await complete(asked, { url: `http://127.0.0.1:${peer.port}/v1/`, attempt: 3 });
    await peer.close();
    const [head, body] = heard.split('\r\n\r\n');
    expect(Buffer.from(body ?? '', 'latin1').toString('utf8')).toBe(canonicalJson(asked));
    expect(head).toMatch(/^POST \/v1\/chat\/completions HTTP\/1\.1/);
    expect(head).toMatch(new RegExp(`\r\nauthorization: Bearer ${SECRET}\r\n`, 'i'));
    expect(head).toMatch(/\r\nidempotency-key: run\.7\r\n/i);
    expect(head).toMatch(/\r\nx-writ-attempt: 3\r\n/i);
  });

  it('carries no credentials where the definition names none', async () => {
    let heard = '';
    const peer = await rawPeer((socket, head) => {
      heard += head;
      socket.end('HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n');
    });
    await complete(request('any'), { url: `http://127.0.0.1:${peer.port}`, keyEnv: null });
    await peer.close();
    expect(heard).not.toMatch(/authorization/i);
  });
});

type Fault = NonNullable<NonNullable<ScriptInput['turns']>[number]['faults']>[number];

/** What each fault of an endpoint becomes: its code, whether trying again may help, and whether it may have landed. */
const FAULTS: readonly (readonly [what: string, fault: Fault, then: Summary])[] = [
  ['400', { type: 'status', status: 400 }, ['model_request_rejected', 'permanent', 'no']],
  ['401', { type: 'status', status: 401 }, ['model_unauthorized', 'permanent', 'no']],
  ['403', { type: 'status', status: 403 }, ['model_forbidden', 'permanent', 'no']],
  ['404', { type: 'status', status: 404 }, ['model_not_found', 'permanent', 'no']],
  ['408', { type: 'status', status: 408 }, ['model_timeout', 'transient', 'maybe']],
  ['413', { type: 'status', status: 413 }, ['model_request_too_large', 'permanent', 'no']],
  ['429', { type: 'status', status: 429 }, ['model_rate_limited', 'transient', 'no']],
  ['500', { type: 'status', status: 500 }, ['model_unavailable', 'transient', 'maybe']],
  ['502', { type: 'status', status: 502 }, ['model_unavailable', 'transient', 'maybe']],
  ['503', { type: 'status', status: 503 }, ['model_unavailable', 'transient', 'maybe']],
  ['529', { type: 'status', status: 529 }, ['model_overloaded', 'transient', 'no']],
  ['a redirect', { type: 'status', status: 307 }, ['model_redirected', 'permanent', 'no']],
  [
    'a refused prompt',
    { type: 'status', status: 400, code: 'content_filter' },
    ['model_content_filtered', 'permanent', 'yes'],
  ],
  ['a reset connection', { type: 'reset' }, ['model_connection_lost', 'transient', 'maybe']],
  ['half a body', { type: 'half' }, ['model_connection_lost', 'transient', 'maybe']],
  ['an empty body', { type: 'empty' }, ['model_reply_empty', 'transient', 'maybe']],
  ['a body that is no JSON', { type: 'garbage' }, ['model_reply_not_json', 'transient', 'maybe']],
  ['a body without choices', { type: 'no_choices' }, ['model_reply_malformed', 'transient', 'maybe']],
  ['a NUL character', { type: 'nul' }, ['model_reply_unencodable', 'transient', 'maybe']],
  ['50 MB', { type: 'oversized', bytes: 50_000_000 }, ['model_reply_too_large', 'permanent', 'yes']],
];

describe('an endpoint that answers badly', () => {
  it.each(FAULTS)('%s', async (_what, fault, then) => {
    model.play({ bad: { turns: [{ text: 'fine', faults: [fault] }] } });
    const outcome = await complete(request('bad'));
    expect(summary(outcome)).toEqual(then);
    expect(JSON.stringify(outcome)).not.toContain(SECRET);
    expect(await complete(request('bad'), { attempt: 2 })).toMatchObject({ kind: 'ok', value: { content: 'fine' } });
  });

  it('half a stream is no reply, however much of it came', async () => {
    model.play({ bad: { turns: [{ text: 'word '.repeat(500), faults: [{ type: 'half' }] }] } });
    const outcome = await complete(request('bad', { stream: true }));
    expect(summary(outcome)).toEqual(['model_stream_cut', 'transient', 'maybe']);
  });

  it('Retry-After is told in milliseconds', async () => {
    model.play({ bad: { turns: [{ faults: [{ type: 'status', status: 429, retry_after: 7 }] }] } });
    expect(await complete(request('bad'))).toMatchObject({
      failure: { details: { status: 429, retry_after_ms: 7_000 } },
    });
  });

  it("quotes the endpoint's own sentence, without the key in it", async () => {
    const message = `Incorrect key: ${SECRET}. Also Bearer ${SECRET}\r\nend`;
    model.play({ bad: { turns: [{ faults: [{ type: 'status', status: 401, message }] }] } });
    const outcome = await complete(request('bad'));
    expect(JSON.stringify(outcome)).not.toContain(SECRET);
    expect(outcome).toMatchObject({ failure: { message: expect.stringContaining('Incorrect key') } });
  });
});

describe('an endpoint that does not answer', () => {
  it('is a timeout that may have landed', async () => {
    model.play({ mute: { turns: [{ faults: [{ type: 'hang' }] }] } });
    const outcome = await complete(request('mute'), { limits: { timeoutMs: 800 } });
    expect(summary(outcome)).toEqual(['model_timeout', 'transient', 'maybe']);
    expect(model.journal('mute')).toHaveLength(1);
  });

  it('is cut in the middle of a body, too', async () => {
    const peer = await rawPeer((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"cho'));
    const outcome = await complete(request('any'), {
      url: `http://127.0.0.1:${peer.port}`,
      limits: { timeoutMs: 800 },
    });
    await peer.close();
    expect(summary(outcome)).toEqual(['model_timeout', 'transient', 'maybe']);
  });

  it('is let go at once when the run is cancelled', async () => {
    model.play({ mute: { turns: [{ faults: [{ type: 'hang' }] }] } });
    const cancel = new AbortController();
    const pending = complete(request('mute'), { limits: { signal: cancel.signal } });
    await until('the endpoint to be asked', () => model.journal('mute').length > 0);
    cancel.abort();
    expect(summary(await pending)).toEqual(['call_cancelled', 'cancelled', 'maybe']);
  });

  it('that was cancelled before it began sends nothing', async () => {
    const cancel = new AbortController();
    cancel.abort();
    const outcome = await complete(request('mute'), { limits: { signal: cancel.signal } });
    expect(summary(outcome)).toEqual(['call_cancelled', 'cancelled', 'no']);
    expect(model.journal()).toEqual([]);
  });

  it('because nobody listens has not landed', async () => {
    const gone = await rawPeer(() => undefined);
    await gone.close();
    const outcome = await complete(request('any'), { url: `http://127.0.0.1:${gone.port}/v1` });
    expect(summary(outcome)).toEqual(['model_unreachable', 'transient', 'no']);
    expect(outcome).toMatchObject({ failure: { details: { network: 'ECONNREFUSED' } } });
  });

  it('at an address that is none is refused before anything', async () => {
    for (const url of ['', 'ftp://x', 'http://user:pass@127.0.0.1']) {
      expect(summary(await complete(request('any'), { url }))).toEqual(['model_endpoint_invalid', 'permanent', 'no']);
    }
  });
});

it('many runs are played at once by one scripted model, each its own script', async () => {
  const ids = Array.from({ length: 40 }, (_, at) => `run-${at}`);
  model.play(Object.fromEntries(ids.map((id) => [id, { turns: [{ text: `I am ${id}`, delay_ms: 5 }] }])));
  const replies = await Promise.all(ids.map((id) => complete(request(id))));
  expect(replies.map((reply) => (reply.kind === 'ok' ? reply.value.content : reply))).toEqual(
    ids.map((id) => `I am ${id}`),
  );
});
