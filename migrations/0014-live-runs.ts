import { SqlMigration } from './sql-migration';

/**
 * What people ask for all the time: the runs that go on, or wait for somebody. Few of millions are, and the oldest of them
 * matter most, so a search through all runs, newest first, finds them last.
 *
 * The index costs nothing per step: it mentions finished_at alone, which changes once, in an update that is no heap-only
 * one anyway (the sweeper's indexes mention the status). An ended run leaves it.
 *
 * And the ranges of the evidence's index on time are summarised as they fill. Without that, a range that no vacuum has
 * seen yet is read by every look at any time.
 */
export class LiveRuns1795000000014 extends SqlMigration {
  readonly level = 14;
  protected readonly sql = `
    create index run_live on writ.run (tenant, id) where finished_at is null;
    alter index writ.audit_unit_at set (autosummarize = on);
  `;
}
