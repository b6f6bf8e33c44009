import { SqlMigration } from './sql-migration';

/**
 * Takes the lease of a run and answers everything its new holder needs to lead it: where it stands, its journal, its
 * evidence and its unread mail. One call, since a run that comes from a queue paid seventeen round trips for this, more
 * than for all its steps.
 *
 * The row is locked first, and its holder judged by a statement of its own: what became known while the claim waited for
 * the row (another claim that won, a sign of life) is seen. One statement would judge by the moment it began. What the
 * function reads after that is final: nobody else may add to it.
 */
export class TakeRun1795000000023 extends SqlMigration {
  readonly level = 23;
  protected readonly sql = `
    create function writ.take_run(p_tenant text, p_run text, p_worker text) returns table (
        lease_epoch bigint, next_seq int, audit_seq int, chain_head text, trace_id text, taken_over boolean,
        journal text, audit text, mail json)
      language plpgsql volatile
      set search_path = writ, pg_temp
      set plan_cache_mode = force_generic_plan
      set enable_seqscan = off
      set jit = off
    as $$
    #variable_conflict use_column
    declare
      holder text;
      taken writ.run;
    begin
      perform set_config('writ.tenants', p_tenant, true);
      select r.lease_owner into holder from run r
       where r.tenant = p_tenant and r.id = p_run and r.finished_at is null for no key update;
      if not found then
        return;
      end if;
      -- INVARIANT (I3): each claim raises the lease epoch, so whatever an earlier holder still sends is refused.
      update run r set lease_owner = p_worker, lease_epoch = r.lease_epoch + 1, wake_at = null
       where r.tenant = p_tenant and r.id = p_run
         and not exists (
               select from worker w
                where w.tenant = '*' and w.id = holder and w.beat_at > clock_timestamp() - writ.lease_ttl())
         and (r.status <> 'queued' or r.wake_at is distinct from 'infinity' or r.deadline_at <= clock_timestamp()
              or exists (select from run_mail m
                          where m.tenant = p_tenant and m.run = p_run and m.consumed_seq is null and m.kind = 'cancel'))
      returning r.* into taken;
      if not found then
        return;
      end if;
      return query
      select taken.lease_epoch, taken.next_seq, taken.audit_seq, taken.chain_head, taken.trace_id, holder is not null,
             (select string_agg(j.events, E'\\n' order by j.seq) from journal j
               where j.tenant = p_tenant and j.run = p_run),
             (select string_agg(a.events, E'\\n' order by a.seq) from audit_unit a
               where a.tenant = p_tenant and a.run = p_run),
             (select coalesce(json_agg(json_build_object('tenant', m.tenant, 'run', m.run, 'id', m.id, 'kind', m.kind,
                                                         'body', m.body, 'sender', m.sender) order by m.created_at, m.id),
                              '[]')
                from run_mail m where m.tenant = p_tenant and m.run = p_run and m.consumed_seq is null);
    end $$;

    revoke all on function writ.take_run(text, text, text) from public;
    grant execute on function writ.take_run(text, text, text) to writ_writer;
  `;
}
