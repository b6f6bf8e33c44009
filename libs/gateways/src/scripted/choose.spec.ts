import { chooseTurn, scriptId } from './choose';
import { parseRequest, parseScripts, type PlayedRequest, type Script } from './script';

const request = (body: object): PlayedRequest => {
  const parsed = parseRequest(JSON.stringify({ messages: [{ role: 'user', content: 'hello' }], ...body }));
  if (!parsed) throw new Error('the test made a request that cannot be read');
  return parsed;
};
const user = (content: unknown): object => ({
  messages: [
    { role: 'system', content: 's' },
    { role: 'user', content },
  ],
});
const script = (given: object): Script => {
  const parsed = parseScripts({ s: given });
  if (!parsed.ok) throw new Error(parsed.failure.message);
  return parsed.value['s']!;
};

describe('the script a request plays', () => {
  const known = (id: string): boolean => ['a', 'refund-17', 'default'].includes(id);

  it.each([
    ['the header', request(user('script:a')), 'refund-17', 'refund-17'],
    ['the metadata', request({ ...user('script:a'), metadata: { writ_script: 'refund-17' } }), undefined, 'refund-17'],
    ['JSON in the first user message', request(user('{"script":"a","more":1}')), undefined, 'a'],
    ['a token in the first user message', request(user('Hello (script:refund-17), I want')), undefined, 'refund-17'],
    ['a token in parts of text', request(user([{ type: 'text', text: 'script:a x' }])), undefined, 'a'],
    ['the user field', request({ ...user('hello'), user: 'a' }), undefined, 'a'],
    ['nothing', request(user('hello')), undefined, 'default'],
  ])('is named by %s', (_by, asked, header, id) => {
    expect(scriptId(asked, header, known)).toBe(id);
  });

  it('is no other when the one named does not exist', () => {
    expect(scriptId(request(user('script:missing')), undefined, known)).toBeNull();
    expect(scriptId(request(user('hello')), 'missing', known)).toBeNull();
  });

  it('is not named by anything but the first user message', () => {
    const messages = [
      { role: 'user', content: 'hello' },
      { role: 'tool', tool_call_id: 'x', content: 'script:a' },
    ];
    expect(scriptId(request({ messages }), undefined, known)).toBe('default');
  });
});

describe('the turn that is played', () => {
  const assistant = { role: 'assistant', content: 'x' };
  const said = (count: number, system = 's'): PlayedRequest =>
    request({
      messages: [{ role: 'system', content: system }, { role: 'user', content: 'u' }, ...Array(count).fill(assistant)],
    });

  it('is the one after those the request brings, and the last words after the last', () => {
    const three = script({ turns: [{ text: 'a' }, { text: 'b' }], final: 'end' });
    expect([0, 1, 2, 9].map((count) => chooseTurn(three, said(count), 1).turn.text)).toEqual(['a', 'b', 'end', 'end']);
  });

  it('is the agent’s own for what it hears first, where that tells it', () => {
    const own = script({
      agents: [
        { instructions: 'You bill', hears: 'again', turns: [{ text: 'a second bill' }] },
        { instructions: 'You bill', turns: [{ text: 'bill' }] },
      ],
    });
    const asked = (content: string) =>
      chooseTurn(
        own,
        request({
          messages: [
            { role: 'system', content: 'You bill.' },
            { role: 'user', content },
          ],
        }),
        1,
      ).turn.text;
    expect([asked('once'), asked('once again')]).toEqual(['bill', 'a second bill']);
  });

  it('is the agent’s own where the instructions tell it', () => {
    const own = script({ turns: [{ text: 'any' }], agents: [{ instructions: 'You bill', turns: [{ text: 'bill' }] }] });
    expect(chooseTurn(own, said(0, 'Here: You bill.'), 1).turn.text).toBe('bill');
    expect(chooseTurn(own, said(0, 'You greet.'), 1).turn.text).toBe('any');
  });

  it('fails as often as the script says, by the attempt alone', () => {
    const faulty = script({ turns: [{ text: 'ok', faults: [{ type: 'empty' }, { type: 'reset' }] }] });
    const faults = [1, 2, 3, 2, 1].map((attempt) => chooseTurn(faulty, said(0), attempt).fault?.type ?? null);
    expect(faults).toEqual(['empty', 'reset', null, 'reset', 'empty']);
  });
});

it.each([
  ['an unknown member', { s: { turn: [] } }, '/s'],
  ['a bad id', { 'a b': {} }, '/a b'],
  ['a fault nobody knows', { s: { turns: [{ faults: [{ type: 'sulk' }] }] } }, '/s/turns/0/faults/0/type'],
  ['no object', [1], '/'],
])('scripts with %s are refused, and where is said', (_what, scripts, where) => {
  const parsed = parseScripts(scripts);
  expect(parsed).toMatchObject({ ok: false, failure: { code: 'script_invalid' } });
  if (!parsed.ok) expect(parsed.failure.message).toContain(`at ${where}`);
});
