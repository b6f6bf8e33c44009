import { rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/** Who decides in whose place, and for how long. A row never changes but to be ended before its time. */
export class StandIns1795000000028 extends SqlMigration {
  readonly level = 28;
  protected readonly sql = `
    create table writ.stand_in (
      tenant    text collate "C" not null,
      id        text collate "C" not null,
      absent    text collate "C" not null,
      deputy    text collate "C" not null,
      starts_at timestamptz not null,
      ends_at   timestamptz not null,
      reason    text not null,
      set_by    text collate "C" not null,
      set_at    timestamptz not null default now(),
      ended_at  timestamptz,
      ended_by  text collate "C",
      primary key (tenant, id),
      constraint stand_in_for_another check (absent <> deputy),
      constraint stand_in_by_another check (set_by <> deputy),
      constraint stand_in_ends_later check (ends_at > starts_at),
      constraint stand_in_end_complete check ((ended_at is null) = (ended_by is null))
    );
    create index stand_in_of_deputy on writ.stand_in (tenant, deputy) where ended_at is null;

    ${rowSecurity('stand_in')}

    grant select, insert, update (ended_at, ended_by) on writ.stand_in to writ_writer;
    grant select on writ.stand_in to writ_reader;
  `;
}
