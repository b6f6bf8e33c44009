import { SqlMigration } from './sql-migration';

/**
 * How busy the system is, counting each tenant's line no further than `most_lined`: a look costs what is under way, however
 * long the lines are. Whoever judges starts by it may look as often as they judge. `run_load()` stays, for exact lengths.
 * What stands in line is the condition of the index `run_in_line`.
 */
export class ShortLooks1795000000040 extends SqlMigration {
  readonly level = 40;
  protected readonly sql = `
    create function writ.run_load(most_lined int) returns table (
        tenant text, active int, in_line int, waited_ms float8, lined_up_ms float8,
        weight int, most_active int, most_in_line int)
      language sql stable security definer set search_path = writ, pg_temp
      set enable_seqscan = off set enable_bitmapscan = off set jit = off
    as $$
      with recursive whose as (
        (select r.tenant from run r
          where r.status = 'queued' and r.lease_owner is null and r.wake_at = 'infinity'
          order by r.tenant limit 1)
        union all
        select (select r.tenant from run r
                 where r.status = 'queued' and r.lease_owner is null and r.wake_at = 'infinity' and r.tenant > w.tenant
                 order by r.tenant limit 1)
          from whose w where w.tenant is not null
      ), lines as (
        select w.tenant, n.n, n.since from whose w cross join lateral (
          select count(*)::int as n, min(f.created_at) as since from (
            select r.created_at from run r
             where r.tenant = w.tenant and r.status = 'queued' and r.lease_owner is null and r.wake_at = 'infinity'
             order by r.priority desc, r.created_at, r.id limit most_lined
          ) f
        ) n where w.tenant is not null
      ), under_way as (
        select r.tenant, r.updated_at, false as waits from run r where r.lease_owner is not null
        union all
        select r.tenant, r.updated_at, r.wake_at is null from run r
         where r.status = 'queued' and coalesce(r.wake_at, '-infinity') < 'infinity' and r.lease_owner is null
        union all
        select r.tenant, r.updated_at, true from run r
         where r.status = 'running' and r.lease_owner is null and r.wake_at is null
      ), active as (
        select u.tenant, count(*)::int as n, min(u.updated_at) filter (where u.waits) as since
          from under_way u group by u.tenant
      )
      select coalesce(a.tenant, l.tenant, s.tenant), coalesce(a.n, 0), coalesce(l.n, 0),
             coalesce(extract(epoch from now() - a.since) * 1000, 0)::float8,
             coalesce(extract(epoch from now() - l.since) * 1000, 0)::float8,
             coalesce(s.weight, 1), s.most_active, coalesce(s.most_in_line, 100000)
        from active a full join lines l on l.tenant = a.tenant
             full join admission s on s.tenant = coalesce(a.tenant, l.tenant)
      union all
      select '*', coalesce(sum(w.places), 0)::int, 0, 0, 0, 1, null, 0
        from worker w where w.beat_at > now() - writ.lease_ttl()
    $$;
    revoke all on function writ.run_load(int) from public;
    grant execute on function writ.run_load(int) to writ_writer;
  `;
}
