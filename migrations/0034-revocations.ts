import { rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/** Delegations that were taken back. A row never changes, and none is ever taken away: a run may be opened again. */
export class Revocations1795000000034 extends SqlMigration {
  readonly level = 34;
  protected readonly sql = `
    create table writ.delegation_revoked (
      tenant     text collate "C" not null,
      delegation text collate "C" not null,
      run        text collate "C" not null,
      reason     text not null,
      revoked_by text collate "C" not null,
      revoked_at timestamptz not null default now(),
      primary key (tenant, delegation)
    );
    create index delegation_revoked_of_run on writ.delegation_revoked (tenant, run);

    ${rowSecurity('delegation_revoked')}

    grant select, insert on writ.delegation_revoked to writ_writer;
    grant select on writ.delegation_revoked to writ_reader;
  `;
}
