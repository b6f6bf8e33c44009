import { rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/** What other processes tell a run. The holder of the run's lease consumes it in its next unit. */
export class Mail1795000000008 extends SqlMigration {
  readonly level = 8;
  protected readonly sql = `
    create table writ.run_mail (
      tenant       text collate "C" not null,
      id           text collate "C" not null,
      run          text collate "C" not null,
      kind         text collate "C" not null,
      body         text not null,
      dedup        text collate "C" not null,
      sender       text not null,
      created_at   timestamptz not null default now(),
      consumed_seq int,
      primary key (tenant, id),
      constraint run_mail_once unique (tenant, run, dedup),
      constraint run_mail_run foreign key (tenant, run) references writ.run (tenant, id),
      constraint run_mail_kind_known check (kind in ('signal', 'cancel', 'reconcile', 'approval'))
    );
    create index run_mail_unread on writ.run_mail (tenant, run) where consumed_seq is null;

    ${rowSecurity('run_mail')}

    grant select, insert, update (consumed_seq) on writ.run_mail to writ_writer;
    grant select on writ.run_mail to writ_reader;
  `;
}
