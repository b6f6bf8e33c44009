import { rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/**
 * Budgets that many runs share, and what each step holds of them until it is settled [I13].
 *
 * A budget limits one dimension of one scope in one period. Its row is locked for a moment by every batch that reserves
 * or settles, so it is updated in place: no index mentions what changes (fillfactor leaves the room on the page).
 * A reservation is a row of its own, so that a crash leaks nothing: whoever leads the run next settles it under its
 * step's name, and what nobody settles is found by its run being over.
 *
 * A period ends by the clock of whoever comes first after it: `spent` begins at nothing again, while what is reserved
 * stays reserved and is spent in the period in which it is settled.
 */
export class Budgets1795000000018 extends SqlMigration {
  readonly level = 18;
  protected readonly sql = `
    create table writ.budget (
      tenant     text collate "C" not null references writ.tenant,
      id         text collate "C" not null,
      scope      text collate "C" not null,
      target     text collate "C" not null default '',
      dimension  text collate "C" not null,
      period     text collate "C" not null,
      ceiling    bigint not null,
      warn_at    bigint,
      crossing   text collate "C" not null default 'fail',
      fallback   text collate "C",
      reserved   bigint not null default 0,
      spent      bigint not null default 0,
      resets_at  timestamptz,
      warned_for timestamptz,
      set_by     text not null,
      set_at     timestamptz not null default now(),
      removed_at timestamptz,
      primary key (tenant, id),
      constraint budget_scope_known check (scope in ('tenant', 'workflow', 'agent', 'tool', 'model')),
      constraint budget_target_named check ((scope = 'tenant') = (target = '')),
      constraint budget_dimension_known check (dimension in ('model_calls', 'tool_calls', 'input_tokens',
        'output_tokens', 'tokens', 'cost_micros', 'handoffs', 'wall_ms', 'concurrent_runs', 'steps')),
      constraint budget_period_known check (period in ('minute', 'day', 'month', 'total')),
      constraint budget_runs_at_once check (dimension <> 'concurrent_runs'
        or (period = 'total' and scope in ('tenant', 'workflow'))),
      constraint budget_period_ends check ((resets_at is null) = (period = 'total')),
      constraint budget_counts check (ceiling >= 0 and reserved >= 0 and spent >= 0),
      constraint budget_crossing_known check (crossing in ('fail', 'ask', 'wait', 'degrade', 'hand_off')),
      constraint budget_fallback_named check ((fallback is not null) = (crossing in ('degrade', 'hand_off')))
    ) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
    create unique index budget_in_force on writ.budget (tenant, scope, target, dimension, period)
      where removed_at is null;

    create table writ.budget_reservation (
      tenant  text collate "C" not null,
      run     text collate "C" not null,
      step    int not null,
      attempt int not null,
      budget  text collate "C" not null,
      amount  bigint not null,
      at      timestamptz not null default now(),
      primary key (tenant, run, step, attempt, budget),
      -- No foreign keys: the function that commits writes here only for a run and budgets whose rows it holds locked.
      constraint budget_reservation_of_something check (amount > 0)
    ) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);

    -- When the period that this moment lies in ends; null where it never does. Days and months are those of UTC.
    create function writ.period_end(period text, at timestamptz) returns timestamptz
      language sql stable parallel safe
      return case when period <> 'total'
        then (date_trunc(period, at at time zone 'UTC') + ('1 ' || period)::interval) at time zone 'UTC' end;

    -- What settling a reservation spends: what is known, or else all of it. A place among concurrent runs is given back.
    create function writ.budget_spends(dimension text, amount bigint, actual bigint) returns bigint
      language sql immutable parallel safe
      return case when dimension = 'concurrent_runs' then 0 else coalesce(actual, amount) end;

    -- Tells which units of a batch fit the budgets they reserve from: in the batch's order, each against what those
    -- before it left. Rows of runs are held first and budgets last, and both until the batch is committed.
    -- INVARIANT (I13): what is counted as given back is given back: only units that stand at the fence are weighed.
    create function writ.weigh_units(
      u_tenant text[], u_run text[], u_lease bigint[], u_epoch bigint[], u_platform bigint[], u_seq int[],
      u_audit_seq int[], r_ord int[], r_budget text[], r_amount bigint[],
      s_ord int[], s_budget text[], s_step int[], s_attempt int[], s_actual bigint[],
      out weighed int[], out broke int[], out broken text[]
    )
      language plpgsql volatile
      set search_path = writ, pg_temp
      set enable_seqscan = off
      set enable_hashjoin = off
      set enable_mergejoin = off
    as $$
    declare
      names text[] := '{}';
      room bigint[] := '{}';
      places int[] := '{}';
      nets bigint[] := '{}';
      current int := 0;
      refused text;
      place int;
      x record;
    begin
      broke := '{}';
      broken := '{}';
      select coalesce(array_agg(held.ord), '{}') into weighed
        from (
          select u.ord::int as ord
            from unnest(u_tenant, u_run, u_lease, u_epoch, u_platform, u_seq, u_audit_seq)
                   with ordinality as u(tenant, run, lease, epoch, platform, seq, audit_seq, ord),
                 writ.run r
           where (u.ord = any (r_ord) or u.ord = any (s_ord)) and u.seq > 0
             and u.epoch = (select h.epoch from writ.authority_head h where h.tenant = u.tenant)
             and u.platform = (select epoch from writ.authority_head where tenant = '*')
             and r.tenant = u.tenant and r.id = u.run
             and r.lease_epoch = u.lease and coalesce(r.lease_owner, '') <> ''
             and r.next_seq = u.seq and r.audit_seq = u.audit_seq and r.finished_at is null
             for no key update of r
        ) held;
      weighed := weighed || array(
        select u.ord::int
          from unnest(u_tenant, u_run, u_epoch, u_platform, u_seq)
                 with ordinality as u(tenant, run, epoch, platform, seq, ord)
         where u.ord = any (r_ord) and u.seq = 0
           and u.epoch = (select h.epoch from writ.authority_head h where h.tenant = u.tenant)
           and u.platform = (select epoch from writ.authority_head where tenant = '*')
           and not exists (select from writ.run r where r.tenant = u.tenant and r.id = u.run));

      for x in
        select b.tenant || ' ' || b.id as name,
               b.ceiling - b.reserved - case when b.resets_at <= now() then 0 else b.spent end as room
          from writ.budget b
         where (b.tenant, b.id) in (
                 select u_tenant[r.ord], r.budget from unnest(r_ord, r_budget) as r(ord, budget)
                  where r.ord = any (weighed)
                 union
                 select v.tenant, v.budget
                   from unnest(s_ord, s_budget) as s(ord, budget), writ.budget_reservation v
                  where s.ord = any (weighed) and v.tenant = u_tenant[s.ord] and v.run = u_run[s.ord]
                    and (s.budget is null or v.budget = s.budget))
         order by b.tenant, b.scope <> 'tenant', b.id
           for no key update of b
      loop
        names := names || x.name;
        room := room || x.room;
      end loop;

      for x in
        select * from (
          select o.ord, o.name, sum(o.reserve) as reserve, sum(o.net)::bigint as net
            from (
              select r.ord, u_tenant[r.ord] || ' ' || r.budget as name, r.amount as reserve, r.amount as net
                from unnest(r_ord, r_budget, r_amount) as r(ord, budget, amount)
              union all
              select s.ord, v.tenant || ' ' || v.budget, 0,
                     writ.budget_spends(b.dimension, v.amount, s.actual) - v.amount
                from unnest(s_ord, s_budget, s_step, s_attempt, s_actual) as s(ord, budget, step, attempt, actual),
                     writ.budget_reservation v, writ.budget b
               where v.tenant = u_tenant[s.ord] and v.run = u_run[s.ord]
                 and (v.budget = s.budget and v.step = s.step and v.attempt = s.attempt
                      or s.budget is null and not exists (
                           select from unnest(s_ord, s_budget, s_step, s_attempt) as e(ord, budget, step, attempt)
                            where e.ord = s.ord and e.budget = v.budget and e.step = v.step and e.attempt = v.attempt))
                 and b.tenant = v.tenant and b.id = v.budget
            ) o
           where o.ord = any (weighed)
           group by o.ord, o.name
        ) by_unit
        union all select 2147483647, '', 0, 0
        order by 1
      loop
        if x.ord <> current then
          if refused is not null then
            broke := broke || current;
            broken := broken || (current || ' ' || refused);
          else
            for i in 1 .. cardinality(places) loop
              room[places[i]] := room[places[i]] - nets[i];
            end loop;
          end if;
          current := x.ord;
          refused := null;
          places := '{}';
          nets := '{}';
        end if;
        place := array_position(names, x.name);
        if x.reserve > 0 and (place is null or room[place] < x.net) then
          refused := coalesce(refused, split_part(x.name, ' ', 2));
        end if;
        if place is not null then
          places := places || place;
          nets := nets || x.net;
        end if;
      end loop;
    end $$;

    -- Writes down what the accepted units of a batch reserve and settle: one update per budget.
    create function writ.book_units(
      accepted bigint[], u_tenant text[], u_run text[],
      r_ord int[], r_budget text[], r_step int[], r_attempt int[], r_amount bigint[],
      s_ord int[], s_budget text[], s_step int[], s_attempt int[], s_actual bigint[]
    ) returns void
      language sql volatile
      set search_path = writ, pg_temp
      set enable_seqscan = off
      set enable_hashjoin = off
      set enable_mergejoin = off
    as $$
      with gone as (
        delete from writ.budget_reservation v
         using unnest(s_ord, s_budget, s_step, s_attempt, s_actual) as s(ord, budget, step, attempt, actual)
         where s.ord = any (accepted) and v.tenant = u_tenant[s.ord] and v.run = u_run[s.ord]
           and (v.budget = s.budget and v.step = s.step and v.attempt = s.attempt
                      or s.budget is null and not exists (
                           select from unnest(s_ord, s_budget, s_step, s_attempt) as e(ord, budget, step, attempt)
                            where e.ord = s.ord and e.budget = v.budget and e.step = v.step and e.attempt = v.attempt))
        returning v.tenant, v.budget, v.amount, s.actual
      ), made as (
        insert into writ.budget_reservation (tenant, run, step, attempt, budget, amount)
        select u_tenant[r.ord], u_run[r.ord], r.step, r.attempt, r.budget, r.amount
          from unnest(r_ord, r_budget, r_step, r_attempt, r_amount) as r(ord, budget, step, attempt, amount)
         where r.ord = any (accepted)
        returning tenant, budget, amount
      ), change as (
        select c.tenant, c.budget, sum(c.reserved)::bigint as reserved, sum(c.spent)::bigint as spent
          from (
            select g.tenant, g.budget, -g.amount as reserved, writ.budget_spends(b.dimension, g.amount, g.actual) as spent
              from gone g, writ.budget b where b.tenant = g.tenant and b.id = g.budget
            union all
            select tenant, budget, amount, 0 from made
          ) c
         group by c.tenant, c.budget
      )
      update writ.budget b
         set reserved = b.reserved + c.reserved,
             spent = case when b.resets_at <= now() then 0 else b.spent end + c.spent,
             resets_at = case when b.resets_at <= now() then writ.period_end(b.period, now()) else b.resets_at end
        from change c
       where b.tenant = c.tenant and b.id = c.budget
    $$;

    -- What nobody came back for, over all tenants: reservations of runs that are over, and budgets that crossed the line
    -- they warn at and have not warned of it in this period.
    create function writ.find_budget_work(max_rows int) returns table (tenant text, run text, budget text)
      language sql stable security definer set search_path = writ, pg_temp
    as $$
      (select distinct v.tenant, v.run, null::text from budget_reservation v
         join run r on r.tenant = v.tenant and r.id = v.run
        where r.finished_at is not null limit max_rows)
      union all
      (select b.tenant, null, b.id from budget b
        where b.removed_at is null and b.reserved + b.spent >= b.warn_at
          and (b.resets_at is null or b.resets_at > now())
          and b.warned_for is distinct from coalesce(b.resets_at, 'infinity') limit max_rows)
    $$;

    ${rowSecurity('budget')}
    ${rowSecurity('budget_reservation')}

    revoke all on function writ.period_end(text, timestamptz), writ.budget_spends(text, bigint, bigint),
      writ.weigh_units, writ.book_units, writ.find_budget_work(int) from public;
    grant execute on function writ.period_end(text, timestamptz), writ.budget_spends(text, bigint, bigint),
      writ.weigh_units, writ.book_units, writ.find_budget_work(int) to writ_writer;
    grant select, insert, update (ceiling, warn_at, crossing, fallback, reserved, spent, resets_at, warned_for,
                                  set_by, set_at, removed_at) on writ.budget to writ_writer;
    grant select, insert, delete on writ.budget_reservation to writ_writer;
    grant select on writ.budget, writ.budget_reservation to writ_reader;
  `;
}
