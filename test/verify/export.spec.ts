import fc from 'fast-check';
import { type Report, Tree, type Trust, verifyExport } from '@writ/verify';
import { leafOf, LogKey, MadeLog, makeLog, ORIGIN, runId, signedCheckpoint, TENANT } from '../support/log-maker';
import { seeded } from '../support/seeded';
import { writeExport } from '../support/tamper';

async function* chunks(text: string | Uint8Array, size = 1 << 16): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text as string);
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

const check = (text: string, trust: Trust, size?: number): Promise<Report> =>
  verifyExport(chunks(text, size), { trust });

describe('an export that nobody touched', () => {
  const log = makeLog(600, { random: seeded('exports') });
  const trust = { keys: [log.key.vkey] };

  it.each([1, 7, 100, 4096, 1 << 20])('is intact, cut into chunks of %i bytes', async (size) => {
    const report = await check(log.export(), trust, size);
    expect(report.problems).toEqual([]);
    expect(report).toMatchObject({ verdict: 'intact', size: 600, proven: 600, events: 600, hidden: 0, runs: 7 });
    expect(report.trust).toEqual({ by: 'key', through: 600 });
    expect(report.checkpoints).toBe(log.checkpoints.length);
  });

  it('is intact with any events left out', async () => {
    const random = seeded('gaps');
    for (const share of [0, 0.01, 0.1, 0.5, 0.9, 1]) {
      const report = await check(
        log.export(() => random() < share),
        trust,
      );
      expect(report.problems).toEqual([]);
      expect(report.events + report.hidden).toBe(600);
    }
  });

  it('of one run is intact', async () => {
    const report = await check(
      log.export((_, line) => line.includes(runId(2))),
      trust,
    );
    expect(report).toMatchObject({ verdict: 'intact', runs: 1, problems: [] });
  });

  it('with keys rotated is intact for whoever knows any of them', async () => {
    const rotated = new MadeLog(new LogKey('one'));
    for (const name of ['two', 'three', null]) {
      for (let i = 0; i < 5; i++) rotated.append(runId(i), [{}, {}]).seal();
      if (name !== null) rotated.rotate(new LogKey(name)).seal();
    }
    for (const key of rotated.keys) {
      const report = await check(rotated.export(), { keys: [key.vkey] });
      expect(report).toMatchObject({
        verdict: 'intact',
        problems: [],
        trust: { by: 'key', through: rotated.lines.length },
      });
      expect(report.keys.map(({ trusted }) => trusted)).toEqual(rotated.keys.map((one) => one === key));
    }
  });
});

const fault = ({ problems }: Report) => problems.map((one) => one.fault);

describe('an export that is none, or of something else', () => {
  const log = makeLog(300, { random: seeded('bad exports') });
  const trust = { keys: [log.key.vkey] };
  const text = log.export();
  const header = text.slice(0, text.indexOf('\n') + 1);

  it.each([
    ['nothing', '', 'truncated'],
    ['a part of its first line', header.slice(0, 40), 'truncated'],
    ['its first line only', header, 'truncated'],
    ['another file', 'PK\u0003\u0004 a zip file\nand more\n', 'foreign'],
    ['events only', text.slice(header.length), 'foreign'],
    ['JSON of something else', '{"hello":"world"}\n', 'foreign'],
    ['a line of ours that is no header', `{"$writ":"end","events":0,"sum":"${'0'.repeat(64)}"}\n`, 'sum'],
    ['a newer format', header.replace('"format":1', '"format":2'), 'sum'],
    ['a line without an end', 'x'.repeat(17_000_000), 'foreign'],
    ['no bytes that are text', '\u0000\ufffd\n', 'foreign'],
  ])('%s is named', async (_what, bad, first) => {
    const report = await check(bad, trust);
    expect([report.verdict, fault(report)[0]]).toEqual(['broken', first]);
  });

  it('no known key: nothing is checked, and the key it names is told', async () => {
    const report = await check(text, { keys: [new LogKey('another').vkey] });
    expect(report).toMatchObject({ verdict: 'unknown_key', events: 0, problems: [], trust: { by: 'nothing' } });
    expect(report.keys).toEqual([expect.objectContaining({ vkey: log.key.text, trusted: false })]);
  });

  it('a known key that is named and signs nothing vouches for nothing', async () => {
    const known = new LogKey('known');
    const { lines, checkpoints } = log;
    const lying = writeExport({ lines, checkpoints, keys: [log.key.text, known.text] });
    const report = await check(lying, { keys: [known.vkey] });
    expect(report).toMatchObject({ verdict: 'broken', trust: { by: 'nothing' } });
    expect(fault(report)).toEqual(['key']);
  });

  it('its own key proves it whole, and nothing more', async () => {
    const report = await check(text, { keys: [], acceptEmbedded: true });
    expect(report).toMatchObject({ verdict: 'intact', trust: { by: 'embedded', through: 300 } });
  });

  it('a checkpoint held outside vouches for what it covers, without any key', async () => {
    const held = log.checkpoints.at(-2)!;
    const report = await check(text, { keys: [], checkpoints: [held.text] });
    expect(report).toMatchObject({ verdict: 'intact', trust: { by: 'checkpoint', through: held.size } });
    expect(report.outside).toEqual([{ size: held.size, state: 'fits' }]);
    const alike = await check(text, { keys: [], alike: [held.text] });
    expect(alike.verdict).toBe('unknown_key');
  });

  it('a checkpoint held outside whose size falls into a gap is not taken for compared', async () => {
    const early = new Tree();
    for (const line of log.lines.slice(0, 37)) early.append(leafOf(line));
    const held = { size: 37, text: signedCheckpoint({ size: 37, root: early.root() }, log.key) };
    const partly = new MadeLog(log.key);
    partly.lines.push(...log.lines);
    partly.checkpoints.push(log.checkpoints.at(-1)!);
    const part = partly.export((index) => index === 0);
    const report = await check(part, { ...trust, checkpoints: [held.text] });
    expect(report.outside).toEqual([{ size: held.size, state: 'hidden' }]);
    expect(report.verdict).toBe('intact');
  });

  it('a checkpoint held for another log, or for another generation of this one, is named', async () => {
    for (const origin of [`${ORIGIN}/2`, 'writ/ten_01k8x0q3wsf5z8k2m4n6p8r0t9']) {
      const held = signedCheckpoint({ size: 300, root: log.tree.root(), origin }, log.key);
      const report = await check(text, { ...trust, checkpoints: [held] });
      expect(report.problems).toEqual([expect.objectContaining({ fault: 'foreign', expected: `"${origin}"` })]);
    }
  });

  it('the checkpoint of another log is named wherever it stands', async () => {
    const other = 'writ/ten_01k8x0q3wsf5z8k2m4n6p8r0t9';
    const root = log.tree.root();
    const foreign = signedCheckpoint({ size: 300, root, origin: other }, log.key);
    const swapped = writeExport({
      lines: log.lines,
      checkpoints: [...log.checkpoints.slice(0, -1), { size: 300, text: foreign }],
      keys: [log.key.text],
    });
    const report = await check(swapped, trust);
    expect(report.problems[0]).toMatchObject({ fault: 'foreign', found: `"${other}"` });
    await expect(check(text, { ...trust, checkpoints: ['writ/x\n12\n'] })).rejects.toThrow('not a signed note');
  });

  it('a payload full of markup and control characters is quoted without them', async () => {
    const evil = new MadeLog(log.key);
    const name = '<img src=x onerror=alert(1)>\u001b[31m\u202e\u0007';
    const drafts = [{ actor: name, action: name, object: { type: name, id: name }, labels: [name] }];
    evil.append(name, drafts).append(runId(1), drafts).seal();
    expect(await check(evil.export(), trust)).toMatchObject({ verdict: 'intact', problems: [] });
    const lines = evil.lines.map((line) => line.replace(`"tenant":"${TENANT}"`, `"tenant":${JSON.stringify(name)}`));
    const report = await check(writeExport({ lines, checkpoints: evil.checkpoints, keys: [log.key.text] }), trust);
    expect(report.verdict).toBe('broken');
    const told = JSON.stringify(report.problems);
    expect(told).not.toMatch(/\\u001b|\\u202e|\u202e|\\u0007/);
    expect(report.problems.every(({ run }) => run === null || run === runId(1))).toBe(true);
  });
});

describe('an export whose lines were taken out, doubled or moved', () => {
  const log = makeLog(300, { random: seeded('shuffled') });
  const rows = log
    .export((index) => index % 11 !== 5)
    .trimEnd()
    .split('\n');
  const place = fc.nat(rows.length - 1);

  it('[I9] is never intact, and never a crash', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('take out', 'double', 'move', 'swap'), place, place, async (how, a, b) => {
        const changed = [...rows];
        if (how === 'take out') changed.splice(a, 1 + (b % 40));
        if (how === 'double') changed.splice(b, 0, rows[a]!);
        if (how === 'move') changed.splice(b, 0, ...changed.splice(a, 1));
        if (how === 'swap') [changed[a], changed[b]] = [changed[b]!, changed[a]!];
        fc.pre(changed.join() !== rows.join());
        const report = await check(`${changed.join('\n')}\n`, { keys: [log.key.vkey] });
        expect(report.verdict).not.toBe('intact');
        expect(report.problems.length + (report.verdict === 'unknown_key' ? 1 : 0)).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });

  it('nor is one of any bytes a crash', async () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(...rows.slice(0, 60)),
      fc.json().map((text) => `{"$writ":"gap","x":${text}}`),
      fc
        .record({ from: fc.double(), to: fc.double(), hashes: fc.anything() })
        .map((gap) => JSON.stringify({ $writ: 'gap', ...gap })),
      fc.anything().map((text) => JSON.stringify({ $writ: 'checkpoint', text })),
      fc.anything().map((hashes) => JSON.stringify({ $writ: 'leaves', count: 1, hashes })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
        const report = await check(`${[rows[0]!, ...lines].join('\n')}\n`, { keys: [log.key.vkey] });
        expect(report.verdict).toBe('broken');
      }),
      { numRuns: 500 },
    );
  });
});

describe('keys in turn', () => {
  const [one, two] = [new LogKey('one'), new LogKey('two')];
  const rotatedLog = (seals: readonly (readonly LogKey[])[]): string => {
    const log = new MadeLog(one);
    log.append(runId(1), [{}, {}]).seal();
    log.rotate(two);
    const checkpoints = [...log.checkpoints];
    for (const keys of seals) {
      log.append(runId(1), [{}]);
      const head = { size: log.tree.size, root: log.tree.root() };
      checkpoints.push({ size: head.size, text: signedCheckpoint(head, ...keys) });
    }
    return writeExport({ lines: log.lines, checkpoints, keys: log.keys.map((key) => key.text) });
  };
  const told = async (seals: readonly (readonly LogKey[])[], by = one): Promise<string[]> => {
    const { problems } = await check(rotatedLog(seals), { keys: [by.vkey] });
    return problems.map(({ fault: kind, expected }) => `${kind} ${expected}`);
  };

  it('the first checkpoint of a new key is signed by both, the others by the new one', async () => {
    expect(await told([[one, two], [two]])).toEqual([]);
    expect(
      await told([
        [one, two],
        [two, one],
      ]),
    ).toEqual([]);
  });

  it('[I9] an old key signs nothing after its turn, and a new one is not taken at its own word', async () => {
    expect(await told([[one, two], [one]])).toEqual([`key ${two.vkey.keyId}`]);
    expect(await told([[one], [two]])).toEqual([`key ${two.vkey.keyId}`]);
    expect(await told([[two], [two]])).toEqual([`key ${one.vkey.keyId}`]);
  });

  it('who knows only the new key sees the old one’s checkpoints vouched for by the later', async () => {
    const report = await check(rotatedLog([[one, two], [two]]), { keys: [two.vkey] });
    expect(report).toMatchObject({ verdict: 'intact', trust: { by: 'key' } });
  });

  it('signatures of keys nobody here knows are listed, by what they may be', async () => {
    const log = makeLog(20);
    const [first] = log.checkpoints;
    const witness = `— witness.example/w1 ${Buffer.concat([Buffer.from('0badcafe', 'hex'), Buffer.alloc(2_428)]).toString('base64')}\n`;
    log.checkpoints[0] = { size: first!.size, text: first!.text + witness };
    const report = await check(log.export(), { keys: [log.key.vkey] });
    expect(report).toMatchObject({ verdict: 'intact' });
    expect(report.other_signatures).toEqual([
      { name: 'witness.example/w1', key_id: '0badcafe', kind: 'ML-DSA-44 cosignature', checkpoints: 1 },
    ]);
  });
});
