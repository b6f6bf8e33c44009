import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Journals of every shape that was ever written, one run a file: a head, then the lines exactly as they were stored. */
const FOLDER = join(__dirname, '../fixtures/journal');

/** What the lines fold to, as far as it is said: compared member by member. */
export interface Folded {
  readonly status: string;
  readonly seq: number;
  readonly [member: string]: unknown;
}

export interface JournalFixture {
  readonly name: string;
  readonly tenant: string;
  /** Which build wrote it, in words. */
  readonly written: string;
  readonly folds_to: Folded;
  readonly lines: readonly string[];
}

export function journalFixtures(): readonly JournalFixture[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.jsonl'))
    .sort()
    .map((file) => {
      const [head = '', ...lines] = readFileSync(join(FOLDER, file), 'utf8').trimEnd().split('\n');
      return {
        name: file.replace('.jsonl', ''),
        ...(JSON.parse(head) as Omit<JournalFixture, 'name' | 'lines'>),
        lines,
      };
    });
}

/**
 * Keeps a run's journal as a fixture, once: `WRIT_KEEP_JOURNAL=<name>` with a scenario that runs into the new event.
 * Called by `checkRun`; writes the first run it sees under that name and never over a file that is there.
 */
export function keepJournal(run: {
  readonly tenant: string;
  readonly lines: readonly string[];
  readonly folds_to: Folded;
}): void {
  const name = process.env['WRIT_KEEP_JOURNAL'];
  const wanted = process.env['WRIT_KEEP_JOURNAL_WITH'];
  if (name === undefined || existsSync(join(FOLDER, `${name}.jsonl`))) return;
  const types = run.lines.map((line) => (JSON.parse(line) as { type: string }).type);
  if (wanted !== undefined && !wanted.split(',').every((type) => types.includes(type))) return;
  const head = JSON.stringify({ tenant: run.tenant, written: `kept from a scenario`, folds_to: run.folds_to });
  writeFileSync(join(FOLDER, `${name}.jsonl`), [head, ...run.lines, ''].join('\n'));
}
