import { appendOnly, rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/** What may run: numbered per name, named by digest, never changed. */
export class Registry1795000000004 extends SqlMigration {
  readonly level = 4;
  protected readonly sql = `
    create table writ.definition (
      tenant     text collate "C" not null references writ.tenant,
      kind       text collate "C" not null,
      name       text collate "C" not null,
      version    int not null,
      digest     text collate "C" not null,
      body       text not null,
      author     text not null,
      created_at timestamptz not null default now(),
      primary key (tenant, kind, name, version),
      constraint definition_version_counts check (version >= 1)
    );
    -- Not unique: going back to earlier content is a new version with the earlier digest.
    create index definition_digest on writ.definition (tenant, digest);

    ${appendOnly('definition')}
    ${rowSecurity('definition')}

    grant select, insert on writ.definition to writ_writer;
    grant select on writ.definition to writ_reader;
  `;
}
