import { rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/** Questions a workflow puts to people: their answer, which fits a schema, is a step's output. */
export class Questions1795000000025 extends SqlMigration {
  readonly level = 25;
  protected readonly sql = `
    create table writ.question (
      tenant      text collate "C" not null,
      id          text collate "C" not null,
      run         text collate "C" not null,
      workflow    text collate "C" not null,
      path        text collate "C" not null,
      words       text not null,
      schema      text not null,
      role        text collate "C",
      status      text collate "C" not null default 'pending',
      asked_at    timestamptz not null,
      expires_at  timestamptz,
      answer      text,
      answered_by text collate "C",
      ended_at    timestamptz,
      primary key (tenant, id),
      constraint question_run foreign key (tenant, run) references writ.run (tenant, id),
      constraint question_status_known check (status in ('pending', 'answered', 'withdrawn')),
      constraint question_end_complete check ((status = 'pending') = (ended_at is null)),
      constraint question_answer_complete
        check ((status = 'answered') = (answer is not null and answered_by is not null))
    );
    create index question_open on writ.question (tenant, id) where status = 'pending';
    create index question_of_run on writ.question (tenant, run);

    alter table writ.run_mail drop constraint run_mail_kind_known;
    alter table writ.run_mail add constraint run_mail_kind_known check (kind in ('signal', 'cancel', 'reconcile',
      'approval', 'pause', 'resume', 'redrive', 'child', 'input', 'note'));

    alter table writ.run drop constraint run_status_known;
    alter table writ.run add constraint run_status_known check (status in ('queued', 'running', 'waiting_approval',
      'waiting_input', 'waiting_external', 'waiting_reconciliation', 'paused', 'succeeded', 'failed', 'timed_out',
      'denied', 'cancelled', 'stopped', 'quarantined'));

    ${rowSecurity('question')}

    grant select, insert, update (status, answer, answered_by, ended_at) on writ.question to writ_writer;
    grant select on writ.question to writ_reader;
  `;
}
