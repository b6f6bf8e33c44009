import { SqlMigration } from './sql-migration';

/**
 * What every other change stands on. The schema itself and the roles exist before this runs (see `runMigrations`).
 * All text that identifies something is COLLATE "C": byte order is the same on every host and the cheapest to compare.
 */
export class Foundation1795000000001 extends SqlMigration {
  readonly level = 1;
  protected readonly sql = `
    create table writ.schema_level (
      tenant     text collate "C" not null default '*' constraint schema_level_platform check (tenant = '*'),
      level      int primary key,
      breaking   boolean not null,
      applied_at timestamptz not null default now()
    );

    create function writ.visible_tenants() returns text[]
      language sql stable parallel safe
      return string_to_array(nullif(current_setting('writ.tenants', true), ''), ',');

    create function writ.refuse_change() returns trigger
      language plpgsql set search_path = writ, pg_temp as $$
    begin
      raise exception '% of writ.% is refused: its rows are only ever added', tg_op, tg_table_name
        using errcode = 'restrict_violation', hint = 'Append a new row that corrects the old one.';
    end $$;

    alter table writ.schema_level enable row level security;
    create policy everyone on writ.schema_level for select using (true);

    -- Bookkeeping of the migration runner: no role may see it, so it has row security and no policy.
    alter table writ.migration enable row level security;

    revoke all on function writ.refuse_change(), writ.visible_tenants() from public;
    grant execute on function writ.visible_tenants() to writ_writer, writ_sequencer, writ_reader;
    grant usage on schema writ to writ_writer, writ_sequencer, writ_reader;
    grant select on writ.schema_level to writ_writer, writ_sequencer, writ_reader;
  `;
}
