import { SqlMigration } from './sql-migration';

/**
 * The fenced commit of one unit that neither creates its run nor consumes mail: five of the six units of a sequential
 * run, and all of them when a process leads few runs [I2, I3]. It says only whether the unit is in; one that is not goes
 * to `commit_units`, which tries it again and says why not.
 *
 * Why a second function. The batch's statement costs 0.36 ms of the server's time for one unit, nearly all of it to start
 * a plan of six nodes over 27 arrays; three statements by key cost 0.15 ms. From a few units on the batch is cheaper.
 *
 * The fence is the same, in the same order: the lock in a statement of its own, then, under a newer snapshot, an UPDATE
 * that compares lease, sequences and both authority epochs. What holds for the settings there holds here.
 */
export class CommitStep1795000000012 extends SqlMigration {
  readonly level = 12;
  protected readonly sql = `
    create function writ.commit_step(
      u_unit text, u_tenant text, u_run text, u_lease bigint, u_epoch bigint, u_platform bigint,
      u_seq int, u_next int, u_audit_seq int, u_status text, u_wait text, u_wake timestamptz,
      u_release boolean, u_journal text, u_audit text, u_hashes bytea
    ) returns boolean
      language plpgsql volatile
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
              set_config('writ.tenants', u_tenant, true),
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

    revoke all on function writ.commit_step from public;
    grant execute on function writ.commit_step to writ_writer;
  `;
}
