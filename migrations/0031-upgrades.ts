import { SqlMigration } from './sql-migration';

/** Mail that asks a run to go on by other versions of its definitions. */
export class Upgrades1795000000031 extends SqlMigration {
  readonly level = 31;
  protected readonly sql = `
    alter table writ.run_mail drop constraint run_mail_kind_known;
    alter table writ.run_mail add constraint run_mail_kind_known check (kind in ('signal', 'cancel', 'reconcile',
      'approval', 'pause', 'resume', 'redrive', 'child', 'input', 'note', 'upgrade'));
  `;
}
