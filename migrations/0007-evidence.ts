import { appendOnly, rowSecurity } from './row-security';
import { SqlMigration } from './sql-migration';

/**
 * The engine's truth (journal), the evidence (audit_unit) and the values both refer to (payload).
 * One row per unit, its events joined by newlines: canonical JSON has no raw newline, and 12 events a run as 6 rows cost
 * a third less WAL than as 12.
 */
export class Evidence1795000000007 extends SqlMigration {
  readonly level = 7;
  protected readonly sql = `
    create table writ.audit_unit (
      tenant text collate "C" not null,
      run    text collate "C" not null,
      seq    int not null,
      unit   text collate "C" not null,
      events text not null,
      hashes bytea not null,
      at     timestamptz not null default now(),
      -- The transaction that wrote the row: where the sequencer's scan starts. pg_current_xact_id's own type has no BRIN
      -- operator class, bigint has.
      xid    bigint not null default (pg_current_xact_id()::text::bigint),
      primary key (tenant, run, seq),
      constraint audit_unit_seq_counts check (seq >= 0),
      constraint audit_unit_not_empty check (events <> '' and octet_length(hashes) > 0),
      constraint audit_unit_whole_hashes check (octet_length(hashes) % 32 = 0)
    );
    create index audit_unit_order on writ.audit_unit using brin (xid, at) with (pages_per_range = 16);

    create table writ.journal (
      tenant    text collate "C" not null,
      run       text collate "C" not null,
      seq       int not null,
      unit      text collate "C" not null,
      audit_seq int not null,
      events    text not null,
      at        timestamptz not null default now(),
      primary key (tenant, run, seq),
      constraint journal_seq_counts check (seq >= 0),
      constraint journal_not_empty check (events <> ''),
      -- No foreign key to writ.run: the function that commits writes here only what its update or insert of that very
      -- run returned, and the check would lock the run's row once more per unit (15 % of the server's time for a unit).
      -- INVARIANT (I1, I2): no unit of the journal, hence no intent, exists without its evidence. The check costs 12 to
      -- 15 % of the server's time for a unit and nothing that throughput shows, so the table says it, not only the code.
      constraint journal_has_evidence foreign key (tenant, run, audit_seq)
        references writ.audit_unit (tenant, run, seq)
    );

    -- The tenant's own chain (run = 'tenant' in audit_unit); its row is locked per append, which is rare.
    create table writ.tenant_stream (
      tenant   text collate "C" primary key references writ.tenant,
      next_seq int not null default 0,
      head     text collate "C" not null default repeat('0', 64),
      constraint tenant_stream_counts check (next_seq >= 0),
      constraint tenant_stream_head_hex check (head ~ '^[0-9a-f]{64}$')
    );

    -- Values over 32 KiB, stored by digest before the unit that names them.
    create table writ.payload (
      tenant     text collate "C" not null references writ.tenant,
      digest     text collate "C" not null,
      body       text not null,
      created_at timestamptz not null default now(),
      primary key (tenant, digest)
    );

    insert into writ.tenant_stream (tenant) values ('*');

    ${appendOnly('audit_unit')}
    ${appendOnly('journal')}
    ${appendOnly('payload')}
    ${rowSecurity('audit_unit')}
    ${rowSecurity('journal')}
    ${rowSecurity('tenant_stream')}
    ${rowSecurity('payload')}

    grant select, insert on writ.audit_unit, writ.journal, writ.payload to writ_writer;
    grant select, insert, update (next_seq, head) on writ.tenant_stream to writ_writer;
    grant select on writ.audit_unit, writ.tenant_stream to writ_sequencer;
    grant select on writ.audit_unit, writ.journal, writ.tenant_stream, writ.payload to writ_reader;
  `;
}
