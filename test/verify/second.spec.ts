import { verifyExport } from '@writ/verify';
import { LogKey, type MadeLog, makeLog, runId } from '../support/log-maker';
import { seeded } from '../support/seeded';
import { KINDS, type Skill, tamper } from '../support/tamper';
import { checkExport } from './second/export';
import { headOf, keyOf } from './second/notes';

async function* whole(text: string): AsyncGenerator<string> {
  yield await Promise.resolve(text);
}

const ours = async (text: string, log: MadeLog, held: readonly string[]): Promise<boolean> => {
  // What decisions say is not among what is implemented twice.
  const trust = { keys: [log.key.vkey], checkpoints: held };
  const { verdict } = await verifyExport(whole(text), { trust, content: false });
  return verdict === 'intact';
};

const theirs = (text: string, log: MadeLog, held: readonly string[]): boolean => {
  try {
    checkExport(text, [log.key.text], held);
    return true;
  } catch {
    return false;
  }
};

describe('the second implementation', () => {
  it('agrees with libs/verify on exports nobody touched, whatever they show', async () => {
    const random = seeded('second, whole');
    for (let i = 0; i < 30; i++) {
      const log = makeLog(40 + Math.floor(random() * 300), { random, every: 1 + Math.floor(random() * 40) });
      if (random() < 0.5) log.rotate(new LogKey(`next ${i}`)).seal();
      const share = random();
      const run = runId(Math.floor(random() * 6));
      const text = log.export(
        (_, line) => line.includes('log.key_rotated') || (i % 3 === 0 ? line.includes(run) : random() < share),
      );
      const held = [log.checkpoints.at(-1)!.text];
      checkExport(text, [log.key.text], held);
      expect(await ours(text, log, held)).toBe(true);
    }
  });

  it('agrees with libs/verify on exports tampered with, also on what nobody can see', async () => {
    const random = seeded('second, tampered');
    const stranger = new LogKey('stranger');
    const skills: readonly Skill[] = ['careless', 'careful', 'signing'];
    let log = makeLog(80, { random });
    const seen = new Set<string>();
    for (let i = 0; i < 300; i++) {
      if (i % 20 === 0) log = makeLog(40 + Math.floor(random() * 80), { random });
      const kind = KINDS[i % KINDS.length]!;
      const tampered = tamper(kind, skills[Math.floor(random() * 3)]!, { log, random, stranger });
      if (tampered === null) continue;
      // Without what was held outside, whoever has the key can sign another history: then both must be fooled.
      const held = random() < 0.5 ? [log.checkpoints.at(-1)!.text] : [];
      const verdicts = [await ours(tampered.text, log, held), theirs(tampered.text, log, held)];
      if (verdicts[0] !== verdicts[1]) throw new Error(`${kind}: ${String(verdicts)}`);
      seen.add(`${held.length} ${verdicts[0]}`);
      if (held.length > 0) expect(verdicts[0]).toBe(false);
    }
    expect([...seen].sort()).toEqual(['0 false', '0 true', '1 false']);
  });

  it('agrees on checkpoints and keys', () => {
    const log = makeLog(20);
    const { text } = log.checkpoints.at(-1)!;
    expect(headOf(text, [keyOf(log.key.text)])).toMatchObject({ size: 20, signedBy: [log.key.vkey.keyId] });
    expect(() => headOf(text.replace('\n20\n', '\n21\n'), [keyOf(log.key.text)])).toThrow('does not hold');
  });
});
