import type { Client } from 'pg';
import { newId, sha256Hex } from '@writ/kernel';
import type { Column, Table } from './catalog';

/** A unit of the journal and its evidence are of one run. */
const RUN = newId('run');

/** Values that a check or a trigger asks for, by table and column; everything else follows from the column's type. */
const ASKED: Readonly<Record<string, unknown>> = {
  'run.status': 'waiting_external',
  'run.next_seq': 1,
  'run.audit_seq': 1,
  'stop.scope': 'tenant',
  'budget.scope': 'tenant',
  'budget.dimension': 'tokens',
  'budget.period': 'total',
  'api_key.kind': 'user',
  'api_key.expires_at': '2100-01-01T00:00:00Z',
  'run_mail.kind': 'signal',
  'audit_unit.run': RUN,
  'audit_unit.hashes': Buffer.alloc(32),
  'journal.run': RUN,
  'log_span.first_index': 0,
  'log_tile.hashes': Buffer.alloc(8192),
  'log_tile.root': Buffer.alloc(32),
  'log_checkpoint.root': Buffer.alloc(32),
  'log_key.key_id': '00000000',
  'session.expires_at': '2100-01-01T00:00:00Z',
  'approval.roles': ['payments'],
  'approval.expires_at': '2100-01-01T00:00:00Z',
  'approval_vote.kind': 'user',
  'approval_vote.verdict': 'approve',
  'directory_entry.properties': '{}',
  'stand_in.ends_at': '2100-01-01T00:00:00Z',
  'subscription.types': ['approval.*'],
  'subscription.status': 'paused',
  'subscription.secret': '',
  'trigger.kind': 'webhook',
  'trigger.secret': 'whsec_',
  'trigger_firing.outcome': 'missed',
  'batch.kind': 'user',
  'batch.roles': '{}',
  'batch.status': 'running',
  'batch.concurrency': 1,
  'batch.total': 1,
  'batch_item.state': 'pending',
  'review.tier': 'low',
  'review.share': 0.5,
  'review.why': 'share',
};

function valueOf(table: string, { name, type }: Column): unknown {
  const asked = ASKED[`${table}.${name}`];
  if (asked !== undefined) return asked;
  if (table === 'session' && name === 'hash') return sha256Hex(newId('event'));
  switch (type) {
    case 'text':
      return newId('event');
    case 'smallint':
    case 'integer':
    case 'bigint':
      return 1;
    case 'boolean':
      return true;
    case 'timestamp with time zone':
      return '2030-01-01T00:00:00Z';
    default:
      throw new Error(`there is no value to seed ${table}.${name} (${type}) with: give it one`);
  }
}

/** Referenced tables before the tables that refer to them. */
function inOrder(tables: readonly Table[]): Table[] {
  const ordered: Table[] = [];
  const visit = (table: Table): void => {
    if (ordered.includes(table)) return;
    for (const { to } of table.references) {
      const parent = tables.find(({ name }) => name === to);
      if (parent && parent !== table) visit(parent);
    }
    ordered.push(table);
  };
  tables.forEach(visit);
  return ordered;
}

/**
 * Puts a row of each tenant into every table of tenants that has none yet, as the owner. Tables whose rows a check
 * keeps to the platform are given one of the platform. Throws for a table it cannot seed: a walk over empty tables
 * would prove nothing.
 */
export async function seedTables(
  owner: Client,
  { tables, tenants }: { readonly tables: readonly Table[]; readonly tenants: readonly string[] },
): Promise<void> {
  const seeded = new Map<string, Readonly<Record<string, unknown>>>();
  for (const table of inOrder(tables)) {
    if (!table.columns.some(({ name }) => name === 'tenant')) continue;
    const platform = ['worker', 'schema_level', 'log_lease', 'provider', 'provider_calls'].includes(table.name);
    for (const tenant of platform ? ['*'] : tenants) {
      const row: Record<string, unknown> = { tenant };
      for (const column of table.columns) {
        const asked = ASKED[`${table.name}.${column.name}`] !== undefined;
        if (column.name !== 'tenant' && (asked || !column.optional)) row[column.name] = valueOf(table.name, column);
      }
      for (const { to, columns } of table.references) {
        const parent = seeded.get(`${to} ${tenant}`) ?? { tenant };
        for (const [from, of] of columns) row[from] = parent[of];
      }
      const names = Object.keys(row);
      const text = `insert into writ.${table.name} (${names.join(', ')}) values (${names.map((_, i) => `$${i + 1}`).join(', ')})`;
      await owner.query(`${text} on conflict do nothing`, Object.values(row));
      seeded.set(`${table.name} ${tenant}`, row);
    }
  }
}
