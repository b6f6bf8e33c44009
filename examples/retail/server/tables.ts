import { readFile } from 'node:fs/promises';
import type { Pool } from 'pg';
import { type Order, type Product, UNSET, type User } from './records';

/**
 * The shop's own database. `body` is the record as the shop answers it, member order kept; `original` is what it was
 * loaded as, so that what a task changed can be named and undone. `position` is the record's place in the data set:
 * the first match wins where a search has several.
 */
const SCHEMA = `
CREATE SCHEMA IF NOT EXISTS retail;
CREATE TABLE IF NOT EXISTS retail.product (
  id text PRIMARY KEY, position int NOT NULL, name text NOT NULL, items text[] NOT NULL, body text NOT NULL);
CREATE INDEX IF NOT EXISTS product_items ON retail.product USING gin (items);
CREATE TABLE IF NOT EXISTS retail.person (
  id text PRIMARY KEY, position int NOT NULL, email text NOT NULL, name text NOT NULL, zip text NOT NULL,
  body text NOT NULL, original text NOT NULL);
CREATE INDEX IF NOT EXISTS person_email ON retail.person (email);
CREATE INDEX IF NOT EXISTS person_name ON retail.person (name, zip);
CREATE TABLE IF NOT EXISTS retail.orders (
  id text PRIMARY KEY, position int NOT NULL, body text NOT NULL, original text NOT NULL);
CREATE TABLE IF NOT EXISTS retail.call_log (
  key text PRIMARY KEY, tool text NOT NULL, args text NOT NULL, run text,
  asked int NOT NULL DEFAULT 1, effects int NOT NULL DEFAULT 0,
  answer text, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX IF NOT EXISTS call_log_run ON retail.call_log (run);
`;

interface DataSet {
  readonly products: { readonly [id: string]: Product };
  readonly users: { readonly [id: string]: User };
  readonly orders: { readonly [id: string]: Order };
}

/** Names and addresses are matched without regard to case. */
export const folded = (...parts: readonly string[]): string => parts.map((part) => part.toLowerCase()).join('\n');

export const personColumns = (user: User) => ({
  email: folded(user.email),
  name: folded(user.name.first_name, user.name.last_name),
  zip: user.address.zip,
});

/** Creates the tables and fills them from the data set's file, if they are empty. Safe to run from two processes. */
export async function loadShop(pool: Pool, dataFile: string): Promise<void> {
  const data = JSON.parse(await readFile(dataFile, 'utf8')) as DataSet;
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('retail.load', 0))`);
    await client.query(SCHEMA);
    const { rows } = await client.query<{ loaded: boolean }>('SELECT EXISTS (SELECT FROM retail.orders) AS loaded');
    if (!rows[0]?.loaded) {
      const insert = (statement: string, records: readonly object[]) =>
        client.query(`INSERT INTO ${statement}`, [JSON.stringify(records)]);
      await insert(
        `retail.product SELECT id, position, name, ARRAY(SELECT json_array_elements_text(items)), body
           FROM json_to_recordset($1) AS r (id text, position int, name text, items json, body text)`,
        Object.values(data.products).map((product, position) => ({
          ...{ id: product.product_id, position, name: product.name },
          ...{ items: Object.keys(product.variants), body: JSON.stringify(product) },
        })),
      );
      await insert(
        `retail.person SELECT id, position, email, name, zip, body, body
           FROM json_to_recordset($1) AS r (id text, position int, email text, name text, zip text, body text)`,
        Object.values(data.users).map((user, position) => ({
          ...{ id: user.user_id, position, body: JSON.stringify(user) },
          ...personColumns(user),
        })),
      );
      await insert(
        `retail.orders SELECT id, position, body, body
           FROM json_to_recordset($1) AS r (id text, position int, body text)`,
        Object.values(data.orders).map((order, position) => ({
          ...{ id: order.order_id, position, body: JSON.stringify(withUnset(order)) },
        })),
      );
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

/** Optional fields come last and are null until something sets them. */
function withUnset(order: Order): Order {
  return { ...order, ...UNSET, ...Object.fromEntries(Object.entries(order).filter(([field]) => field in UNSET)) };
}
