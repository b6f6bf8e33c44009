import { SqlMigration } from './sql-migration';

/**
 * The call that commits a batch in which runs are taken up again by whoever led them last: the unit of such a run takes its
 * lease, too. Its sender still has the run in memory as it came to rest, so there is nothing to read, and no call of its own
 * that only claims. Runs that were not led in between have the epoch that their rest left, and nobody as their owner.
 *
 * INVARIANT (I3): the lease is taken under a new epoch, by one update that finds the run as its sender knows it: same epoch,
 * same end of journal and evidence, led by nobody, not over, not in line. Where it does not, nothing is taken, the unit's
 * epoch is no lease, and the fence refuses it. The lease and the unit are one transaction, which waits for the disk: unlike
 * that of `take_runs` this epoch cannot be forgotten, so it need only be one more.
 * INVARIANT: the mail that is unread is exactly the mail that the unit reads. A claim reads all there is; whoever takes a
 * run without reading it knows as much, or leaves it to a claim.
 *
 * The lease stands where the fence then refuses the unit for its authority or a budget: its sender decides again, and leads
 * the run meanwhile.
 */
export class CommitResumed1795000000051 extends SqlMigration {
  readonly level = 51;
  protected readonly sql = `
    create function writ.commit_resumed(
      u_unit text[], u_tenant text[], u_run text[], u_lease bigint[], u_epoch bigint[], u_platform bigint[],
      u_seq int[], u_next int[], u_audit_seq int[], u_status text[], u_wait text[], u_wake timestamptz[],
      u_release boolean[], u_journal text[], u_audit text[], u_hashes bytea[],
      c_ord int[], c_workflow text[], c_workflow_digest text[], c_initiator text[], c_key text[],
      c_request_digest text[], c_owner text[], c_trace text[], c_deadline timestamptz[],
      m_ord int[], m_id text[],
      r_ord int[], r_budget text[], r_step int[], r_attempt int[], r_amount bigint[],
      s_ord int[], s_budget text[], s_step int[], s_attempt int[], s_actual bigint[],
      l_ord int[], l_from bigint[], l_owner text[]
    ) returns text
      language plpgsql volatile security definer
      set search_path = writ, pg_temp
      set plan_cache_mode = force_generic_plan
      set enable_seqscan = off
      set enable_hashjoin = off
      set enable_mergejoin = off
      set jit = off
    as $$
    begin
      if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'commit_resumed needs READ COMMITTED, not %', current_setting('transaction_isolation')
          using errcode = 'invalid_transaction_state';
      end if;

      -- Before the rows of runs, as everywhere: whoever raises an authority epoch may touch them under it.
      perform pg_advisory_xact_lock_shared(writ.authority_lock()),
              set_config('lock_timeout', '1s', true);

      update writ.run r
         set lease_owner = l.owner, lease_epoch = u_lease[l.ord], wake_at = null
        from unnest(l_ord, l_from, l_owner) as l(ord, epoch, owner)
       where r.tenant = u_tenant[l.ord] and r.id = u_run[l.ord]
         and r.lease_epoch = l.epoch and u_lease[l.ord] > l.epoch and coalesce(r.lease_owner, '') = ''
         and r.next_seq = u_seq[l.ord] and r.audit_seq = u_audit_seq[l.ord]
         and r.status <> 'queued'
         -- Said so that no index holds exactly these rows: it would be gone through whole.
         and case when r.finished_at is null then true else false end
         and array(select m.id from writ.run_mail m
                    where m.tenant = r.tenant and m.run = r.id and m.consumed_seq is null order by m.id)
             = array(select c.id from unnest(m_ord, m_id) as c(ord, id) where c.ord = l.ord order by c.id);

      return writ.commit_units(
        u_unit, u_tenant, u_run, u_lease, u_epoch, u_platform, u_seq, u_next, u_audit_seq, u_status, u_wait, u_wake,
        u_release, u_journal, u_audit, u_hashes, c_ord, c_workflow, c_workflow_digest, c_initiator, c_key,
        c_request_digest, c_owner, c_trace, c_deadline, m_ord, m_id, r_ord, r_budget, r_step, r_attempt, r_amount,
        s_ord, s_budget, s_step, s_attempt, s_actual);
    end $$;

    revoke all on function writ.commit_resumed from public;
    grant execute on function writ.commit_resumed to writ_writer;
  `;
}
