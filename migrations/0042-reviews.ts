import { rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/**
 * Runs that were drawn for people to look at. A row is there before its run ends, so that a crash between the two loses none;
 * it is shown once the run is over. What a draw went by stands in it and never changes.
 */
export class Reviews1795000000042 extends SqlMigration {
  readonly level = 42;
  protected readonly sql = `
    create table writ.review (
      tenant     text collate "C" not null,
      id         text collate "C" not null,
      run        text collate "C" not null,
      workflow   text collate "C" not null,
      initiator  text collate "C" not null,
      caller     text collate "C" not null,
      tier       text collate "C" not null,
      policy     text collate "C" not null,
      seed       text collate "C" not null,
      share      double precision not null,
      why        text collate "C" not null,
      drawn_at   timestamptz not null default now(),
      due_at     timestamptz not null,
      claimed_by text collate "C",
      claimed_at timestamptz,
      verdict    text collate "C",
      note       text,
      note_salt  text collate "C",
      decided_by text collate "C",
      decided_at timestamptz,
      primary key (tenant, id),
      constraint review_of_run unique (tenant, run),
      constraint review_run foreign key (tenant, run) references writ.run (tenant, id),
      constraint review_tier_known check (tier in ('low', 'medium', 'high')),
      constraint review_why_known check (why in ('share', 'always')),
      constraint review_share_of_one check (share >= 0 and share <= 1),
      constraint review_verdict_known check (verdict in ('fine', 'concern')),
      constraint review_claim_complete check ((claimed_by is null) = (claimed_at is null)),
      constraint review_by_another check (decided_by is null or (decided_by <> initiator and decided_by <> caller)),
      constraint review_verdict_complete check ((verdict is null) = (decided_by is null)
        and (verdict is null) = (decided_at is null) and (verdict is null) = (note is null)
        and (verdict is null) = (note_salt is null))
    );
    create index review_open on writ.review (tenant, due_at, id) where verdict is null;
    create index review_decided on writ.review (tenant, id) where verdict is not null;

    ${rowSecurity('review')}

    -- How much is open, over all tenants: a figure for whoever watches, with the owner's rights since no service may look
    -- across tenants. It tells numbers and nothing else.
    create function writ.review_load() returns table (tenant text, open int, overdue int, oldest_s float8)
      language sql stable security definer set search_path = writ, pg_temp
    as $$
        select r.tenant, count(*)::int, (count(*) filter (where r.due_at < now()))::int,
               extract(epoch from now() - min(r.drawn_at))::float8
          from writ.review r join writ.run on run.tenant = r.tenant and run.id = r.run and run.finished_at is not null
         where r.verdict is null group by r.tenant
      $$;

    revoke all on function writ.review_load() from public;
    grant execute on function writ.review_load() to writ_writer;
    grant select, insert, update (claimed_by, claimed_at, verdict, note, note_salt, decided_by, decided_at)
      on writ.review to writ_writer;
    grant select on writ.review to writ_reader;
  `;
}
