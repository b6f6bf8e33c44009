import { appendOnly, rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

const CUSTOM_PLAN = `
      set plan_cache_mode = force_custom_plan
      set enable_seqscan = off
      set enable_bitmapscan = off
      set enable_hashjoin = off
      set enable_mergejoin = off
      set jit = off`;

/**
 * Whether a unit stands in its log: a span of its run begins at or before it and reaches beyond its first event. The
 * generation is compared as an expression, so that it is looked up for the few rows that are found and not for each unit.
 */
const sealed = (unit: string): string => `coalesce((
          select l.seq + l.count from log_span l
           where l.tenant = ${unit}.tenant and l.run = ${unit}.run and l.seq <= ${unit}.seq
             and l.generation + 0 = (select h.generation from log_head h where h.tenant = ${unit}.tenant)
           order by l.seq desc limit 1), 0) > ${unit}.seq`;

/**
 * The tenants' logs [I9]: every event of evidence gets an index in its tenant's Merkle tree (RFC 6962), and the tree's
 * head is signed as a checkpoint. One sequencer at a time does this for all tenants, under the lease of `log_lease`.
 *
 * No event is lost. A round reads what is visible now and was not visible in the snapshot that the round before left in
 * the lease. An insert whose transaction stays open is in no snapshot until it commits, so it delays itself and nobody
 * else; "greater than the last id" would lose it, and "up to the oldest open transaction" would wait for it, in any
 * database of the server.
 *
 * Why a B-tree on audit_unit.xid in place of BRIN: ranges that no vacuum has summarised yet are read whole by every scan,
 * and that is where all new rows are. Units of one batch share their xid, so the index holds one entry with a list.
 */
export class Log1795000000011 extends SqlMigration {
  readonly level = 11;
  protected readonly sql = `
    drop index writ.audit_unit_order;
    create index audit_unit_xid on writ.audit_unit (xid);
    create index audit_unit_at on writ.audit_unit using brin (at) with (pages_per_range = 16);

    create table writ.log_lease (
      tenant       text collate "C" primary key default '*' references writ.tenant,
      -- Counts claims. A round commits only under the epoch it began with.
      epoch        bigint not null default 0,
      owner        text collate "C",
      beat_at      timestamptz not null default 'epoch',
      -- Everything visible in it is sealed, or belongs to a log that refuses or is sealed anew.
      snapshot     pg_snapshot not null default '1:1:',
      -- The server (pg_control_system) whose transaction numbers the snapshot is made of; null before the first claim.
      cluster      text collate "C",
      -- When nothing was left to seal, as of the newest look.
      caught_up_at timestamptz not null default now(),
      -- Canonical JSON of why no log at all is signed; null while there is no such reason.
      refusal      text,
      constraint log_lease_platform check (tenant = '*')
    );
    insert into writ.log_lease default values;

    -- How long a sequencer's sign of life keeps its lease, by this database's clock.
    create function writ.log_ttl() returns interval
      language sql immutable parallel safe return interval '3 seconds';

    create table writ.log_head (
      tenant      text collate "C" primary key references writ.tenant,
      generation  int not null default 1,
      size        bigint not null default 0,
      state       text collate "C" not null default 'open',
      -- Canonical JSON of why the log refuses to sign.
      refusal     text,
      changed_at  timestamptz not null default now(),
      -- While set, the log is sealed from the evidence itself, unit by unit in order of run and sequence, up to here.
      rescan_from pg_snapshot,
      rescan_run  text collate "C",
      rescan_seq  int,
      constraint log_head_counts check (generation >= 1 and size >= 0),
      constraint log_head_state_known check (state in ('open', 'refusing')),
      constraint log_head_says_why check ((state = 'refusing') = (refusal is not null)),
      constraint log_head_rescan_whole check ((rescan_from is null) = (rescan_run is null)
        and (rescan_from is null) = (rescan_seq is null))
    ) with (fillfactor = 50);

    create function writ.log_head_grows() returns trigger
      language plpgsql set search_path = writ, pg_temp as $$
    begin
      if new.generation < old.generation or (new.generation = old.generation and new.size < old.size) then
        raise exception 'the log of % may only grow (generation % size % to generation % size %)',
          old.tenant, old.generation, old.size, new.generation, new.size using errcode = 'check_violation';
      end if;
      return new;
    end $$;
    create trigger log_head_grows before update on writ.log_head
      for each row execute function writ.log_head_grows();

    -- Which events have which indices: events of one run that follow each other in the run, in the same order. The
    -- units of one run that a round finds share a row, up to some 256 events, so that one event is found in a short read.
    -- The keys share no more than their first column. With the generation second in both, a plan made without statistics
    -- found a run's rows by way of the other key, that is, by reading the tenant's whole log.
    create table writ.log_span (
      tenant      text collate "C" not null,
      generation  int not null,
      first_index bigint not null,
      run         text collate "C" not null,
      -- Sequence of the first event in its run.
      seq         int not null,
      count       int not null,
      primary key (tenant, run, seq, generation),
      -- No foreign key to audit_unit: rows are only made from rows of that table, in the statement that reads them.
      constraint log_span_place unique (tenant, first_index, generation),
      constraint log_span_counts check (first_index >= 0 and count > 0)
    );

    -- INVARIANT (I9): indices are contiguous. Keys forbid two at one place; this forbids a hole.
    create function writ.log_span_contiguous() returns trigger
      language plpgsql set search_path = writ, pg_temp as $$
    declare
      hole record;
    begin
      select into hole a.* from (
        select tenant, generation, first_index,
               lag(first_index + count) over (partition by tenant, generation order by first_index) as expected
          from added
      ) a
      where a.first_index <> coalesce(a.expected, (
        select u.first_index + u.count from writ.log_span u
         where u.tenant = a.tenant and u.generation = a.generation and u.first_index < a.first_index
         order by u.first_index desc limit 1), 0);
      if found then
        raise exception 'index % of the log of % does not follow the one before', hole.first_index, hole.tenant
          using errcode = 'check_violation';
      end if;
      return null;
    end $$;
    create trigger log_span_contiguous after insert on writ.log_span
      referencing new table as added for each statement execute function writ.log_span_contiguous();

    -- Complete tiles of 256 hashes (C2SP tlog-tiles); the partial ones at the right edge follow from their parts.
    create table writ.log_tile (
      tenant     text collate "C" not null,
      generation int not null,
      level      smallint not null,
      n          bigint not null,
      hashes     bytea not null,
      -- Root of the tile's subtree: the hash that stands for it one level up.
      root       bytea not null,
      primary key (tenant, generation, level, n),
      constraint log_tile_complete check (octet_length(hashes) = 8192 and octet_length(root) = 32),
      constraint log_tile_place check (level between 0 and 7 and n >= 0)
    );
    alter table writ.log_tile alter hashes set storage external;

    create table writ.log_checkpoint (
      tenant     text collate "C" not null,
      generation int not null,
      size       bigint not null,
      root       bytea not null,
      text       text not null,
      at         timestamptz not null default clock_timestamp(),
      primary key (tenant, generation, size),
      constraint log_checkpoint_root check (octet_length(root) = 32 and size > 0)
    );

    -- The public halves of the keys that sign, and from which size on each does; null: announced and not yet sealed.
    create table writ.log_key (
      tenant        text collate "C" not null,
      generation    int not null,
      key_id        text collate "C" not null,
      vkey          text not null,
      from_size     bigint,
      -- Sequence, in the tenant's own stream, of the unit that announces it; null for a generation's first key.
      announced_seq int,
      created_at    timestamptz not null default now(),
      primary key (tenant, generation, key_id),
      constraint log_key_id_hex check (key_id ~ '^[0-9a-f]{8}$')
    );
    create index log_key_announced on writ.log_key (tenant) where from_size is null;

    ${appendOnly('log_span')}
    ${appendOnly('log_tile')}
    ${appendOnly('log_checkpoint')}
    ${rowSecurity('log_lease', { platformReadable: true })}
    ${rowSecurity('log_head')}
    ${rowSecurity('log_span')}
    ${rowSecurity('log_tile')}
    ${rowSecurity('log_checkpoint')}
    ${rowSecurity('log_key')}

    -- Units that are visible now, were not visible in the snapshot last, and stand in no log yet, over all tenants: the
    -- one question that no tenant can ask. At most most of them and a few more, by transaction number; upto is the
    -- number below which nothing was left out, null when nothing was left out at all; it also comes in a row of its own,
    -- because all of a chunk may belong to logs that refuse.
    -- A number at or above the present xmax was given by another server, whose dump was restored here: such rows were
    -- all sealed by the rescan that opened the log anew.
    create function writ.find_unsealed(last pg_snapshot, most int)
      returns table (tenant text, run text, seq int, hashes bytea, upto bigint)
      language sql stable security definer
      set search_path = writ, pg_temp
      ${CUSTOM_PLAN}
    as $$
      with odd as materialized (
        select h.tenant from log_head h where h.state <> 'open' or h.rescan_from is not null
      ), chunk as materialized (
        -- Subselects, so that they are known before the scan and the index gives the order: a backlog is not sorted.
        select u.tenant, u.run, u.seq, u.hashes, u.xid from audit_unit u
         where u.xid >= (select pg_snapshot_xmax(last)::text::bigint)
           and u.xid < (select pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
         order by u.xid limit most
      ), edge as materialized (
        select case when count(*) = most then max(xid) end as xid from chunk
      ), found as materialized (
        select c.tenant, c.run, c.seq, c.hashes from chunk c, edge e where e.xid is null or c.xid < e.xid
        union all
        -- All of the transaction at the edge, and what was still open last time.
        select u.tenant, u.run, u.seq, u.hashes from audit_unit u where u.xid = (select e.xid from edge e)
        union all
        select u.tenant, u.run, u.seq, u.hashes from audit_unit u
         where u.xid = any ((select array(select x::text::bigint from pg_snapshot_xip(last) x))::bigint[])
      ), streams as materialized (
        select f.tenant, max(f.seq) as seq from edge e, found f
         where e.xid is not null and f.run = 'tenant' group by f.tenant
      ), taken as (
        select f.tenant, f.run, f.seq, f.hashes from found f
        union all
        -- A transaction may get its number long before its turn at a tenant's stream: what stands earlier in the stream
        -- under a later number goes along, so that a chain is sealed in its order.
        select u.tenant, u.run, u.seq, u.hashes from streams s, audit_unit u
         where u.tenant = s.tenant and u.run = 'tenant' and u.seq < s.seq and u.xid > (select e.xid from edge e)
           and u.seq >= (select coalesce(max(l.seq), 0) from log_span l where l.tenant = s.tenant and l.run = 'tenant')
      )
      select t.tenant, t.run, t.seq, t.hashes, (select e.xid + 1 from edge e)
        from taken t
       where t.tenant not in (select o.tenant from odd o) and not ${sealed('t')}
      union all
      select null, null, null, null, e.xid + 1 from edge e where e.xid is not null
    $$;

    -- Gives what find_unsealed finds its indices, in the order of runs and of each run's units. Answers each log it
    -- touched: where it stood, and the new events' hashes in order; one row without a log when it touched none. Needs
    -- REPEATABLE READ: what is found, and the snapshot that is kept as the next round's last, must be one and the same
    -- moment.
    create function writ.seal_units(last pg_snapshot, most int)
      returns table (tenant text, generation int, size bigint, hashes bytea, announced bool, upto bigint)
      language plpgsql volatile
      set search_path = writ, pg_temp
      ${CUSTOM_PLAN}
    as $$
    #variable_conflict use_column
    declare
      f_tenant text[];
      f_run text[];
      f_seq int[];
      f_hashes bytea[];
      f_upto bigint;
    begin
      if current_setting('transaction_isolation') <> 'repeatable read' then
        raise exception 'seal_units needs REPEATABLE READ, not %', current_setting('transaction_isolation')
          using errcode = 'invalid_transaction_state';
      end if;
      select array_agg(f.tenant) filter (where f.tenant is not null), array_agg(f.run) filter (where f.tenant is not null),
             array_agg(f.seq) filter (where f.tenant is not null), array_agg(f.hashes) filter (where f.tenant is not null),
             max(f.upto)
        into f_tenant, f_run, f_seq, f_hashes, f_upto
        from writ.find_unsealed(last, most) f;
      if f_tenant is null then
        return query select null, null::int, null::bigint, null::bytea, null::bool, f_upto;
        return;
      end if;
      perform set_config('writ.tenants', (select string_agg(distinct t, ',') from unnest(f_tenant) t) || ',*', true);
      insert into log_head (tenant) select distinct t from unnest(f_tenant) t on conflict do nothing;
      return query
        with unit as (
          select u.tenant, u.run, u.seq, u.hashes, octet_length(u.hashes) / 32 as n,
                 sum(octet_length(u.hashes) / 32) over (partition by u.tenant, u.run order by u.seq) as upto
            from unnest(f_tenant, f_run, f_seq, f_hashes) as u(tenant, run, seq, hashes)
        ), span as (
          -- Where units follow each other, sequence and running sum go up together; every 256 events begin a new span.
          select u.tenant, u.run, min(u.seq) as seq, sum(u.n)::int as count,
                 string_agg(u.hashes, ''::bytea order by u.seq) as hashes
            from unit u group by u.tenant, u.run, u.seq - (u.upto - u.n), (u.upto - u.n) / 256
        ), place as materialized (
          select s.tenant, s.run, s.seq, s.count, s.hashes, h.generation, h.size,
                 h.size + sum(s.count) over (partition by s.tenant order by s.run, s.seq) - s.count as first_index
            from span s join log_head h on h.tenant = s.tenant
        ), placed as (
          insert into log_span (tenant, generation, first_index, run, seq, count)
          select p.tenant, p.generation, p.first_index, p.run, p.seq, p.count from place p
        )
        select p.tenant, p.generation, p.size, string_agg(p.hashes, ''::bytea order by p.first_index),
               bool_or(p.run = 'tenant'), f_upto
          from place p group by p.tenant, p.generation, p.size;
    end $$;

    -- The oldest event that waits to be sealed, over all tenants: since when, at the earliest, it has been there to be
    -- sealed. Null: none waits. What was not caught up with cannot have waited longer than since the last time all was.
    create function writ.log_waits_since() returns timestamptz
      language sql stable security definer
      set search_path = writ, pg_temp
      ${CUSTOM_PLAN}
    as $$
      with l as materialized (
        select snapshot, caught_up_at from log_lease
      ), odd as materialized (
        select h.tenant from log_head h where h.state <> 'open' or h.rescan_from is not null
      ), waiting as (
        select u.at from audit_unit u
         where u.xid = any ((select array(select x::text::bigint from l, pg_snapshot_xip(l.snapshot) x))::bigint[])
           and u.tenant not in (select o.tenant from odd o) and not ${sealed('u')}
        union all
        (select u.at from audit_unit u
          where u.xid >= (select pg_snapshot_xmax(l.snapshot)::text::bigint from l)
            and u.xid < (select pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
            and u.tenant not in (select o.tenant from odd o) and not ${sealed('u')}
          order by u.xid limit 1)
      )
      select greatest((select caught_up_at from l), min(w.at)) from waiting w having count(*) > 0
    $$;

    -- Logs that need more than the next round: those that refuse to sign, and those being sealed anew.
    create function writ.find_odd_logs() returns table (tenant text, state text, rescan bool)
      language sql stable security definer set search_path = writ, pg_temp
      as $$ select tenant, state, rescan_from is not null from log_head where state <> 'open' or rescan_from is not null $$;
    create index log_head_odd on writ.log_head (tenant) where state <> 'open' or rescan_from is not null;

    revoke all on function writ.log_ttl(), writ.log_head_grows(), writ.log_span_contiguous(),
      writ.find_unsealed(pg_snapshot, int), writ.seal_units(pg_snapshot, int), writ.log_waits_since(),
      writ.find_odd_logs() from public;
    grant execute on function writ.log_ttl(), writ.log_waits_since(), writ.find_odd_logs()
      to writ_writer, writ_sequencer, writ_reader;
    grant execute on function writ.find_unsealed(pg_snapshot, int), writ.seal_units(pg_snapshot, int) to writ_sequencer;
    grant select, update (epoch, owner, beat_at, snapshot, cluster, caught_up_at, refusal) on writ.log_lease to writ_sequencer;
    grant select, insert, update (size, state, refusal, changed_at, rescan_from, rescan_run, rescan_seq)
      on writ.log_head to writ_sequencer;
    grant select, insert on writ.log_span, writ.log_tile, writ.log_checkpoint to writ_sequencer;
    grant select, insert, update (from_size) on writ.log_key to writ_sequencer;
    grant select on writ.log_lease, writ.log_head, writ.log_span, writ.log_tile, writ.log_checkpoint, writ.log_key
      to writ_writer, writ_reader;
  `;
}
