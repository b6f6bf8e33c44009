import { rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/**
 * What all workers know of the endpoints that models are called at: how fast they may be called, when one asked to be left
 * alone, and which is down. An endpoint is one account at one address, whichever tenant's definition names it, so the rows
 * are the platform's; the key is a digest, and no row says who called.
 *
 * Rate: a token bucket kept as one time (the theoretical arrival of GCRA): the next call's place in an even sequence. A
 * call may be ahead of its place by the burst. Breaker: five failures in a row open it, for a second at first and twice as
 * long after each failed probe; one call at a time probes.
 */
export class Providers1795000000022 extends SqlMigration {
  readonly level = 22;
  protected readonly sql = `
    create table writ.provider (
      tenant       text collate "C" not null default '*' references writ.tenant,
      key          text collate "C" not null,
      name         text not null default '',
      next_at      timestamptz not null default '-infinity',
      paused_until timestamptz,
      failures     int not null default 0,
      open_until   timestamptz,
      probe_until  timestamptz,
      primary key (tenant, key),
      constraint provider_platform check (tenant = '*'),
      constraint provider_failures check (failures >= 0)
    );

    -- Calls under way, of each worker. Those of a dead worker do not count.
    create table writ.provider_calls (
      tenant text collate "C" not null default '*',
      key    text collate "C" not null,
      worker text collate "C" not null,
      calls  int not null default 0,
      primary key (tenant, key, worker),
      constraint provider_calls_platform check (tenant = '*'),
      constraint provider_calls_counts check (calls >= 0),
      constraint provider_calls_of foreign key (tenant, key) references writ.provider (tenant, key)
    );

    -- Milliseconds to wait before asking again, and why; 0 when the call may go out now, and is counted.
    -- p_most: calls under way at once. p_every: milliseconds from one call to the next. p_burst: ahead of that, in
    -- milliseconds. p_probe: how long a probe may take. The first two may be null: no limit.
    create function writ.enter_provider(
        p_key text, p_name text, p_worker text, p_most int, p_every float8, p_burst float8, p_probe float8
      ) returns table (wait_ms float8, reason text)
      language plpgsql volatile set search_path = writ, pg_temp
    as $$
    declare
      s writ.provider;
      at timestamptz;
      turn timestamptz;
      busy int;
    begin
      insert into provider (key, name) values (p_key, p_name) on conflict do nothing;
      select * into s from provider p where p.tenant = '*' and p.key = p_key for update;
      at := clock_timestamp();
      if s.paused_until > at then
        return query select extract(epoch from s.paused_until - at)::float8 * 1000, 'paused';
        return;
      end if;
      if s.open_until > at then
        return query select extract(epoch from s.open_until - at)::float8 * 1000, 'open';
        return;
      end if;
      if s.open_until is not null and s.probe_until > at then
        return query select least(250, extract(epoch from s.probe_until - at)::float8 * 1000), 'probing';
        return;
      end if;
      if p_most is not null then
        select coalesce(sum(c.calls), 0) into busy from provider_calls c
          join worker w on w.tenant = '*' and w.id = c.worker and w.beat_at > at - writ.lease_ttl()
         where c.tenant = '*' and c.key = p_key;
        if busy >= p_most then
          return query select 100::float8, 'concurrency';
          return;
        end if;
      end if;
      turn := greatest(s.next_at, at);
      if p_every is not null and turn > at + p_burst * interval '1 millisecond' then
        return query select extract(epoch from turn - at)::float8 * 1000 - p_burst, 'rate';
        return;
      end if;
      update provider p
         set next_at = case when p_every is null then p.next_at else turn + p_every * interval '1 millisecond' end,
             probe_until = case when s.open_until is null then null else at + p_probe * interval '1 millisecond' end
       where p.tenant = '*' and p.key = p_key;
      if p_most is not null then
        insert into provider_calls (key, worker, calls) values (p_key, p_worker, 1)
          on conflict (tenant, key, worker) do update set calls = provider_calls.calls + 1;
      end if;
      return query select 0::float8, null::text;
    end $$;

    -- p_ended: 'ok', 'failed' (the endpoint is in trouble), 'limited' (it asked for p_pause milliseconds), 'other'.
    create function writ.leave_provider(
        p_key text, p_name text, p_worker text, p_counted boolean, p_ended text, p_pause float8
      ) returns void
      language plpgsql volatile set search_path = writ, pg_temp
    as $$
    begin
      if p_counted then
        update provider_calls c set calls = greatest(0, c.calls - 1)
         where c.tenant = '*' and c.key = p_key and c.worker = p_worker;
      end if;
      if p_ended = 'other' then
        update provider p set probe_until = null where p.tenant = '*' and p.key = p_key and p.probe_until is not null;
        return;
      end if;
      insert into provider (key, name) values (p_key, p_name) on conflict do nothing;
      if p_ended = 'ok' then
        update provider p set failures = 0, open_until = null, probe_until = null
         where p.tenant = '*' and p.key = p_key and (p.failures > 0 or p.open_until is not null);
      elsif p_ended = 'limited' then
        update provider p
           set paused_until = greatest(p.paused_until, clock_timestamp() + p_pause * interval '1 millisecond'),
               probe_until = null
         where p.tenant = '*' and p.key = p_key;
      else
        update provider p
           set failures = p.failures + 1, probe_until = null,
               open_until = case when p.failures + 1 >= 5 then
                 clock_timestamp() + least(60, 2 ^ least(p.failures - 4, 6)) * interval '1 second' end
         where p.tenant = '*' and p.key = p_key;
      end if;
    end $$;

    -- Also what a worker that is gone had under way.
    create or replace function writ.forget_workers() returns int
      language sql volatile security definer set search_path = writ, pg_temp
    as $$
      with gone as (
        delete from worker w
         where w.beat_at < now() - 6 * writ.lease_ttl()
           and not exists (select from run r where r.lease_owner = w.id)
        returning 1
      ), calls as (
        delete from provider_calls c where not exists (select from worker w where w.id = c.worker)
      )
      select count(*)::int from gone
    $$;

    ${rowSecurity('provider', { platformReadable: true })}
    ${rowSecurity('provider_calls', { platformReadable: true })}

    revoke all on function writ.enter_provider, writ.leave_provider from public;
    grant execute on function writ.enter_provider, writ.leave_provider to writ_writer;
    grant select, insert, update (next_at, paused_until, failures, open_until, probe_until) on writ.provider to writ_writer;
    grant select, insert, update (calls) on writ.provider_calls to writ_writer;
    grant select on writ.provider, writ.provider_calls to writ_reader, writ_sequencer;
  `;
}
