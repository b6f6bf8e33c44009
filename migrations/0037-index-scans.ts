import { SqlMigration } from './sql-migration';

/**
 * What looks over the runs under way reads its partial indexes by plain index scans. Each run enters and leaves those
 * indexes several times a second; a plain scan marks the entries it finds dead and the next one passes over them, a
 * bitmap scan reads their pages again every time until the next vacuum: with 64 runs under way and some 2,000 ended
 * since, 394 pages for 34 rows, 6.6 ms for each look at the lines, and more with every run that ended.
 */
export class IndexScans1795000000037 extends SqlMigration {
  readonly level = 37;
  protected readonly sql = `
    alter function writ.find_due_runs(int) set enable_bitmapscan = off;
    alter function writ.find_due_runs(int) set enable_seqscan = off;
    alter function writ.find_due_runs(int) set jit = off;
    alter function writ.admit_runs(int) set enable_bitmapscan = off;
    alter function writ.run_load() set enable_bitmapscan = off;
  `;
}
