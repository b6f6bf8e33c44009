import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseVkey, type Report, verifyExport, type VerifierKey } from '@writ/verify';
import { openEvidence } from '../../examples/retail/evidence';
import { ownershipPass, taskPass } from '../../examples/retail/passes';
import { openStack } from '../../examples/retail/stack';
import { freshDatabase } from '../support/database';
import { describeWithDataset } from './with-dataset';

const BASE = { parallel: 8, patienceMs: 120_000 };

describeWithDataset('the evidence of the support desk', (dataset) => {
  let folder: string;
  let file: string;
  let lines: string[];
  let key: VerifierKey;
  /** All of it in a soak, every third task otherwise: the desk's own suite plays them all. */
  const each = process.env['WRIT_SOAK'] === '1' ? 1 : 3;
  const played = new Set([...dataset.tasks.keys()].filter((_, i) => i % each === 0));
  const tasks = played.size;
  /** Tasks whose recording holds calls that must be denied: one is enough to have denials in the log. */
  const [denying] = [...dataset.ownership].find(([, { calls }]) => calls.some(({ expect }) => expect === 'deny'))!;

  /** Tasks that are played once more with a supervisor: work that is given away is evidence of its own kind. */
  const some = new Set([...played].slice(0, 5));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'writ-evidence-'));
    file = join(folder, 'retail.ndjson');
    const { ownerUrl, drop } = await freshDatabase();
    const stack = await openStack({ dataset, ownerUrl, unsafeDurability: true, holdMs: 2 });
    try {
      await Promise.all([stack.addWorker(), stack.addWorker()]);
      const evidence = await openEvidence({ ownerUrl, tenant: stack.tenant, unsafeDurability: true });
      try {
        const first = await taskPass(stack, dataset, { ...BASE, pass: 'tasks', only: played });
        expect([first.runs, first.differences]).toEqual([tasks, []]);
        await ownershipPass(stack, dataset, { ...BASE, pass: 'ownership', only: new Set([denying]) });
        const sent = await taskPass(stack, dataset, { ...BASE, pass: 'sent', shape: 'supervisor', only: some });
        expect([sent.runs, sent.differences]).toEqual([some.size, []]);
        const vkey = parseVkey(await evidence.exportTo(file));
        if (!vkey.ok) throw new Error(vkey.failure.message);
        key = vkey.value;
      } finally {
        await evidence.close();
      }
    } finally {
      await stack.close();
      // From here on there is the file, and no database that could be asked.
      await drop();
    }
    lines = (await readFile(file, 'utf8')).split('\n');
  }, 300_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  const check = (source: AsyncIterable<Uint8Array | string>): Promise<Report> =>
    verifyExport(source, { trust: { keys: [key] } });
  const changed = (made: readonly string[]): Promise<Report> =>
    check(
      (async function* () {
        yield await Promise.resolve(made.join('\n'));
      })(),
    );
  const indexOf = (text: string, from = 0): number => {
    const found = lines.findIndex((line, i) => i >= from && line.includes(text) && !line.startsWith('{"$writ":'));
    expect(found).toBeGreaterThan(0);
    return found;
  };
  const eventAt = (line: number): { id: string; run: string; run_seq: number } => JSON.parse(lines[line]!) as never;

  test('[I9] every event of the tasks that were played is verified from the export, with the database gone', async () => {
    const report = await check(createReadStream(file));
    expect(report.problems).toEqual([]);
    expect(report).toMatchObject({ verdict: 'intact', hidden: 0, unsealed: 0, trust: { by: 'key' } });
    expect(report.proven).toBe(report.size);
    expect(report.events).toBe(report.size);
    // A chain for each run, and the tenant's own.
    expect(report.runs).toBe(tasks + some.size + 1 + 1);
    expect(report.decisions.deny).toBeGreaterThan(0);
    expect(report.decisions.by_rules).toBe(report.decisions.total);
  });

  test('[I9] one changed argument is named', async () => {
    const at = indexOf('"args":"hmac-sha256:');
    const made = [...lines];
    made[at] = lines[at]!.replace(
      /"args":"hmac-sha256:(.)/,
      (_, digit: string) => `"args":"hmac-sha256:${digit === '0' ? '1' : '0'}`,
    );
    const report = await changed(made);
    expect(report.verdict).toBe('broken');
    expect(report.problems[0]).toMatchObject({ fault: 'altered', event: eventAt(at).id, run: eventAt(at).run });
  });

  test('[I9] one removed denial is named', async () => {
    const at = indexOf('"type":"action.denied"');
    const report = await changed(lines.filter((_, i) => i !== at));
    expect(report.verdict).toBe('broken');
    // Nothing is hidden in this export, so an event's index is the number of event lines before it.
    const index = lines.slice(0, at).filter((line) => !line.startsWith('{"$writ":')).length;
    expect(report.problems[0]).toMatchObject({ fault: 'missing', index });
  });

  test('[I9] two steps in the other order are named', async () => {
    const at = lines.findIndex((line, i) => {
      const next = lines[i + 1] ?? '';
      if (line.startsWith('{"$writ"') || next.startsWith('{"$writ"') || !line.includes('"action.settled"'))
        return false;
      return eventAt(i).run === eventAt(i + 1).run;
    });
    const made = [...lines];
    [made[at], made[at + 1]] = [lines[at + 1]!, lines[at]!];
    const report = await changed(made);
    expect(report.verdict).toBe('broken');
    expect(report.problems[0]).toMatchObject({ run: eventAt(at).run });
    expect(['reordered', 'altered', 'sequence', 'chain']).toContain(report.problems[0]!.fault);
  });
});
