import { rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/** Subjects and resources of applications outside, with what is known of them. The newest word counts; changes are evidence. */
export class Directory1795000000035 extends SqlMigration {
  readonly level = 35;
  protected readonly sql = `
    create table writ.directory_entry (
      tenant     text collate "C" not null,
      type       text collate "C" not null,
      id         text collate "C" not null,
      properties jsonb not null,
      set_by     text collate "C" not null,
      set_at     timestamptz not null default now(),
      primary key (tenant, type, id),
      constraint directory_entry_properties check (jsonb_typeof(properties) = 'object')
    );

    ${rowSecurity('directory_entry')}

    grant select, insert, delete, update (properties, set_by, set_at) on writ.directory_entry to writ_writer;
    grant select on writ.directory_entry to writ_reader;
  `;
}
