import { rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/** Tenants, and the number that everything which can take a right away counts up [I3]. */
export class Tenants1795000000002 extends SqlMigration {
  readonly level = 2;
  protected readonly sql = `
    create table writ.tenant (
      tenant     text collate "C" primary key,
      name       text not null,
      created_at timestamptz not null default now(),
      constraint tenant_id_plain check (tenant ~ '^([*]|[A-Za-z0-9_-]{1,64})$')
    );

    create table writ.authority_head (
      tenant text collate "C" primary key references writ.tenant,
      epoch  bigint not null,
      constraint authority_head_epoch_positive check (epoch >= 1)
    );

    -- INVARIANT (I3): an epoch names one state of authority for ever, so it can only rise.
    create function writ.authority_head_rises() returns trigger
      language plpgsql set search_path = writ, pg_temp as $$
    begin
      if new.epoch <= old.epoch or new.tenant <> old.tenant then
        raise exception 'the authority epoch of % may only rise (% to %)', old.tenant, old.epoch, new.epoch
          using errcode = 'check_violation';
      end if;
      return new;
    end $$;
    create trigger authority_head_rises before update on writ.authority_head
      for each row execute function writ.authority_head_rises();

    -- Key of the advisory lock on authority: shared by every commit, exclusive for whatever raises an epoch.
    create function writ.authority_lock() returns bigint
      language sql immutable parallel safe return 1465010516;

    -- The platform's pseudo tenant: its stops and its epoch bind every tenant.
    insert into writ.tenant (tenant, name) values ('*', 'platform');
    insert into writ.authority_head (tenant, epoch) values ('*', 1);

    ${rowSecurity('tenant')}
    ${rowSecurity('authority_head', { platformReadable: true })}

    revoke all on function writ.authority_head_rises(), writ.authority_lock() from public;
    grant execute on function writ.authority_lock() to writ_writer;
    grant select, insert on writ.tenant to writ_writer;
    grant select, insert, update (epoch) on writ.authority_head to writ_writer;
    grant select on writ.tenant, writ.authority_head to writ_sequencer, writ_reader;
  `;
}
