import { createHash } from 'node:crypto';
import { Pool } from 'pg';
import type { Json, JsonObject } from '@writ/kernel';
import { floatText } from './server/money';

export interface LoggedCall {
  readonly key: string;
  readonly tool: string;
  readonly args: JsonObject;
  readonly run: string | null;
  /** How often it was asked for; more than once after a lost answer. */
  readonly asked: number;
  /** How often it was performed: once, or the log is wrong. */
  readonly effects: number;
  /** What was answered, as text; null while it runs. */
  readonly answer: string | null;
}

/** The shop seen from behind the counter: what has changed, undoing it, and the log of calls that reached a tool. */
export class ShopState {
  readonly #pool: Pool;

  constructor(databaseUrl: string) {
    this.#pool = new Pool({ connectionString: databaseUrl, max: 4, application_name: 'retail-state' });
    // A connection lost while idle is no fault: the next query opens another, or fails and says so.
    this.#pool.on('error', () => undefined);
  }

  /** A customer's profile and orders, as records are named. */
  async recordsOf(user: string): Promise<string[]> {
    const { rows } = await this.#pool.query<{ id: string }>(
      `SELECT id FROM retail.orders WHERE original::json->>'user_id' = $1 ORDER BY id`,
      [user],
    );
    return [`users/${user}`, ...rows.map((row) => `orders/${row.id}`)];
  }

  /** Records that differ from the data set: `orders/<id>`, `users/<id>`. Of `only`, when given. */
  async changes(only?: readonly string[]): Promise<{ readonly [record: string]: Json }> {
    const { rows } = await this.#pool.query<{ record: string; body: string }>(
      `SELECT record, body FROM (
         SELECT 'orders/' || id AS record, body, original FROM retail.orders UNION ALL
         SELECT 'users/' || id, body, original FROM retail.person) AS r
        WHERE body <> original AND body::jsonb <> original::jsonb AND ($1::text[] IS NULL OR record = ANY($1))
        ORDER BY record`,
      [only ?? null],
    );
    return Object.fromEntries(rows.map((row) => [row.record, JSON.parse(row.body) as Json]));
  }

  /** Puts records back to what the data set says; all of them when none are named. */
  async reset(only?: readonly string[]): Promise<void> {
    const ids = (kind: string) =>
      only?.filter((one) => one.startsWith(kind)).map((one) => one.slice(kind.length)) ?? null;
    await this.#pool.query(
      'UPDATE retail.orders SET body = original WHERE body <> original AND ($1::text[] IS NULL OR id = ANY($1))',
      [ids('orders/')],
    );
    await this.#pool.query(
      `UPDATE retail.person SET body = original, zip = original::json->'address'->>'zip'
        WHERE body <> original AND ($1::text[] IS NULL OR id = ANY($1))`,
      [ids('users/')],
    );
  }

  /** Calls that reached a tool, oldest first; of one run, when given. */
  async calls(run?: string): Promise<LoggedCall[]> {
    const { rows } = await this.#pool.query<Omit<LoggedCall, 'args'> & { args: string }>(
      `SELECT key, tool, args, run, asked, effects, answer::json->>'text' AS answer FROM retail.call_log WHERE $1::text IS NULL OR run = $1 ORDER BY at, key`,
      [run ?? null],
    );
    return rows.map((row) => ({ ...row, args: JSON.parse(row.args) as JsonObject }));
  }

  async forgetCalls(): Promise<void> {
    await this.#pool.query('TRUNCATE retail.call_log');
  }

  /** The digest the recordings carry: of every record in the shop, so a change nobody listed shows. */
  async sha256(): Promise<string> {
    const whole: { [table: string]: { [id: string]: Json } } = {};
    for (const [name, table] of [
      ['orders', 'orders'],
      ['products', 'product'],
      ['users', 'person'],
    ] as const) {
      const { rows } = await this.#pool.query<{ id: string; body: string }>(`SELECT id, body FROM retail.${table}`);
      whole[name] = Object.fromEntries(rows.map((row) => [row.id, JSON.parse(row.body) as Json]));
    }
    return createHash('sha256').update(sortedText(whole)).digest('hex');
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

function sortedText(value: Json): string {
  if (typeof value === 'number') return floatText(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item: Json) => sortedText(item)).join(',')}]`;
  const members = Object.entries(value as JsonObject).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${sortedText(member)}`).join(',')}}`;
}
