import { SqlMigration } from './sql-migration';

/** Many presented keys are looked up in one statement: requests that come together share a round trip. */
export class KeyLookups1795000000033 extends SqlMigration {
  readonly level = 33;
  protected readonly sql = `
    create function writ.find_api_keys(presented_hashes text[]) returns setof writ.api_key
      language sql stable security definer set search_path = writ, pg_temp
      as $$
        select k.* from unnest(presented_hashes) as p(hash)
         cross join lateral (select * from writ.api_key a where a.hash = p.hash offset 0) k
      $$;
    revoke all on function writ.find_api_keys(text[]) from public;
    grant execute on function writ.find_api_keys(text[]) to writ_writer;
  `;
}
