import type { Client } from 'pg';
import { readCatalog } from '../database/catalog';

/**
 * Copies every row of the schema into another, migrated database, as a dump and its restore would: the rows are the same,
 * and the transaction numbers in them are those of the server they came from.
 */
export async function restoreInto(from: Client, to: Client): Promise<void> {
  const tables = (await readCatalog(from)).filter(({ name }) => name !== 'migration' && name !== 'schema_level');
  await to.query('begin');
  // As a restore does it: without triggers and without checks of keys, which hold in the source.
  await to.query('set local session_replication_role = replica');
  for (const { name } of tables) await to.query(`delete from writ.${name}`);
  for (const { name, columns } of tables) {
    const names = columns
      .filter(({ generated }) => !generated)
      .map((column) => column.name)
      .join(', ');
    const { rows } = await from.query<{ rows: string }>(
      `select coalesce(json_agg(row_to_json(t)), '[]')::text as rows from (select ${names} from writ.${name}) t`,
    );
    await to.query(
      `insert into writ.${name} (${names}) select ${names} from json_populate_recordset(null::writ.${name}, $1)`,
      [rows[0]!.rows],
    );
  }
  await to.query('commit');
}
