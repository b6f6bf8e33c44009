import { SqlMigration } from './sql-migration';

/**
 * Finds the runs that need a look [I8], over all tenants: the one question that no tenant can ask, hence the owner's
 * right (SECURITY DEFINER) behind a function that answers ids only. Each branch reads its own partial index and leaves
 * out runs whose holder is alive (they look after themselves), so a busy holder never fills the limit.
 */
export class Sweep1795000000010 extends SqlMigration {
  readonly level = 10;
  protected readonly sql = `
    create function writ.find_due_runs(max_runs int) returns table (tenant text, run text)
      language sql stable security definer set search_path = writ, pg_temp
    as $$
      with alive as materialized (
        select w.id from worker w where w.beat_at > now() - writ.lease_ttl()
      ), due as (
        (select r.tenant, r.id, r.created_at as since from run r
          where r.status = 'queued' and (r.lease_owner is null or r.lease_owner not in (select id from alive))
            and (r.wake_at is null or r.wake_at <= now())
          order by r.created_at limit max_runs)
        union all
        (select r.tenant, r.id, r.created_at from run r
          where r.status = 'running' and r.lease_owner is null and (r.wake_at is null or r.wake_at <= now())
          order by r.created_at limit max_runs)
        union all
        (select r.tenant, r.id, r.updated_at from run r
          where r.lease_owner is not null and r.lease_owner not in (select id from alive)
          limit max_runs)
        union all
        (select r.tenant, r.id, r.wake_at from run r
          where r.wake_at <= now() and (r.lease_owner is null or r.lease_owner not in (select id from alive))
          order by r.wake_at limit max_runs)
        union all
        (select r.tenant, r.id, r.deadline_at from run r
          where r.deadline_at <= now() and r.finished_at is null
            and (r.lease_owner is null or r.lease_owner not in (select id from alive))
          order by r.deadline_at limit max_runs)
        union all
        (select m.tenant, m.run, m.created_at from run_mail m join run r on r.tenant = m.tenant and r.id = m.run
          where m.consumed_seq is null and r.finished_at is null
            and (r.lease_owner is null or r.lease_owner not in (select id from alive))
          limit max_runs)
      )
      select d.tenant, d.id from due d group by d.tenant, d.id order by min(d.since) limit max_runs
    $$;

    revoke all on function writ.find_due_runs(int) from public;
    grant execute on function writ.find_due_runs(int) to writ_writer;
  `;
}
