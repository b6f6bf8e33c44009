import { type Report, verifyExport } from '@writ/verify';
import { LogKey, type MadeLog, makeLog } from '../support/log-maker';
import { seeded } from '../support/seeded';
import { isByLine, type Kind, KINDS, type Skill, tamper } from '../support/tamper';

const SOAK = process.env['WRIT_SOAK'] === '1';
const TAMPERS = SOAK ? 100_000 : 1_000;
const SIZE = 256;
const SKILLS: readonly Skill[] = ['careless', 'careful', 'signing'];

async function* whole(text: string | Uint8Array): AsyncGenerator<string | Uint8Array> {
  yield await Promise.resolve(text);
}

/** Against the key, and the checkpoint that was kept outside. */
const check = (text: string | Uint8Array, log: MadeLog): Promise<Report> =>
  verifyExport(whole(text), { trust: { keys: [log.key.vkey], checkpoints: [log.checkpoints.at(-1)!.text] } });

/** Whether the report names the index: alone, or as one of a range. */
const names = ({ problems }: Report, index: number): boolean =>
  problems.some((one) => one.index !== null && one.index <= index && index <= (one.through ?? one.index));

describe('tampering with an export of 256 events, beside a checkpoint held outside', () => {
  const random = seeded('tampers');
  const stranger = new LogKey('stranger');
  const each = Math.ceil(TAMPERS / (KINDS.length * SKILLS.length - 1));
  const cases = KINDS.flatMap((kind) => SKILLS.map((skill) => ({ kind, skill })));

  it.each(cases.filter(({ kind, skill }) => kind !== 'fork' || skill !== 'careless'))(
    `[I9] $kind by the $skill is found, and the first bad event named, ${each} times`,
    async ({ kind, skill }: { kind: Kind; skill: Skill }) => {
      let log = makeLog(SIZE, { random });
      for (let done = 0; done < each;) {
        if (done % 50 === 49) log = makeLog(SIZE, { random });
        const tampered = tamper(kind, skill, { log, random, stranger });
        if (tampered === null) continue;
        done += 1;
        const report = await check(tampered.text, log);
        const told = { verdict: report.verdict, named: names(report, tampered.index) };
        if (!told.named || told.verdict !== 'broken') {
          throw new Error(
            `${kind} at ${tampered.index}: ${JSON.stringify({ ...told, problems: report.problems }, null, 1)}`,
          );
        }
        // Whoever leaves the log's leaf hashes as they are is found to the event.
        if (skill === 'careless' && isByLine(kind) && report.problems[0]!.index !== tampered.index) {
          throw new Error(
            `${kind} at ${tampered.index} is named elsewhere: ${JSON.stringify(report.problems, null, 1)}`,
          );
        }
      }
    },
    3_600_000,
  );

  it('none of the logs was found at fault before', async () => {
    for (let i = 0; i < 20; i++) {
      const log = makeLog(SIZE, { random });
      expect((await check(log.export(), log)).problems).toEqual([]);
    }
  });
});

describe('a byte of an export changed', () => {
  const random = seeded('bytes');
  const log = makeLog(60, { random });
  const bytes = Buffer.from(log.export((index) => index % 7 !== 3));
  const starts = [0, ...[...bytes.keys()].filter((at) => bytes[at] === 0x0a).map((at) => at + 1)];
  const share = SOAK ? 1 : 0.03;

  it(`[I9] anywhere is found in its line (${SOAK ? 'every byte' : 'a share'} of ${bytes.length})`, async () => {
    for (let at = 0; at < bytes.length; at++) {
      if (random() >= share) continue;
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1 + Math.floor(random() * 255);
      const report = await check(changed, log);
      const line = starts.findLast((start) => start <= at)!;
      if (report.verdict !== 'broken' || report.problems[0]?.byte !== line) {
        const was = `${bytes[at]} to ${changed[at]} at ${at}, in the line at ${line}`;
        throw new Error(`${was}: ${report.verdict} ${JSON.stringify(report.problems.slice(0, 3), null, 1)}`);
      }
    }
  }, 3_600_000);
});
