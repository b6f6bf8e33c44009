import fc from 'fast-check';
import { completion, completionChunks, type Played } from '../scripted/reply';
import { parseScripts } from '../scripted/script';
import { readReply, readStream } from './reply';

const sse = (events: readonly string[]): string => events.map((data) => `data: ${data}\n\n`).join('');

const word = fc.string({ unit: 'grapheme', maxLength: 80 }).filter((text) => !text.includes('\u0000'));
const turn = fc.record({
  text: fc.option(word),
  calls: fc.array(
    fc.record({
      name: fc.stringMatching(/^[a-z_]{1,20}$/),
      arguments: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), word, { noNullPrototype: true }),
    }),
    { maxLength: 4 },
  ),
});

const played = (given: object): Played => {
  const parsed = parseScripts({ s: { turns: [given] } });
  if (!parsed.ok) throw new Error(parsed.failure.message);
  const request = {
    model: 'm',
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: '' }],
    tools: [],
  };
  return { script: 's', index: 0, turn: parsed.value['s']!.turns[0]!, request, requestBytes: 40 };
};

describe('a reply', () => {
  it('reads the same whole and streamed', () => {
    fc.assert(
      fc.property(turn, (given) => {
        const one = played(given);
        expect(readStream(sse(completionChunks(one)), '')).toEqual(readReply(completion(one), ''));
      }),
    );
  });

  it('streamed and cut before its finish reason is half a reply, wherever the cut', () => {
    fc.assert(
      fc.property(turn, fc.nat(), (given, at) => {
        const chunks = completionChunks(played(given));
        // The last three are the finish reason, the usage and [DONE].
        const cut = chunks.slice(0, at % (chunks.length - 2));
        const read = readStream(sse(cut), '');
        expect(read).toMatchObject({
          ok: false,
          failure: { code: cut.length === 0 ? 'model_reply_empty' : 'model_stream_cut' },
        });
      }),
    );
  });

  it('is never read out of a cut body: half a JSON text is no JSON', () => {
    fc.assert(
      fc.property(turn, fc.nat(), (given, at) => {
        const text = completion(played(given));
        expect(readReply(text.slice(0, at % text.length), '').ok).toBe(false);
      }),
    );
  });

  it('never makes the reader throw, whatever the endpoint sends', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        readReply(text, '');
        readStream(`data: ${text}\n\n`, '');
      }),
    );
  });

  const whole = (message: object, more: object = {}): string =>
    JSON.stringify({ choices: [{ message, finish_reason: 'stop' }], ...more });
  const call = (id: string, name: string) => ({ id, type: 'function', function: { name, arguments: '{}' } });

  it.each([
    ['two calls under one id', whole({ content: null, tool_calls: [call('a', 'x'), call('a', 'y')] })],
    ['a call without a name', whole({ content: null, tool_calls: [call('a', '')] })],
    ['arguments that are no text', whole({ tool_calls: [{ id: 'a', function: { name: 'x', arguments: {} } }] })],
    ['a finish by tools without one', JSON.stringify({ choices: [{ message: {}, finish_reason: 'tool_calls' }] })],
    ['content that is no text', whole({ content: [{ type: 'text' }] })],
  ])('with %s is refused as malformed', (_what, text) => {
    expect(readReply(text, '')).toMatchObject({ ok: false, failure: { code: 'model_reply_malformed' } });
  });

  it('in a tool call may not hide a NUL either', () => {
    const text = whole({ tool_calls: [{ id: 'a', function: { name: 'x', arguments: '{"a":"\u0000"}' } }] });
    expect(readReply(text, '')).toMatchObject({ ok: false, failure: { code: 'model_reply_unencodable' } });
  });

  it('that says nothing of its usage is charged by its size', () => {
    expect(readReply(whole({ content: 'x'.repeat(40) }), 'y'.repeat(400))).toMatchObject({
      value: { usage: { inputTokens: 100, outputTokens: 10 } },
    });
  });

  it('with calls is a turn of calls, whatever reason the endpoint gives', () => {
    expect(readReply(whole({ content: null, tool_calls: [call('a', 'x')] }), '')).toMatchObject({
      value: { finish: 'tool_calls' },
    });
  });
});
