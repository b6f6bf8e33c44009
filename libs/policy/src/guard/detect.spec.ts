import fc from 'fast-check';
import { cutOut, leavesIn, WHOLE } from './content';
import { detect } from './detect';
import { DETECTORS } from './document';
import { WordList } from './words';

const found = (text: string, detector: (typeof DETECTORS)[number]): string[] =>
  detect(text, [detector]).map(([from, to]) => text.slice(from, to));

describe('the built-in detectors', () => {
  const key = `ghp_${'a1B2'.repeat(9)}`;
  const token = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.${'s'.repeat(40)}`;
  const pem = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNza\nMORE==\n-----END OPENSSH PRIVATE KEY-----';
  it.each([
    ['credential', `use ${key}.`, [key]],
    ['credential', 'AKIAIOSFODNN7EXAMPLE is the id', ['AKIAIOSFODNN7EXAMPLE']],
    ['credential', `Authorization: Bearer abcdef0123456789abcd`, ['abcdef0123456789abcd']],
    ['credential', `{"jwt":"${token}"}`, [token]],
    ['credential', `before ${pem} after`, [pem]],
    ['credential', `-----BEGIN PRIVATE KEY-----\ncut off`, ['-----BEGIN PRIVATE KEY-----\ncut off']],
    ['credential', `password: "hunter2-really"`, ['hunter2-really']],
    ['credential', `api_key=Zk39fjw0q1`, ['Zk39fjw0q1']],
    ['payment_card', 'card 4111 1111 1111 1111, thanks', ['4111 1111 1111 1111']],
    ['payment_card', '5500-0000-0000-0004', ['5500-0000-0000-0004']],
    ['payment_card', '"378282246310005"', ['378282246310005']],
    ['payment_card', '4111 1111 1111 1111 5500 0000 0000 0004', ['4111 1111 1111 1111', '5500 0000 0000 0004']],
    ['iban', 'to DE89 3704 0044 0532 0130 00.', ['DE89 3704 0044 0532 0130 00']],
    ['iban', 'gb82west12345698765432', ['gb82west12345698765432']],
    ['email', 'write to Ann.Lee+x@mail.example.org.', ['Ann.Lee+x@mail.example.org']],
    ['phone', 'call +49 (30) 901820-0 now', ['+49 (30) 901820-0']],
    ['phone', 'or (555) 123-4567', ['(555) 123-4567']],
  ] as const)('%s is found in %j', (detector, text, expected) => {
    expect(found(text, detector)).toEqual(expected);
  });

  it.each([
    ['credential', 'the password: please choose one'],
    ['credential', 'ghp_short and AKIA and sk-abc'],
    ['credential', 'a secret garden, a token of thanks'],
    ['payment_card', '4111 1111 1111 1112'],
    ['payment_card', 'order 1234567890123, 0000 0000 0000 0000'],
    ['payment_card', '41111111111111111111111111'],
    ['iban', 'DE89 3704 0044 0532 0130 01'],
    ['iban', 'XX82 WEST 1234 5698 7654 32'],
    ['email', 'at@home, @handle, a@b'],
    ['phone', '2026-11-23 10:30, 12345678901234567890'],
  ] as const)('%s is not found in %j', (detector, text) => {
    expect(found(text, detector)).toEqual([]);
  });

  it('look at a bounded stretch around each place, whatever stands there', () => {
    for (const part of ['eyJ', 'AA11', '-----BEGIN ', '1 ', '@', 'a@', '+1', 'password=', 'DE89 ', '(555) ']) {
      expect(() => detect(part.repeat(200_000 / part.length), DETECTORS)).not.toThrow();
    }
  });

  it('find the same, wherever in a text it stands', () => {
    const samples = ['4111 1111 1111 1111', 'DE89370400440532013000', 'ann@example.org', key] as const;
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.lorem(), fc.lorem(), (sample, before, after) => {
        const text = `${before} ${sample} ${after}`;
        const spans = detect(text, ['payment_card', 'iban', 'email', 'credential']);
        expect(spans.map(([from, to]) => text.slice(from, to))).toContain(sample);
      }),
    );
  });
});

describe('listed words', () => {
  it('are found whole, in their order, whatever their case and what stands between them', () => {
    const list = new WordList(['Bluebird', 'project x', 'ÄRGER']);
    const words = (text: string): string[] => [...list.find(text)].map(([from, to]) => text.slice(from, to));
    expect(words('BLUEBIRD and Project, X')).toEqual(['BLUEBIRD', 'Project, X']);
    expect(words('bluebirds project the x xproject')).toEqual([]);
    expect(words('so ein ärger')).toEqual(['ärger']);
  });
});

describe('what is cut out of content', () => {
  const value = { to: 'ann@example.org', note: ['my card is 4111111111111111', 7], 'bob@example.org': 1 };
  it('is gone from every text, number and name of it, and nothing else is', () => {
    const cuts = leavesIn(value).flatMap((text, leaf) =>
      detect(text, ['email', 'payment_card']).map(([from, to, kind]) => [leaf, from, to, kind] as const),
    );
    expect(cutOut(value, cuts)).toEqual({
      to: '[redacted: email]',
      note: ['my card is [redacted: payment_card]', 7],
      '[redacted: email]': 1,
    });
  });

  it('leaves nothing but the names of members, where it is the whole', () => {
    expect(cutOut({ a: 'x', b: [1, null, true] }, [[WHOLE, 0, 0, 'flagged']])).toEqual({
      a: '[redacted: flagged]',
      b: ['[redacted: flagged]', null, true],
    });
  });

  it('stands where its text stands, in whichever order its members come', () => {
    const json = fc.letrec((tie) => ({
      any: fc.oneof({ depthSize: 'small' }, fc.string(), fc.integer(), fc.boolean(), tie('object'), tie('list')),
      list: fc.array(tie('any'), { maxLength: 4 }),
      object: fc.dictionary(fc.string(), tie('any'), { maxKeys: 4 }),
    })).object;
    fc.assert(
      fc.property(json, (document) => {
        const leaves = leavesIn(document as never);
        const again = JSON.parse(JSON.stringify(document)) as never;
        expect(leavesIn(again)).toEqual(leaves);
        const all = leaves.flatMap((text, leaf) => (text === '' ? [] : [[leaf, 0, text.length, 'all'] as const]));
        const left = leavesIn(cutOut(document as never, all)).filter(
          (text) => text !== '' && text !== '[redacted: all]',
        );
        expect(left).toEqual([]);
      }),
    );
  });
});
