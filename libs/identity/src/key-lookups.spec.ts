import { type FoundKey, KeyLookups } from './key-lookups';

interface Sent {
  readonly hashes: readonly string[];
  readonly answer: (rows: readonly FoundKey[]) => void;
  readonly fail: (error: Error) => void;
}

const row = (hash: string): FoundKey => ({ hash }) as FoundKey;

function lookups(): { readonly sent: Sent[]; readonly keys: KeyLookups } {
  const sent: Sent[] = [];
  const call = async (_name: string, [hashes]: readonly unknown[]): Promise<never[]> =>
    new Promise((resolve, reject) => {
      sent.push({ hashes: hashes as string[], answer: (rows) => resolve(rows as never[]), fail: reject });
    });
  return { sent, keys: new KeyLookups({ call }) };
}

const settled = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('looking up keys', () => {
  it('asks once for all that came in one turn, and again only for those that came since', async () => {
    const { sent, keys } = lookups();
    const first = ['a', 'd', 'a'].map(async (hash) => keys.find(hash));
    await settled();
    const later = ['b', 'c', 'b'].map(async (hash) => keys.find(hash));
    await settled();
    expect(sent.map(({ hashes }) => hashes)).toEqual([['a', 'd']]);
    sent[0]!.answer([row('a')]);
    expect(await Promise.all(first)).toEqual([row('a'), undefined, row('a')]);
    await settled();
    expect(sent.map(({ hashes }) => hashes)).toEqual([
      ['a', 'd'],
      ['b', 'c'],
    ]);
    sent[1]!.answer([row('c')]);
    expect(await Promise.all(later)).toEqual([undefined, row('c'), undefined]);
  });

  it('never answers a request with a look-up that was sent before it came', async () => {
    const { sent, keys } = lookups();
    const before = keys.find('a');
    await settled();
    const after = keys.find('a');
    sent[0]!.answer([row('a')]);
    await before;
    await settled();
    expect(sent).toHaveLength(2);
    sent[1]!.answer([]);
    expect(await after).toBeUndefined();
  });

  it('hands a failure to those that waited for it, and to nobody else', async () => {
    const { sent, keys } = lookups();
    const first = keys.find('a');
    await settled();
    const second = keys.find('b');
    sent[0]!.fail(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    await settled();
    sent[1]!.answer([row('b')]);
    expect(await second).toEqual(row('b'));
  });
});
