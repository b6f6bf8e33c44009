import { rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/**
 * Runs and the processes that hold them.
 *
 * A run's row is updated once per unit, so it must stay a heap-only (HOT) update: no index, and no predicate of one,
 * mentions a column that changes per step (next_seq, audit_seq, chain_head, updated_at). Status, lease_owner and wake_at
 * change at transitions only, so the sweeper's partial indexes may use them. fillfactor 60 leaves the room on the page.
 */
export class Runs1795000000006 extends SqlMigration {
  readonly level = 6;
  protected readonly sql = `
    create table writ.worker (
      tenant     text collate "C" not null default '*' references writ.tenant,
      id         text collate "C" not null,
      build      text not null default '',
      started_at timestamptz not null default now(),
      beat_at    timestamptz not null default now(),
      primary key (tenant, id),
      constraint worker_platform check (tenant = '*')
    );

    -- How long a worker's beat keeps its leases, by this database's clock.
    create function writ.lease_ttl() returns interval
      language sql immutable parallel safe return interval '10 seconds';

    create function writ.is_final(status text) returns boolean
      language sql immutable parallel safe
      return status in ('succeeded', 'failed', 'timed_out', 'denied', 'cancelled', 'stopped', 'quarantined');

    create table writ.run (
      tenant          text collate "C" not null,
      id              text collate "C" not null,
      workflow        text collate "C" not null,
      workflow_digest text collate "C" not null,
      initiator       text collate "C" not null,
      status          text collate "C" not null,
      wait            text,
      wake_at         timestamptz,
      deadline_at     timestamptz,
      idempotency_key text collate "C",
      request_digest  text collate "C",
      lease_owner     text collate "C",
      lease_epoch     bigint not null,
      next_seq        int not null,
      audit_seq       int not null,
      chain_head      text collate "C" not null,
      trace_id        text,
      created_at      timestamptz not null default now(),
      updated_at      timestamptz not null default now(),
      finished_at     timestamptz,
      primary key (tenant, id),
      -- No foreign key to writ.tenant: a run is only created by a unit whose authority epoch equals the tenant's
      -- authority_head, which has that key; here it would lock the tenant's row once per created run.
      constraint run_status_known check (status in ('queued', 'running', 'waiting_approval', 'waiting_external',
        'waiting_reconciliation', 'paused', 'succeeded', 'failed', 'timed_out', 'denied', 'cancelled', 'stopped',
        'quarantined')),
      constraint run_finished_iff_final check ((finished_at is not null) = writ.is_final(status)),
      constraint run_final_holds_nothing check (finished_at is null
        or (lease_owner is null and wait is null and wake_at is null)),
      constraint run_lease_counts check (lease_epoch >= 0),
      constraint run_journal_begun check (next_seq >= 1 and audit_seq >= 1)
    ) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

    create unique index run_idempotency_key on writ.run (tenant, idempotency_key) where idempotency_key is not null;
    create index run_queued on writ.run (created_at) where status = 'queued';
    create index run_left on writ.run (created_at) where status = 'running' and lease_owner is null;
    create index run_leased on writ.run (lease_owner) where lease_owner is not null;
    create index run_wake on writ.run (wake_at) where wake_at is not null;
    create index run_deadline on writ.run (deadline_at) where deadline_at is not null and finished_at is null;

    ${rowSecurity('worker', { platformReadable: true })}
    ${rowSecurity('run')}

    revoke all on function writ.lease_ttl(), writ.is_final(text) from public;
    grant execute on function writ.lease_ttl(), writ.is_final(text) to writ_writer, writ_sequencer, writ_reader;
    grant select, insert, update (beat_at, build) on writ.worker to writ_writer;
    grant select, insert, update (status, wait, wake_at, lease_owner, lease_epoch, next_seq, audit_seq, chain_head,
                                  updated_at, finished_at) on writ.run to writ_writer;
    grant select on writ.run, writ.worker to writ_sequencer, writ_reader;
  `;
}
