import { SqlMigration } from './sql-migration';

/**
 * The conditions that every row of writ.run meets, as one check that calls one function. They are what they were: a known
 * status; finished if and only if that status is final; nothing held, awaited or planned by a run that is over; counters
 * that have begun.
 *
 * Postgres reads a check from the catalog and plans it anew for each statement that writes to the table, and a list of
 * names is most of that. For a unit committed alone it was 0.04 of the 0.15 ms that it took of the server's time without
 * the disk. The body of a plpgsql function is planned once a session; calling it costs about a microsecond a row.
 *
 * INVARIANT: a change of this function is no change of the rows. Whoever narrows it drops the constraint and adds it
 * again in the same migration, so that every row is looked at. It reads nothing but its arguments, since a restored dump
 * calls it before other tables are filled.
 */
export class SoundRuns1795000000050 extends SqlMigration {
  readonly level = 50;
  protected readonly sql = `
    create function writ.run_is_sound(
      status text, wait text, wake_at timestamptz, lease_owner text, lease_epoch bigint, next_seq int, audit_seq int,
      finished_at timestamptz
    ) returns boolean
      language plpgsql immutable parallel safe
    as $$
    begin
      return lease_epoch >= 0 and next_seq >= 1 and audit_seq >= 1
        and case when finished_at is null
              then status in ('running', 'queued', 'waiting_approval', 'waiting_input', 'waiting_external',
                              'waiting_reconciliation', 'paused')
              else status in ('succeeded', 'failed', 'timed_out', 'denied', 'cancelled', 'stopped', 'quarantined')
                   and lease_owner is null and wait is null and wake_at is null
            end;
    end $$;
    revoke all on function writ.run_is_sound from public;
    grant execute on function writ.run_is_sound to writ_writer, writ_sequencer, writ_reader;

    alter table writ.run
      add constraint run_is_sound check (writ.run_is_sound(
        status, wait, wake_at, lease_owner, lease_epoch, next_seq, audit_seq, finished_at)),
      drop constraint run_status_known,
      drop constraint run_finished_iff_final,
      drop constraint run_final_holds_nothing,
      drop constraint run_lease_counts,
      drop constraint run_journal_begun;
  `;
}
