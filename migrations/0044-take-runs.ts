import { SqlMigration } from './sql-migration';

/**
 * Takes the leases of several runs in one call, and does not wait for the disk. What a lease is for is committed under it,
 * and that commit does wait: a crash of the server either keeps the lease or loses it together with the knowledge that
 * anybody had it, and then nothing was done by it.
 *
 * INVARIANT (I3): two leases of a run never have one epoch, also where the server forgot the first. Each is later than the
 * one before by the server's clock, in microseconds, and at least by one.
 *
 * A row that somebody else keeps locked holds up nobody: the answer says so, and its claim is made again by itself,
 * `p_patient`. The row is locked first, and its holder judged by a statement of its own, as in `take_run`: what became
 * known meanwhile is seen. The function runs with the owner's rights and names every tenant itself (decision 16).
 */
export class TakeRuns1795000000044 extends SqlMigration {
  readonly level = 44;
  protected readonly sql = `
    create function writ.take_runs(p_tenant text[], p_run text[], p_worker text[], p_fold int[], p_patient boolean)
      returns table (
        place int, held_up boolean, lease_epoch bigint, next_seq int, audit_seq int, chain_head text, trace_id text,
        taken_over boolean, journal text, audit text, mail json, snapshot text, snapshot_seq int, snapshot_digest text)
      language plpgsql volatile security definer
      set search_path = writ, pg_temp
      set plan_cache_mode = force_generic_plan
      set enable_seqscan = off
      set enable_hashjoin = off
      set enable_mergejoin = off
      set jit = off
    as $$
    #variable_conflict use_column
    declare
      free int[] := '{}';
      holders text[] := '{}';
    begin
      perform set_config('synchronous_commit', 'off', true);
      if p_patient then
        select array_agg(l.ord), array_agg(l.lease_owner) into free, holders
          from (
            select u.ord::int as ord, r.lease_owner
              from unnest(p_tenant, p_run) with ordinality as u(tenant, run, ord)
             cross join lateral (
               select r.lease_owner from run r
                where r.tenant = u.tenant and r.id = u.run and r.finished_at is null
               offset 0 for no key update of r) r
          ) l;
      else
        select array_agg(l.ord), array_agg(l.lease_owner) into free, holders
          from (
            select u.ord::int as ord, r.lease_owner
              from unnest(p_tenant, p_run) with ordinality as u(tenant, run, ord)
             cross join lateral (
               select r.lease_owner from run r
                where r.tenant = u.tenant and r.id = u.run and r.finished_at is null
               offset 0 for no key update of r skip locked) r
          ) l;
        if coalesce(cardinality(free), 0) < cardinality(p_run) then
          return query
          select u.ord::int, true, null::bigint, null::int, null::int, null, null, null::boolean, null, null, null::json,
                 null, null::int, null
            from unnest(p_tenant, p_run) with ordinality as u(tenant, run, ord)
           cross join lateral (
             select from run r where r.tenant = u.tenant and r.id = u.run and r.finished_at is null offset 0) r
           where u.ord <> all (coalesce(free, '{}'));
        end if;
      end if;
      if free is null then
        return;
      end if;

      return query
      with won as (
        update run r
           set lease_owner = p_worker[f.ord],
               lease_epoch = greatest(r.lease_epoch + 1, (extract(epoch from clock_timestamp()) * 1000000)::bigint),
               wake_at = null
          from unnest(free, holders) as f(ord, holder)
         where r.tenant = p_tenant[f.ord] and r.id = p_run[f.ord]
           and not exists (
                 select from worker w
                  where w.tenant = '*' and w.id = f.holder and w.beat_at > clock_timestamp() - writ.lease_ttl())
           and (r.status <> 'queued' or r.wake_at is distinct from 'infinity' or r.deadline_at <= clock_timestamp()
                or exists (select from run_mail m
                            where m.tenant = r.tenant and m.run = r.id and m.consumed_seq is null and m.kind = 'cancel'))
        returning f.ord, f.holder, r.tenant, r.id, r.lease_epoch, r.next_seq, r.audit_seq, r.chain_head, r.trace_id
      )
      select w.ord, false, w.lease_epoch, w.next_seq, w.audit_seq, w.chain_head, w.trace_id, w.holder is not null,
             (select string_agg(j.events, E'\\n' order by j.seq) from journal j
               where j.tenant = w.tenant and j.run = w.id and j.seq >= coalesce(s.seq, 0)),
             (select string_agg(a.events, E'\\n' order by a.seq) from audit_unit a
               where a.tenant = w.tenant and a.run = w.id and a.seq >= coalesce(s.audit_seq, 0)),
             (select coalesce(json_agg(json_build_object('tenant', m.tenant, 'run', m.run, 'id', m.id, 'kind', m.kind,
                                                         'body', m.body, 'sender', m.sender) order by m.created_at, m.id),
                              '[]')
                from run_mail m where m.tenant = w.tenant and m.run = w.id and m.consumed_seq is null),
             s.body, s.seq, s.digest
        from won w left join lateral (
          select s.body, s.seq, s.audit_seq, s.digest from run_snapshot s
           where s.tenant = w.tenant and s.run = w.id and s.fold = p_fold[w.ord]
             and s.seq <= w.next_seq and s.audit_seq <= w.audit_seq
          offset 0) s on true;
    end $$;

    revoke all on function writ.take_runs(text[], text[], text[], int[], boolean) from public;
    grant execute on function writ.take_runs(text[], text[], text[], int[], boolean) to writ_writer;
  `;
}
