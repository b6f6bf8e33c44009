import { rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/**
 * Sessions of browsers: an API key changed for a cookie. Only the hash of the cookie's value is kept, and every request
 * reads the session together with its key, so a revoked key ends its sessions at once.
 */
export class Sessions1795000000013 extends SqlMigration {
  readonly level = 13;
  protected readonly sql = `
    create table writ.session (
      tenant     text collate "C" not null,
      hash       text collate "C" not null constraint session_hash_once unique,
      key        text collate "C" not null,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      ended_at   timestamptz,
      primary key (tenant, hash),
      constraint session_of_a_key foreign key (tenant, key) references writ.api_key (tenant, id),
      constraint session_hash_hex check (hash ~ '^[0-9a-f]{64}$'),
      constraint session_expires_later check (expires_at > created_at)
    );

    -- A cookie is presented before its tenant is known, as a key is: this door answers one exact hash and nothing else.
    create function writ.find_session(presented_hash text)
      returns table (session_hash text, session_expires_at timestamptz, session_ended_at timestamptz,
                     tenant text, id text, principal text, kind text, roles text[], scopes text[],
                     expires_at timestamptz, revoked_at timestamptz)
      language sql stable security definer set search_path = writ, pg_temp
      as $$
        select s.hash, s.expires_at, s.ended_at, k.tenant, k.id, k.principal, k.kind, k.roles, k.scopes,
               k.expires_at, k.revoked_at
          from session s join api_key k on k.tenant = s.tenant and k.id = s.key
         where s.hash = presented_hash
      $$;

    ${rowSecurity('session')}

    revoke all on function writ.find_session(text) from public;
    grant execute on function writ.find_session(text) to writ_writer;
    grant select, insert, update (ended_at), delete on writ.session to writ_writer;
  `;
}
