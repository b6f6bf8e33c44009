import { rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/** API keys (only their hashes) and the answers already given to idempotent requests. */
export class Identity1795000000005 extends SqlMigration {
  readonly level = 5;
  protected readonly sql = `
    create table writ.api_key (
      tenant       text collate "C" not null references writ.tenant,
      id           text collate "C" not null,
      hash         text collate "C" not null constraint api_key_hash_once unique,
      label        text not null,
      principal    text collate "C" not null,
      kind         text collate "C" not null,
      roles        text[] not null default '{}',
      scopes       text[] not null default '{}',
      created_by   text not null,
      created_at   timestamptz not null default now(),
      expires_at   timestamptz not null,
      revoked_at   timestamptz,
      last_used_at timestamptz,
      primary key (tenant, id),
      constraint api_key_kind_known check (kind in ('user', 'service', 'agent')),
      constraint api_key_expires_later check (expires_at > created_at)
    );

    -- A key is presented before its tenant is known, so row security cannot apply yet: this one door answers the row of
    -- an exact hash, and nothing for anything else.
    create function writ.find_api_key(presented_hash text) returns setof writ.api_key
      language sql stable security definer set search_path = writ, pg_temp
      as $$ select * from writ.api_key where hash = presented_hash $$;

    create table writ.idempotency (
      tenant         text collate "C" not null references writ.tenant,
      principal      text collate "C" not null,
      route          text collate "C" not null,
      key            text collate "C" not null,
      request_digest text collate "C" not null,
      status         int,
      body           text,
      created_at     timestamptz not null default now(),
      primary key (tenant, principal, route, key),
      constraint idempotency_answer_complete check ((status is null) = (body is null))
    );

    ${rowSecurity('api_key')}
    ${rowSecurity('idempotency')}

    revoke all on function writ.find_api_key(text) from public;
    grant execute on function writ.find_api_key(text) to writ_writer;
    grant select, insert, update (revoked_at, last_used_at) on writ.api_key to writ_writer;
    grant select, insert, delete on writ.idempotency to writ_writer;
    grant select (tenant, id, label, principal, kind, roles, scopes, created_by, created_at, expires_at, revoked_at,
                  last_used_at) on writ.api_key to writ_reader;
  `;
}
