import { SqlMigration } from './sql-migration';

/**
 * The fenced group commit with budgets in it [I2, I3, I13]: a unit also says what its step reserves of which budget and
 * what it settles, and has one more answer: b, a budget has no room for it. Which budget follows
 * the letters, one line per such unit: its place in the batch and the budget's id. Everything else is as it was (see the change that made the function).
 *
 * A batch in which nobody is limited pays two comparisons. In a limited one the runs' rows are held first, then the
 * budgets' (wide before narrow), so that what is weighed is what is written. `r_…` reserve and `s_…` settle, by the
 * unit's place in the batch; `s_budget` null settles all that the run still holds, `s_actual` null spends what was
 * reserved.
 *
 * Breaking: a program that knows nothing of budgets would spend without asking.
 */
export class CommitBudgets1795000000019 extends SqlMigration {
  readonly level = 19;
  override readonly breaking = true;
  protected readonly sql = `
    drop function writ.commit_units;
    create function writ.commit_units(
      u_unit text[], u_tenant text[], u_run text[], u_lease bigint[], u_epoch bigint[], u_platform bigint[],
      u_seq int[], u_next int[], u_audit_seq int[], u_status text[], u_wait text[], u_wake timestamptz[],
      u_release boolean[], u_journal text[], u_audit text[], u_hashes bytea[],
      c_ord int[], c_workflow text[], c_workflow_digest text[], c_initiator text[], c_key text[],
      c_request_digest text[], c_owner text[], c_trace text[], c_deadline timestamptz[],
      m_ord int[], m_id text[],
      r_ord int[], r_budget text[], r_step int[], r_attempt int[], r_amount bigint[],
      s_ord int[], s_budget text[], s_step int[], s_attempt int[], s_actual bigint[]
    ) returns text
      language plpgsql volatile
      set search_path = writ, pg_temp
      set plan_cache_mode = force_generic_plan
      set enable_seqscan = off
      set enable_hashjoin = off
      set enable_mergejoin = off
      set jit = off
      set work_mem = '64MB'
    as $$
    declare
      accepted bigint[];
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
              set_config('writ.tenants', (select string_agg(distinct t, ',') from unnest(u_tenant) t), true),
              -- From here on, and not for the lock above: a row that somebody's open session keeps locked must not hold
              -- up every other run of the batch.
              set_config('lock_timeout', '1s', true);

      if limited then
        select w.weighed, w.broke, w.broken into weighed, broke, broken
          from writ.weigh_units(u_tenant, u_run, u_lease, u_epoch, u_platform, u_seq, u_audit_seq,
                 r_ord, r_budget, r_amount, s_ord, s_budget, s_step, s_attempt, s_actual) w;
      end if;

      with u as materialized (
        select * from unnest(u_unit, u_tenant, u_run, u_lease, u_epoch, u_platform, u_seq, u_next, u_audit_seq,
                             u_status, u_wait, u_wake, u_release, u_journal, u_audit, u_hashes)
          with ordinality as t(unit, tenant, run, lease, epoch, platform, seq, next, audit_seq, status, wait, wake,
                               release, journal, audit, hashes, ord)
      ), moved as (
        update writ.run r
           set status = u.status, wait = u.wait, wake_at = u.wake,
               next_seq = u.next, audit_seq = u.audit_seq + octet_length(u.hashes) / 32,
               chain_head = encode(substr(u.hashes, octet_length(u.hashes) - 31), 'hex'),
               lease_owner = case when u.release then null else r.lease_owner end,
               updated_at = now(),
               finished_at = case when writ.is_final(u.status) then now() end
          from u
         where u.seq > 0
           and u.epoch = (select h.epoch from writ.authority_head h where h.tenant = u.tenant)
           and u.platform = (select epoch from writ.authority_head where tenant = '*')
           and r.tenant = u.tenant and r.id = u.run
           and r.lease_epoch = u.lease and coalesce(r.lease_owner, '') <> ''
           and r.next_seq = u.seq and r.audit_seq = u.audit_seq
           and r.finished_at is null
           and u.ord <> all (broke)
        returning u.ord, u.tenant, u.run, u.seq, u.unit, u.audit_seq, u.journal, u.audit, u.hashes
      ), created as (
        insert into writ.run (tenant, id, workflow, workflow_digest, initiator, status, wait, wake_at, deadline_at,
                              idempotency_key, request_digest, lease_owner, lease_epoch, next_seq, audit_seq,
                              chain_head, trace_id, finished_at)
        select u.tenant, u.run, c.workflow, c.workflow_digest, c.initiator, u.status, u.wait, u.wake, c.deadline,
               c.key, c.request_digest, case when not u.release then c.owner end, u.lease, u.next,
               octet_length(u.hashes) / 32, encode(substr(u.hashes, octet_length(u.hashes) - 31), 'hex'), c.trace,
               case when writ.is_final(u.status) then now() end
          from unnest(c_ord, c_workflow, c_workflow_digest, c_initiator, c_key, c_request_digest, c_owner, c_trace,
                      c_deadline)
                 as c(ord, workflow, workflow_digest, initiator, key, request_digest, owner, trace, deadline),
               u
         where u.ord = c.ord and u.seq = 0 and u.audit_seq = 0
           and u.ord <> all (broke)
           and u.epoch = (select h.epoch from writ.authority_head h where h.tenant = u.tenant)
           and u.platform = (select epoch from writ.authority_head where tenant = '*')
        -- The primary key and the idempotency key are the lock: one winner [I12].
        on conflict do nothing
        returning tenant, id
      ), w as (
        select * from moved
        union all
        select u.ord, u.tenant, u.run, u.seq, u.unit, u.audit_seq, u.journal, u.audit, u.hashes
          from created c, u where u.tenant = c.tenant and u.run = c.id
      ), evidence as (
        insert into writ.audit_unit (tenant, run, seq, unit, events, hashes)
        select tenant, run, audit_seq, unit, audit, hashes from w
      ), truth as (
        insert into writ.journal (tenant, run, seq, unit, audit_seq, events)
        select tenant, run, seq, unit, audit_seq, journal from w
      )
      select coalesce(array_agg(ord), '{}') into accepted from w;

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

    revoke all on function writ.commit_units from public;
    grant execute on function writ.commit_units to writ_writer;
  `;
}
