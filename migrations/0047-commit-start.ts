import { SqlMigration } from './sql-migration';

/**
 * The call that commits the creation of one run, beside `commit_step`: no arrays, no joins, the same fence. It answers true
 * when the unit is in. On anything else nothing was written, and `commit_units` says why when it is asked the same.
 *
 * INVARIANT (I12): the primary key and the idempotency key are the lock: one winner.
 */
export class CommitStart1795000000047 extends SqlMigration {
  readonly level = 47;
  protected readonly sql = `
    create function writ.commit_start(
      u_unit text, u_tenant text, u_run text, u_lease bigint, u_epoch bigint, u_platform bigint,
      u_next int, u_status text, u_wait text, u_wake timestamptz, u_release boolean, u_journal text, u_audit text,
      u_hashes bytea, c_workflow text, c_workflow_digest text, c_initiator text, c_key text, c_request_digest text,
      c_owner text, c_trace text, c_deadline timestamptz
    ) returns boolean
      language plpgsql volatile security definer
      set search_path = writ, pg_temp
      set plan_cache_mode = force_generic_plan
      set enable_seqscan = off
    as $$
    begin
      if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'commit_start needs READ COMMITTED, not %', current_setting('transaction_isolation')
          using errcode = 'invalid_transaction_state';
      end if;

      -- INVARIANT (I3): the lock is taken in a statement of its own, before the snapshot of the next one.
      perform pg_advisory_xact_lock_shared(writ.authority_lock()),
              set_config('lock_timeout', '1s', true);

      insert into writ.run (tenant, id, workflow, workflow_digest, initiator, status, wait, wake_at, deadline_at,
                            idempotency_key, request_digest, lease_owner, lease_epoch, next_seq, audit_seq,
                            chain_head, trace_id, finished_at)
      select u_tenant, u_run, c_workflow, c_workflow_digest, c_initiator, u_status, u_wait, u_wake, c_deadline,
             c_key, c_request_digest, case when not u_release then c_owner end, u_lease, u_next,
             octet_length(u_hashes) / 32, encode(substr(u_hashes, octet_length(u_hashes) - 31), 'hex'), c_trace,
             case when writ.is_final(u_status) then now() end
       where u_epoch = (select h.epoch from writ.authority_head h where h.tenant = u_tenant)
         and u_platform = (select h.epoch from writ.authority_head h where h.tenant = '*')
      on conflict do nothing;
      if not found then
        return false;
      end if;

      -- Evidence first: the journal's row refers to it.
      insert into writ.audit_unit (tenant, run, seq, unit, events, hashes)
      values (u_tenant, u_run, 0, u_unit, u_audit, u_hashes);
      insert into writ.journal (tenant, run, seq, unit, audit_seq, events)
      values (u_tenant, u_run, 0, u_unit, 0, u_journal);
      return true;
    end $$;

    revoke all on function writ.commit_start from public;
    grant execute on function writ.commit_start to writ_writer;
  `;
}
