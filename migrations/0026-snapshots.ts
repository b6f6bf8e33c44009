import { rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/**
 * States of long runs, beside their journals: whoever takes such a run over reads the newest one and the events after it,
 * in place of all of them. The journal stays the truth: a snapshot is of a prefix that never changes, `fold` says by
 * which rules it was made and `digest` what it must hash to, and one that does not fit is not used.
 *
 * `take_run` has one more parameter, the rules its caller folds by; the function of before stays for programs that know
 * nothing of snapshots.
 */
export class Snapshots1795000000026 extends SqlMigration {
  readonly level = 26;
  protected readonly sql = `
    create table writ.run_snapshot (
      tenant    text collate "C" not null,
      run       text collate "C" not null,
      seq       int not null,
      audit_seq int not null,
      fold      int not null,
      digest    text collate "C" not null,
      body      text not null,
      made_at   timestamptz not null default now(),
      primary key (tenant, run),
      constraint run_snapshot_of foreign key (tenant, run) references writ.run (tenant, id),
      constraint run_snapshot_counts check (seq >= 1 and audit_seq >= 1)
    );

    create function writ.take_run(p_tenant text, p_run text, p_worker text, p_fold int) returns table (
        lease_epoch bigint, next_seq int, audit_seq int, chain_head text, trace_id text, taken_over boolean,
        journal text, audit text, mail json, snapshot text, snapshot_seq int, snapshot_digest text)
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
      kept writ.run_snapshot;
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
      select s.* into kept from run_snapshot s
       where s.tenant = p_tenant and s.run = p_run and s.fold = p_fold
         and s.seq <= taken.next_seq and s.audit_seq <= taken.audit_seq;
      return query
      select taken.lease_epoch, taken.next_seq, taken.audit_seq, taken.chain_head, taken.trace_id, holder is not null,
             (select string_agg(j.events, E'\\n' order by j.seq) from journal j
               where j.tenant = p_tenant and j.run = p_run and j.seq >= coalesce(kept.seq, 0)),
             (select string_agg(a.events, E'\\n' order by a.seq) from audit_unit a
               where a.tenant = p_tenant and a.run = p_run and a.seq >= coalesce(kept.audit_seq, 0)),
             (select coalesce(json_agg(json_build_object('tenant', m.tenant, 'run', m.run, 'id', m.id, 'kind', m.kind,
                                                         'body', m.body, 'sender', m.sender) order by m.created_at, m.id),
                              '[]')
                from run_mail m where m.tenant = p_tenant and m.run = p_run and m.consumed_seq is null),
             kept.body, kept.seq, kept.digest;
    end $$;

    ${rowSecurity('run_snapshot')}

    revoke all on function writ.take_run(text, text, text, int) from public;
    grant execute on function writ.take_run(text, text, text, int) to writ_writer;
    grant select, insert, delete, update (seq, audit_seq, fold, digest, body, made_at) on writ.run_snapshot to writ_writer;
  `;
}
