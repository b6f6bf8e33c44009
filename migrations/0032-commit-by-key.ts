import { SqlMigration } from './sql-migration';

/**
 * The fenced group commit finds each unit's run by its key, one statement a unit, whatever the planner knows of the
 * table [I2, I3, I13]. As one statement over the whole batch it let the planner choose what to go through first; on a
 * table it took for small it went through every live run of the tenants in the batch, and through the whole batch for
 * each, with two look-ups a pair: 4.2 of 4.6 ms of a batch of 32 beside 64 live runs, and worse with every run more.
 *
 * The functions run with the owner's rights and name every tenant themselves. Row security did nothing for them, since
 * they bound the transaction to the tenants of the batch they were handed; it only gave the planner its wrong way in.
 * In exchange the writer loses the right to make runs and journal lines by itself: what is in the journal has passed
 * the fence. What the functions decide, answer and write is as it was.
 */
export class CommitByKey1795000000032 extends SqlMigration {
  readonly level = 32;
  protected readonly sql = `
    create or replace function writ.commit_units(
      u_unit text[], u_tenant text[], u_run text[], u_lease bigint[], u_epoch bigint[], u_platform bigint[],
      u_seq int[], u_next int[], u_audit_seq int[], u_status text[], u_wait text[], u_wake timestamptz[],
      u_release boolean[], u_journal text[], u_audit text[], u_hashes bytea[],
      c_ord int[], c_workflow text[], c_workflow_digest text[], c_initiator text[], c_key text[],
      c_request_digest text[], c_owner text[], c_trace text[], c_deadline timestamptz[],
      m_ord int[], m_id text[],
      r_ord int[], r_budget text[], r_step int[], r_attempt int[], r_amount bigint[],
      s_ord int[], s_budget text[], s_step int[], s_attempt int[], s_actual bigint[]
    ) returns text
      language plpgsql volatile security definer
      set search_path = writ, pg_temp
      set plan_cache_mode = force_generic_plan
      set enable_seqscan = off
      set enable_hashjoin = off
      set enable_mergejoin = off
      set jit = off
    as $$
    declare
      accepted bigint[] := '{}';
      fit boolean[];
      answer text;
      limited boolean := cardinality(r_ord) + cardinality(s_ord) > 0;
      spurious boolean := false;
      weighed int[] := '{}';
      broke int[] := '{}';
      broken text[] := '{}';
    begin
      if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'commit_units needs READ COMMITTED, not %', current_setting('transaction_isolation')
          using errcode = 'invalid_transaction_state';
      end if;

      -- INVARIANT (I3): the lock is taken in a statement of its own, before the snapshot of the next one.
      perform pg_advisory_xact_lock_shared(writ.authority_lock()),
              -- From here on, and not for the lock above: a row that somebody's open session keeps locked must not hold
              -- up every other run of the batch.
              set_config('lock_timeout', '1s', true);

      if limited then
        select w.weighed, w.broke, w.broken into weighed, broke, broken
          from writ.weigh_units(u_tenant, u_run, u_lease, u_epoch, u_platform, u_seq, u_audit_seq,
                 r_ord, r_budget, r_amount, s_ord, s_budget, s_step, s_attempt, s_actual) w;
      end if;

      -- Whether the authority of each unit still stands, looked up unit by unit: "offset 0" keeps the order of the join.
      select array_agg(coalesce(h.epoch = u.epoch and p.epoch = u.platform, false) order by u.ord) into fit
        from unnest(u_tenant, u_epoch, u_platform) with ordinality as u(tenant, epoch, platform, ord)
        left join lateral (select a.epoch from writ.authority_head a where a.tenant = u.tenant offset 0) h on true
        left join lateral (select a.epoch from writ.authority_head a where a.tenant = '*' offset 0) p on true;

      with moved as (
        update writ.run r
           set status = u.status, wait = u.wait, wake_at = u.wake,
               next_seq = u.next, audit_seq = u.audit_seq + octet_length(u.hashes) / 32,
               chain_head = encode(substr(u.hashes, octet_length(u.hashes) - 31), 'hex'),
               lease_owner = case when u.release then null else r.lease_owner end,
               updated_at = now(),
               finished_at = case when writ.is_final(u.status) then now() end
          from unnest(u_tenant, u_run, u_lease, u_seq, u_next, u_audit_seq, u_status, u_wait, u_wake, u_release,
                      u_hashes) with ordinality
                 as u(tenant, run, lease, seq, next, audit_seq, status, wait, wake, release, hashes, ord)
         where u.seq > 0 and fit[u.ord] and u.ord <> all (broke)
           and r.tenant = u.tenant and r.id = u.run
           and r.lease_epoch = u.lease and coalesce(r.lease_owner, '') <> ''
           and r.next_seq = u.seq and r.audit_seq = u.audit_seq
           -- Said so that no index holds exactly these rows: it would be gone through whole.
           and case when r.finished_at is null then true else false end
        returning u.ord
      )
      select coalesce(array_agg(ord), '{}') into accepted from moved;

      if cardinality(c_ord) > 0 then
        with created as (
          insert into writ.run (tenant, id, workflow, workflow_digest, initiator, status, wait, wake_at, deadline_at,
                                idempotency_key, request_digest, lease_owner, lease_epoch, next_seq, audit_seq,
                                chain_head, trace_id, finished_at)
          select u_tenant[c.ord], u_run[c.ord], c.workflow, c.workflow_digest, c.initiator, u_status[c.ord],
                 u_wait[c.ord], u_wake[c.ord], c.deadline, c.key, c.request_digest,
                 case when not u_release[c.ord] then c.owner end, u_lease[c.ord], u_next[c.ord],
                 octet_length(u_hashes[c.ord]) / 32,
                 encode(substr(u_hashes[c.ord], octet_length(u_hashes[c.ord]) - 31), 'hex'), c.trace,
                 case when writ.is_final(u_status[c.ord]) then now() end
            from unnest(c_ord, c_workflow, c_workflow_digest, c_initiator, c_key, c_request_digest, c_owner, c_trace,
                        c_deadline)
                   as c(ord, workflow, workflow_digest, initiator, key, request_digest, owner, trace, deadline)
           where u_seq[c.ord] = 0 and u_audit_seq[c.ord] = 0 and fit[c.ord] and c.ord <> all (broke)
          -- The primary key and the idempotency key are the lock: one winner [I12].
          on conflict do nothing
          returning tenant, id
        )
        select accepted || coalesce(array_agg(c.ord::bigint), '{}') into accepted
          from created n join unnest(c_ord) as c(ord) on u_tenant[c.ord] = n.tenant and u_run[c.ord] = n.id;
      end if;

      -- Evidence first: the journal's row refers to it.
      insert into writ.audit_unit (tenant, run, seq, unit, events, hashes)
      select u_tenant[o], u_run[o], u_audit_seq[o], u_unit[o], u_audit[o], u_hashes[o] from unnest(accepted) as o;
      insert into writ.journal (tenant, run, seq, unit, audit_seq, events)
      select u_tenant[o], u_run[o], u_seq[o], u_unit[o], u_audit_seq[o], u_journal[o] from unnest(accepted) as o;

      if cardinality(m_ord) > 0 then
        update writ.run_mail m set consumed_seq = u_seq[c.ord]
          from unnest(m_ord, m_id) as c(ord, id)
         where c.ord = any (accepted) and m.tenant = u_tenant[c.ord] and m.id = c.id
           and m.run = u_run[c.ord] and m.consumed_seq is null;
      end if;

      if limited then
        perform writ.book_units(accepted, u_tenant, u_run, r_ord, r_budget, r_step, r_attempt, r_amount,
                                s_ord, s_budget, s_step, s_attempt, s_actual);
        -- A creation that was weighed and then found its key taken held room that others may have: they go again.
        spurious := exists (select from unnest(weighed) o where o <> all (accepted) and o <> all (broke));
      end if;

      if cardinality(accepted) = cardinality(u_unit) then
        return repeat('c', cardinality(accepted));
      end if;

      -- Something was refused. Why is found now, with a newer snapshot, so the hot path does not carry it.
      -- A unit that stands in the journal under its own id was applied by an earlier sending whose answer was lost; it
      -- counts as committed while its sender still holds the run, and as a lost lease after that.
      select string_agg(case
               when u.ord = any (accepted) then 'c'
               when j.unit = u.unit and (r.lease_epoch = u.lease or u.lease = 0) then 'c'
               when j.unit = u.unit then 'l'
               when u.seq = 0 and (u.audit_seq <> 0 or c.ord is null) then 's'
               when u.seq = 0 and (r.id is not null or k.id is not null) then 'x'
               when u.seq > 0 and (r.id is null or r.finished_at is not null or r.lease_owner is null
                                   or r.lease_epoch <> u.lease) then 'l'
               when u.seq > 0 and (r.next_seq <> u.seq or r.audit_seq <> u.audit_seq) then 's'
               when h.epoch is distinct from u.epoch or p.epoch is distinct from u.platform then 'a'
               when u.ord = any (broke) and not spurious then 'b'
               else 'r' end, '' order by u.ord)
        into answer
        from unnest(u_unit, u_tenant, u_run, u_lease, u_epoch, u_platform, u_seq, u_audit_seq)
               with ordinality as u(unit, tenant, run, lease, epoch, platform, seq, audit_seq, ord)
        left join unnest(c_ord, c_key) as c(ord, key) on c.ord = u.ord
        left join writ.run r on r.tenant = u.tenant and r.id = u.run
        left join writ.run k on k.tenant = u.tenant and k.idempotency_key = c.key
        left join writ.journal j on j.tenant = u.tenant and j.run = u.run and j.seq = u.seq
        left join writ.authority_head h on h.tenant = u.tenant
        left join writ.authority_head p on p.tenant = '*';
      return case when position('b' in answer) > 0
        then answer || E'\\n' || array_to_string(broken, E'\\n') else answer end;
    end $$;

    create or replace function writ.commit_step(
      u_unit text, u_tenant text, u_run text, u_lease bigint, u_epoch bigint, u_platform bigint,
      u_seq int, u_next int, u_audit_seq int, u_status text, u_wait text, u_wake timestamptz,
      u_release boolean, u_journal text, u_audit text, u_hashes bytea
    ) returns boolean
      language plpgsql volatile security definer
      set search_path = writ, pg_temp
      set plan_cache_mode = force_generic_plan
      set enable_seqscan = off
    as $$
    begin
      if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'commit_step needs READ COMMITTED, not %', current_setting('transaction_isolation')
          using errcode = 'invalid_transaction_state';
      end if;

      -- INVARIANT (I3): the lock is taken in a statement of its own, before the snapshot of the next one.
      perform pg_advisory_xact_lock_shared(writ.authority_lock()),
              set_config('lock_timeout', '1s', true);

      update writ.run r
         set status = u_status, wait = u_wait, wake_at = u_wake,
             next_seq = u_next, audit_seq = u_audit_seq + octet_length(u_hashes) / 32,
             chain_head = encode(substr(u_hashes, octet_length(u_hashes) - 31), 'hex'),
             lease_owner = case when u_release then null else r.lease_owner end,
             updated_at = now(),
             finished_at = case when writ.is_final(u_status) then now() end
       where u_seq > 0
         and u_epoch = (select h.epoch from writ.authority_head h where h.tenant = u_tenant)
         and u_platform = (select h.epoch from writ.authority_head h where h.tenant = '*')
         and r.tenant = u_tenant and r.id = u_run
         and r.lease_epoch = u_lease and coalesce(r.lease_owner, '') <> ''
         and r.next_seq = u_seq and r.audit_seq = u_audit_seq
         and r.finished_at is null;
      if not found then
        return false;
      end if;

      insert into writ.audit_unit (tenant, run, seq, unit, events, hashes)
      values (u_tenant, u_run, u_audit_seq, u_unit, u_audit, u_hashes);
      insert into writ.journal (tenant, run, seq, unit, audit_seq, events)
      values (u_tenant, u_run, u_seq, u_unit, u_audit_seq, u_journal);
      return true;
    end $$;

    create or replace function writ.weigh_units(
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
                   with ordinality as u(tenant, run, lease, epoch, platform, seq, audit_seq, ord)
           cross join lateral (
             select from writ.run r
              where r.tenant = u.tenant and r.id = u.run
                and r.lease_epoch = u.lease and coalesce(r.lease_owner, '') <> ''
                and r.next_seq = u.seq and r.audit_seq = u.audit_seq and r.finished_at is null
             offset 0 for no key update of r
           ) r
           where (u.ord = any (r_ord) or u.ord = any (s_ord)) and u.seq > 0
             and u.epoch = (select h.epoch from writ.authority_head h where h.tenant = u.tenant)
             and u.platform = (select epoch from writ.authority_head where tenant = '*')
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

    revoke insert on writ.run, writ.journal from writ_writer;
  `;
}
