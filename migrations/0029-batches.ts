import { rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/**
 * Batches: many inputs to one workflow, each a run of its own, under one budget. A batch is looked after by one worker at
 * a time, for as long as its lease says by the database's clock; what that one leaves half done the next goes on with: the
 * run of an item carries the item's key, so a start seen twice is one run.
 *
 * A budget of scope \`batch\` is that of every run of the batch, and of the runs these start.
 */
export class Batches1795000000029 extends SqlMigration {
  readonly level = 29;
  protected readonly sql = `
    create table writ.batch (
      tenant       text collate "C" not null,
      id           text collate "C" not null,
      workflow     text collate "C" not null,
      version      int not null,
      principal    text collate "C" not null,
      kind         text collate "C" not null,
      roles        text[] not null,
      start        text not null,
      concurrency  int not null,
      total        int not null,
      status       text collate "C" not null default 'running',
      reason       text,
      ended_by     text collate "C",
      created_at   timestamptz not null default now(),
      finished_at  timestamptz,
      lease_owner  text collate "C",
      lease_until  timestamptz,
      primary key (tenant, id),
      constraint batch_kind_known check (kind in ('user', 'service', 'agent')),
      constraint batch_status_known check (status in ('running', 'cancelling', 'cancelled', 'finished')),
      constraint batch_finished_iff_over check ((finished_at is not null) = (status in ('cancelled', 'finished'))),
      constraint batch_counts check (concurrency >= 1 and total >= 1)
    );
    create index batch_open on writ.batch (created_at) where finished_at is null;

    create table writ.batch_item (
      tenant   text collate "C" not null,
      batch    text collate "C" not null,
      place    int not null,
      key      text collate "C" not null,
      input    text not null,
      state    text collate "C" not null default 'pending',
      run      text collate "C",
      code     text collate "C",
      decision text collate "C",
      primary key (tenant, batch, place),
      constraint batch_item_of foreign key (tenant, batch) references writ.batch (tenant, id),
      constraint batch_item_key unique (tenant, batch, key),
      constraint batch_item_state_known check (state in ('pending', 'started', 'ended', 'refused', 'skipped')),
      constraint batch_item_started check ((state in ('started', 'ended')) = (run is not null)),
      constraint batch_item_refused check ((state = 'refused') = (code is not null))
    ) with (fillfactor = 80);
    create index batch_item_pending on writ.batch_item (tenant, batch, place) where state = 'pending';
    create index batch_item_started on writ.batch_item (tenant, batch, run) where state = 'started';

    -- Batches of any tenant that nobody looks after: ids only, as for runs.
    create function writ.find_due_batches(max_batches int) returns table (tenant text, id text)
      language sql stable security definer set search_path = writ, pg_temp
      as $$
        select b.tenant, b.id from batch b
         where b.finished_at is null and (b.lease_until is null or b.lease_until < clock_timestamp())
         order by b.created_at limit max_batches
      $$;

    alter table writ.budget drop constraint budget_scope_known;
    alter table writ.budget add constraint budget_scope_known
      check (scope in ('tenant', 'workflow', 'agent', 'tool', 'model', 'batch'));

    ${rowSecurity('batch')}
    ${rowSecurity('batch_item')}

    revoke all on function writ.find_due_batches(int) from public;
    grant execute on function writ.find_due_batches(int) to writ_writer;
    grant select, insert, update (status, reason, ended_by, finished_at, lease_owner, lease_until) on writ.batch to writ_writer;
    grant select, insert, update (state, run, code, decision) on writ.batch_item to writ_writer;
    grant select on writ.batch, writ.batch_item to writ_reader;
  `;
}
