import { rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/** A run that stands in line: started, and not yet to be led. Its `wake_at` is the end of time, so no sweep finds it. */
const IN_LINE = `r.status = 'queued' and r.lease_owner is null and r.wake_at = 'infinity'`;
/** Everything else that is queued. A query that is to use the index says it in the index's own words. */
const ADMITTED = `r.status = 'queued' and coalesce(r.wake_at, '-infinity') < 'infinity'`;
const ofTable = (condition: string): string => condition.replaceAll('r.', '');

/**
 * Fairness between tenants (ARCHITECTURE §5): a queue is first in, first out, so only admitted runs ring and are swept.
 * The rest stand in line, one line per tenant, and cost nobody anything: they are in no index but that of the line.
 *
 * What is admitted at most: as many runs as the living workers have places, and a quarter more, so that a worker that
 * ends a run has the next at hand. Places go to the tenant that has the fewest for its weight; a tenant below its share is
 * let in also when others hold more than theirs. A run that rests gives its place up and needs none to come back: what was
 * begun is ended first.
 */
export class Admission1795000000021 extends SqlMigration {
  readonly level = 21;
  protected readonly sql = `
    -- Runs that a worker leads at once; 0 for one that does not say.
    alter table writ.worker add column places int not null default 0 constraint worker_places check (places >= 0);

    -- Within a tenant's line, higher goes first.
    alter table writ.run add column priority smallint not null default 0;

    create table writ.admission (
      tenant       text collate "C" primary key references writ.tenant,
      weight       int not null default 1,
      -- Runs led or about to be, over all workers; null for no limit of its own.
      most_active  int,
      -- Runs in line; a start beyond is refused as busy.
      most_in_line int not null default 100000,
      constraint admission_weight check (weight between 1 and 1000),
      constraint admission_most_active check (most_active >= 1),
      constraint admission_most_in_line check (most_in_line >= 0)
    );

    drop index writ.run_queued;
    create index run_queued on writ.run (created_at) where ${ofTable(ADMITTED)};
    create index run_in_line on writ.run (tenant, priority desc, created_at, id) where ${ofTable(IN_LINE)};

    create function writ.admission_lock() returns bigint
      language sql immutable parallel safe return 1465010519;

    create or replace function writ.find_due_runs(max_runs int) returns table (tenant text, run text)
      language sql stable security definer set search_path = writ, pg_temp
    as $$
      with alive as materialized (
        select w.id from worker w where w.beat_at > now() - writ.lease_ttl()
      ), due as (
        (select r.tenant, r.id, r.created_at as since from run r
          where ${ADMITTED}
            and (r.lease_owner is null or r.lease_owner not in (select id from alive))
            and (r.wake_at is null or r.wake_at <= now())
          order by r.created_at limit max_runs * 4)
        union all
        (select r.tenant, r.id, r.created_at from run r
          where r.status = 'running' and r.lease_owner is null and (r.wake_at is null or r.wake_at <= now())
          order by r.created_at limit max_runs * 4)
        union all
        (select r.tenant, r.id, r.updated_at from run r
          where r.lease_owner is not null and r.lease_owner not in (select id from alive)
          limit max_runs * 4)
        union all
        (select r.tenant, r.id, r.wake_at from run r
          where r.wake_at <= now() and (r.lease_owner is null or r.lease_owner not in (select id from alive))
          order by r.wake_at limit max_runs * 4)
        union all
        (select r.tenant, r.id, r.deadline_at from run r
          where r.deadline_at <= now() and r.finished_at is null
            and (r.lease_owner is null or r.lease_owner not in (select id from alive))
          order by r.deadline_at limit max_runs)
        union all
        -- Who stands in line is told of a cancel, and of nothing else before its turn.
        (select m.tenant, m.run, m.created_at from run_mail m join run r on r.tenant = m.tenant and r.id = m.run
          where m.consumed_seq is null and r.finished_at is null
            and (r.status <> 'queued' or coalesce(r.wake_at, '-infinity') < 'infinity' or m.kind = 'cancel')
            and (r.lease_owner is null or r.lease_owner not in (select id from alive))
          limit max_runs * 4)
      ), found as (
        select d.tenant, d.id, min(d.since) as since from due d group by d.tenant, d.id
      )
      -- One of each tenant before the second of any.
      select f.tenant, f.id from found f
       order by row_number() over (partition by f.tenant order by f.since, f.id), f.since limit max_runs
    $$;

    -- Lets runs in from the lines. A last row without a run says that somebody still stands in one.
    create function writ.admit_runs(max_runs int) returns table (tenant text, run text)
      language plpgsql volatile security definer set search_path = writ, pg_temp
      set enable_seqscan = off set jit = off
    as $$
    #variable_conflict use_column
    begin
      if not exists (select from run r where ${IN_LINE}) then
        return;
      end if;
      -- One at a time, and counted by the next statement, which has its own snapshot: two would give one place away twice.
      perform pg_advisory_xact_lock(writ.admission_lock());
      return query
      with recursive lines as (
        (select r.tenant as whose from run r where ${IN_LINE}
          order by r.tenant limit 1)
        union all
        select (select r.tenant from run r
                 where ${IN_LINE} and r.tenant > l.whose
                 order by r.tenant limit 1)
          from lines l where l.whose is not null
      ), capacity as (
        select ceil(coalesce(sum(w.places), 0) * 1.25)::int as places
          from worker w where w.beat_at > now() - writ.lease_ttl()
      ), active as (
        select a.tenant as whose, count(*)::int as n from (
          select r.tenant from run r where r.lease_owner is not null
          union all
          select r.tenant from run r
           where ${ADMITTED} and r.lease_owner is null
          union all
          select r.tenant from run r where r.status = 'running' and r.lease_owner is null and r.wake_at is null
        ) a group by a.tenant
      ), tenants as (
        select t.whose, coalesce(a.n, 0) as active, coalesce(s.weight, 1) as weight, s.most_active,
               exists (select from lines l where l.whose = t.whose) as in_line
          from (select whose from active union select whose from lines where whose is not null) t
          left join active a on a.whose = t.whose left join admission s on s.tenant = t.whose
      ), shares as (
        select t.whose, t.active, t.weight, t.in_line, t.most_active,
               c.places * t.weight / sum(t.weight) over () as share,
               c.places - sum(t.active) over () as free, c.places
          from tenants t, capacity c
      ), nearest as (
        select s.whose, n.id, s.share, s.free, s.weight,
               s.active + row_number() over (partition by s.whose order by n.priority desc, n.created_at, n.id) as nth
          from shares s cross join lateral (
            select r.id, r.priority, r.created_at from run r
             where r.tenant = s.whose and ${IN_LINE}
             order by r.priority desc, r.created_at, r.id
             limit greatest(0, least(coalesce(s.most_active, s.places), s.places) - s.active)
          ) n
         where s.in_line and s.places > 0
      ), ranked as (
        select n.whose, n.id, n.nth, n.share, n.free, row_number() over (order by n.nth::float8 / n.weight, n.whose) as place
          from nearest n
      ), chosen as (
        select k.whose, k.id from ranked k
         where k.place <= k.free or k.nth <= greatest(1, k.share) order by k.place limit max_runs
      )
      update run r set wake_at = null, updated_at = now() from chosen c
       where r.tenant = c.whose and r.id = c.id and ${IN_LINE}
      returning r.tenant, r.id;
      return query
      select '*'::text, null::text
       where exists (select from run r where ${IN_LINE});
    end $$;

    -- How busy the system is: a row for each tenant with something under way or a setting, and one for the platform, which
    -- counts the places of the living workers. Ages in milliseconds.
    create function writ.run_load() returns table (
        tenant text, active int, in_line int, waited_ms float8, lined_up_ms float8,
        weight int, most_active int, most_in_line int)
      language sql stable security definer set search_path = writ, pg_temp
      set enable_seqscan = off set jit = off
    as $$
      with under_way as (
        select r.tenant, r.updated_at, false as waits from run r where r.lease_owner is not null
        union all
        select r.tenant, r.updated_at, r.wake_at is null from run r
         where ${ADMITTED} and r.lease_owner is null
        union all
        select r.tenant, r.updated_at, true from run r
         where r.status = 'running' and r.lease_owner is null and r.wake_at is null
      ), active as (
        select u.tenant, count(*)::int as n, min(u.updated_at) filter (where u.waits) as since
          from under_way u group by u.tenant
      ), lines as (
        select r.tenant, count(*)::int as n, min(r.created_at) as since from run r
         where ${IN_LINE} group by r.tenant
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

    -- Removes what workers left of themselves: those that are long silent and hold no lease any more.
    create function writ.forget_workers() returns int
      language sql volatile security definer set search_path = writ, pg_temp
    as $$
      with gone as (
        delete from worker w
         where w.beat_at < now() - 6 * writ.lease_ttl()
           and not exists (select from run r where r.lease_owner = w.id)
        returning 1
      )
      select count(*)::int from gone
    $$;

    ${rowSecurity('admission')}

    revoke all on function writ.admission_lock(), writ.admit_runs(int), writ.run_load(), writ.forget_workers() from public;
    grant execute on function writ.admission_lock(), writ.admit_runs(int), writ.run_load(), writ.forget_workers()
      to writ_writer;
    grant update (places) on writ.worker to writ_writer;
    grant update (priority) on writ.run to writ_writer;
    grant select, insert, update (weight, most_active, most_in_line) on writ.admission to writ_writer;
    grant select on writ.admission to writ_reader;
  `;
}
