import { SqlMigration } from './sql-migration';

/**
 * Two give a tenant its limits: itself, and the platform, below whose it stays. What is in force follows from both, so
 * whoever lets runs in reads it as before. And runs that a stop of the platform holds, or ends, over all tenants are
 * due as soon as it changes: no tenant can say that of another's runs, hence the owner's right behind a function.
 */
export class AdmissionRules1795000000027 extends SqlMigration {
  readonly level = 27;
  protected readonly sql = `
    alter table writ.admission
      add column own_active      int,
      add column own_in_line     int,
      add column granted_active  int,
      add column granted_in_line int;
    update writ.admission set own_active = most_active, own_in_line = nullif(most_in_line, 100000);
    alter table writ.admission drop column most_active, drop column most_in_line;
    alter table writ.admission
      -- Runs led or about to be, over all workers; null for no limit.
      add column most_active  int generated always as (least(own_active, granted_active)) stored,
      -- Runs in line; a start beyond is refused as busy.
      add column most_in_line int not null generated always as (coalesce(least(own_in_line, granted_in_line), 100000)) stored,
      add constraint admission_most_active check (own_active >= 1 and granted_active >= 1),
      add constraint admission_most_in_line check (own_in_line >= 0 and granted_in_line >= 0);
    grant update (own_active, own_in_line, granted_active, granted_in_line) on writ.admission to writ_writer;

    -- Makes runs at rest due: those a stop holds (p_what = 'held'), or all that one of this scope ends. Of one tenant, or
    -- with '*' of all. Who stands in line keeps their place unless the stop ends them.
    create function writ.wake_stopped(p_tenant text, p_what text, p_target text) returns int
      language plpgsql volatile security definer set search_path = writ, pg_temp
    as $$
    declare
      woken int;
    begin
      if not coalesce(p_tenant = any (writ.visible_tenants()), false) then
        raise exception 'the transaction is not bound to %', p_tenant using errcode = '42501';
      end if;
      update run r set wake_at = now()
       where (p_tenant = '*' or r.tenant = p_tenant) and r.finished_at is null and r.lease_owner is null
         and case p_what
               when 'held' then r.status = 'paused' or position('"for":"stop"' in r.wait) > 0
               when 'run' then r.id = p_target
               when 'workflow' then r.workflow = p_target
               when 'tenant' then r.tenant = case when p_tenant = '*' then p_target else p_tenant end
               when 'all' then true
               else r.status = 'paused' end;
      get diagnostics woken = row_count;
      return woken;
    end $$;
    revoke all on function writ.wake_stopped(text, text, text) from public;
    grant execute on function writ.wake_stopped(text, text, text) to writ_writer;
  `;
}
