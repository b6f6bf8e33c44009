import { rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/**
 * Messages that a subscription would not take, or that were too old when their turn came: they are put aside, so that what
 * comes after them is told, and sent again when somebody asks for it.
 */
export class DeadLetters1795000000041 extends SqlMigration {
  readonly level = 41;
  protected readonly sql = `
    create table writ.dead_letter (
      tenant       text collate "C" not null,
      subscription text collate "C" not null,
      -- Its place in the tenant's stream.
      seq          int not null,
      event        text collate "C" not null,
      type         text collate "C" not null,
      attempts     int not null,
      error        text not null,
      at           timestamptz not null default now(),
      -- Somebody asked for it to be sent again.
      again        boolean not null default false,
      primary key (tenant, subscription, seq),
      constraint dead_letter_of foreign key (tenant, subscription) references writ.subscription (tenant, id),
      constraint dead_letter_counts check (seq >= 0 and attempts >= 0)
    );
    -- Some of its dead letters are to be sent again.
    alter table writ.subscription add column redeliver boolean not null default false;

    create or replace function writ.find_due_subscriptions(most int) returns table (tenant text, id text)
      language sql stable security definer set search_path = writ, pg_temp
      as $$
        select s.tenant, s.id from subscription s join tenant_stream t on t.tenant = s.tenant
         where s.status = 'active' and s.due_at <= clock_timestamp() and (s.next_seq < t.next_seq or s.redeliver)
           and (s.lease_until is null or s.lease_until < clock_timestamp())
         order by s.due_at limit most
      $$;

    ${rowSecurity('dead_letter')}

    grant select, insert, update (attempts, error, at, again), delete on writ.dead_letter to writ_writer;
    grant select on writ.dead_letter to writ_reader;
    grant update (redeliver) on writ.subscription to writ_writer;
  `;
}
