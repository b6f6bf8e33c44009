import { rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/** How far ahead of now the acts that an obligation limits have been: one row per bucket, moved by each act. */
export class RateBuckets1795000000036 extends SqlMigration {
  readonly level = 36;
  protected readonly sql = `
    create table writ.rate_bucket (
      tenant   text collate "C" not null,
      bucket   text collate "C" not null,
      empty_at timestamptz not null,
      primary key (tenant, bucket)
    ) with (fillfactor = 70);

    ${rowSecurity('rate_bucket')}

    grant select, insert, update (empty_at) on writ.rate_bucket to writ_writer;
  `;
}
