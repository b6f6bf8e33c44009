import { rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/**
 * Runs that runs started, and what people may tell a run beside ending it. A child has its own lease and chain; the row
 * here says whose it is, from before it exists.
 *
 * A child reports by the database itself: the update that ends it puts the letter in its parent's mail, in the same
 * transaction, once. So no crash between the two loses a report, and no second worker doubles it.
 */
export class Children1795000000024 extends SqlMigration {
  readonly level = 24;
  protected readonly sql = `
    create table writ.run_child (
      tenant     text collate "C" not null,
      child      text collate "C" not null,
      parent     text collate "C" not null,
      root       text collate "C" not null,
      path       text collate "C" not null,
      created_at timestamptz not null default now(),
      primary key (tenant, child),
      constraint run_child_once unique (tenant, parent, path),
      constraint run_child_of foreign key (tenant, parent) references writ.run (tenant, id)
    );

    create function writ.report_to_parent() returns trigger
      language plpgsql set search_path = writ, pg_temp as $$
    begin
      insert into run_mail (tenant, id, run, kind, body, dedup, sender)
      select c.tenant, 'mai_' || substr(new.id, 5), c.parent, 'child',
             json_build_object('child', new.id, 'path', c.path, 'status', new.status)::text, 'child ' || new.id, new.id
        from run_child c join run p on p.tenant = c.tenant and p.id = c.parent
       where c.tenant = new.tenant and c.child = new.id and p.finished_at is null
      on conflict (tenant, run, dedup) do nothing;
      return null;
    end $$;
    create trigger run_reports after update on writ.run for each row
      when (old.finished_at is null and new.finished_at is not null)
      execute function writ.report_to_parent();

    alter table writ.run_mail drop constraint run_mail_kind_known;
    alter table writ.run_mail add constraint run_mail_kind_known
      check (kind in ('signal', 'cancel', 'reconcile', 'approval', 'pause', 'resume', 'redrive', 'child'));

    ${rowSecurity('run_child')}

    revoke all on function writ.report_to_parent() from public;
    grant select, insert on writ.run_child to writ_writer;
    grant select on writ.run_child to writ_reader;
  `;
}
