import { appendOnly, rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/**
 * What people are asked to approve, and how they voted.
 *
 * A request's row is inserted before the run's wait commits, under an id that follows from the act, and is locked by
 * whoever votes, ends or uses it: one resolution, whoever comes first. Its `body` is what was shown and decided about; it
 * never changes.
 */
export class Approvals1795000000015 extends SqlMigration {
  readonly level = 15;
  protected readonly sql = `
    create table writ.approval (
      tenant       text collate "C" not null,
      id           text collate "C" not null,
      run          text collate "C" not null,
      workflow     text collate "C" not null,
      path         text collate "C" not null,
      action       text collate "C" not null,
      target       text collate "C" not null,
      agent        text collate "C",
      initiator    text collate "C" not null,
      roles        text[] not null,
      body         text not null,
      status       text collate "C" not null default 'pending',
      reason       text collate "C",
      requested_at timestamptz not null,
      expires_at   timestamptz not null,
      escalates_at timestamptz,
      escalated_at timestamptz,
      resolved_at  timestamptz,
      resolved_by  text collate "C",
      used_at      timestamptz,
      replaced_by  text collate "C",
      primary key (tenant, id),
      constraint approval_run foreign key (tenant, run) references writ.run (tenant, id),
      constraint approval_status_known
        check (status in ('pending', 'approved', 'rejected', 'expired', 'withdrawn', 'replaced', 'used')),
      constraint approval_resolution_complete check ((status = 'pending') = (resolved_at is null)),
      constraint approval_used_iff check ((status = 'used') = (used_at is not null)),
      constraint approval_replacement_named check ((status = 'replaced') = (replaced_by is not null)),
      constraint approval_expires_later check (expires_at > requested_at)
    );
    create index approval_open on writ.approval (tenant, expires_at, id) where status = 'pending';
    create index approval_of_run on writ.approval (tenant, run);

    create table writ.approval_vote (
      tenant   text collate "C" not null,
      id       text collate "C" not null,
      approval text collate "C" not null,
      voter    text collate "C" not null,
      kind     text collate "C" not null,
      verdict  text collate "C" not null,
      comment  text not null default '',
      decision text collate "C" not null,
      cast_at  timestamptz not null,
      primary key (tenant, id),
      constraint approval_vote_of foreign key (tenant, approval) references writ.approval (tenant, id),
      constraint approval_vote_kind_known check (kind in ('user', 'service')),
      constraint approval_vote_verdict_known check (verdict in ('approve', 'reject', 'comment'))
    );
    -- INVARIANT (I12): one vote of a kind for each person, however often it arrives.
    create unique index approval_vote_once on writ.approval_vote (tenant, approval, voter, verdict)
      where verdict <> 'comment';
    create index approval_vote_by_approval on writ.approval_vote (tenant, approval);


    ${appendOnly('approval_vote')}
    ${rowSecurity('approval')}
    ${rowSecurity('approval_vote')}

    grant select, insert, update (status, reason, escalated_at, resolved_at, resolved_by, used_at, replaced_by)
      on writ.approval to writ_writer;
    grant select, insert on writ.approval_vote to writ_writer;
    grant select on writ.approval, writ.approval_vote to writ_reader;
  `;
}
