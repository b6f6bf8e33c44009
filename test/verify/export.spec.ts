import { type Report, type Trust, verifyExport } from '@writ/verify';
import { LogKey, MadeLog, makeLog, runId } from '../support/log-maker';
import { seeded } from '../support/seeded';

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
