import type { Client } from 'pg';
import {
  createTenant,
  type Database,
  type GroupCommit,
  openDatabase,
  openGroupCommit,
  raiseAuthority,
  type Unit,
  type UnitOutcome,
} from '@writ/database';
import { newId, systemClock, type TenantId } from '@writ/kernel';
import { type FreshDatabase, freshDatabase } from './database';
import { clientInLine } from './in-line';
import { creating } from './units';

/** A database with one tenant and a group commit, without an engine: what the tests of the commit itself begin with. */
export class Ledger {
  private constructor(
    readonly fresh: FreshDatabase,
    readonly db: Database,
    readonly writer: GroupCommit,
    readonly tenant: TenantId,
    /** The owner: sees every tenant. */
    readonly outsider: Client,
  ) {}

  /** On a fresh database of the shared cluster, or on a migrated one that is given. */
  static async open(given?: FreshDatabase): Promise<Ledger> {
    const fresh = given ?? (await freshDatabase());
    const db = await openDatabase({ url: fresh.url, role: 'writer', allowUnsafeDurability: true });
    const outsider = clientInLine(fresh.url);
    await outsider.connect();
    return new Ledger(fresh, db, await openWriter(fresh.url), await newTenant(db), outsider);
  }

  commit(unit: Unit): Promise<UnitOutcome> {
    return this.writer.commit(unit);
  }

  /** Commits what must go through. */
  async put(unit: Unit): Promise<Unit> {
    const outcome = await this.writer.commit(unit);
    if (outcome.kind !== 'committed') throw new Error(`${unit.run} ${unit.seq} was refused: ${outcome.reason}`);
    return unit;
  }

  /** A run that exists and is led. */
  run(): Promise<Unit> {
    return this.put(creating(this.tenant));
  }

  raise(of: TenantId | '*'): Promise<number> {
    return this.db.withTenant(of, (tx) => raiseAuthority(tx, of));
  }

  async close(): Promise<void> {
    await this.writer.close();
    await this.db.close();
    await this.outsider.end();
    await this.fresh.drop();
  }
}

/** One writer, unless told otherwise: then all that is sent in one turn is one batch. */
export const openWriter = (url: string, writers = 1): Promise<GroupCommit> =>
  openGroupCommit({ url, role: 'writer', allowUnsafeDurability: true }, { clock: systemClock, writers });

export async function newTenant(db: Database): Promise<TenantId> {
  const tenant = newId('tenant');
  await db.withTenant(tenant, (tx) => createTenant(tx, { tenant, name: 'a tenant of the tests' }));
  return tenant;
}

const FAULTS = `
  with journal as (
    select tenant, run, seq, unit, audit_seq, seq + cardinality(string_to_array(events, E'\\n')) as next,
           lag(seq + cardinality(string_to_array(events, E'\\n')), 1, 0) over of_run as expected,
           lead(seq) over of_run is null as newest
      from writ.journal window of_run as (partition by tenant, run order by seq)
  ), audit as (
    select tenant, run, seq, unit, seq + octet_length(hashes) / 32 as next,
           lag(seq + octet_length(hashes) / 32, 1, 0) over of_run as expected,
           lead(seq) over of_run is null as newest,
           encode(substr(hashes, octet_length(hashes) - 31), 'hex') as head
      from writ.audit_unit window of_run as (partition by tenant, run order by seq)
  )
  select 'a gap or an overlap in the journal before ' || unit as fault from journal where seq <> expected
  union all select 'a gap or an overlap in the audit before ' || unit from audit where seq <> expected
  union all select 'the run stands elsewhere than its journal: ' || r.id from writ.run r
      left join journal j on j.tenant = r.tenant and j.run = r.id and j.newest
      where j.next is distinct from r.next_seq
  union all select 'the run stands elsewhere than its audit: ' || r.id from writ.run r
      left join audit a on a.tenant = r.tenant and a.run = r.id and a.newest
      where a.next is distinct from r.audit_seq or a.head is distinct from r.chain_head
  union all select 'a journal unit without its own evidence: ' || j.unit from journal j
      left join audit a on a.tenant = j.tenant and a.run = j.run and a.seq = j.audit_seq
      where a.unit is distinct from j.unit
  union all select 'evidence of no unit: ' || a.unit from audit a
      where not exists (select from journal j where j.tenant = a.tenant and j.run = a.run and j.audit_seq = a.seq)
  union all select 'applied twice: ' || unit from journal group by unit having count(*) > 1`;

/** Proves every run of the database whole, and that no unit was applied twice or in part. Returns the units found. */
export async function checkLedger(outsider: Client): Promise<ReadonlySet<string>> {
  const { rows } = await outsider.query<{ fault: string }>(FAULTS);
  if (rows.length > 0) {
    const shown = rows.slice(0, 20).map(({ fault }) => `- ${fault}`);
    throw new Error(`the ledger does not hold (${rows.length} faults):\n${shown.join('\n')}`);
  }
  const units = await outsider.query<{ unit: string }>('select unit from writ.journal');
  return new Set(units.rows.map(({ unit }) => unit));
}
