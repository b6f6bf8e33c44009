import { rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/**
 * Requests for access to things of applications outside. What was denied and may be asked for is remembered for as long as
 * it may be; what is asked is a request to people like any other, of no run.
 */
export class AccessRequests1795000000039 extends SqlMigration {
  readonly level = 39;
  protected readonly sql = `
    alter table writ.approval alter column run drop not null;

    create table writ.access_denial (
      tenant     text collate "C" not null,
      evaluation text collate "C" not null,
      enforcer   text collate "C" not null,
      question   text not null,
      expires_at timestamptz not null,
      primary key (tenant, evaluation)
    );
    create index access_denial_over on writ.access_denial (tenant, expires_at);

    ${rowSecurity('access_denial')}

    grant select, insert, delete on writ.access_denial to writ_writer;
  `;
}
