import type { PoolClient } from 'pg';
import type { Order, Product, User } from './records';
import type { Shop } from './shop';
import { folded, personColumns } from './tables';

/** The shop over one client inside a transaction. `locking` is set for calls that write. */
export class PostgresShop implements Shop {
  readonly #lock: string;

  constructor(
    readonly client: PoolClient,
    locking: boolean,
  ) {
    this.#lock = locking ? 'FOR UPDATE' : '';
  }

  order(id: string): Promise<Order | null> {
    return this.#record<Order>(`SELECT body FROM retail.orders WHERE id = $1 ${this.#lock}`, [id]);
  }

  user(id: string): Promise<User | null> {
    return this.#record<User>(`SELECT body FROM retail.person WHERE id = $1 ${this.#lock}`, [id]);
  }

  product(id: string): Promise<Product | null> {
    return this.#record<Product>('SELECT body FROM retail.product WHERE id = $1', [id]);
  }

  productOfItem(itemId: string): Promise<Product | null> {
    return this.#record<Product>('SELECT body FROM retail.product WHERE items @> ARRAY[$1] ORDER BY position LIMIT 1', [
      itemId,
    ]);
  }

  userIdByEmail(email: string): Promise<string | null> {
    return this.#id('SELECT id FROM retail.person WHERE email = $1 ORDER BY position LIMIT 1', [folded(email)]);
  }

  userIdByName(who: { firstName: string; lastName: string; zip: string }): Promise<string | null> {
    return this.#id('SELECT id FROM retail.person WHERE name = $1 AND zip = $2 ORDER BY position LIMIT 1', [
      folded(who.firstName, who.lastName),
      who.zip,
    ]);
  }

  async productIds(): Promise<{ name: string; product_id: string }[]> {
    const { rows } = await this.client.query<{ name: string; product_id: string }>(
      'SELECT name, id AS product_id FROM retail.product ORDER BY position',
    );
    return rows;
  }

  async saveOrder(order: Order): Promise<void> {
    await this.client.query('UPDATE retail.orders SET body = $2 WHERE id = $1', [
      order.order_id,
      JSON.stringify(order),
    ]);
  }

  async saveUser(user: User): Promise<void> {
    const { email, name, zip } = personColumns(user);
    await this.client.query('UPDATE retail.person SET body = $2, email = $3, name = $4, zip = $5 WHERE id = $1', [
      user.user_id,
      JSON.stringify(user),
      email,
      name,
      zip,
    ]);
  }

  async #record<T>(text: string, values: readonly string[]): Promise<T | null> {
    const { rows } = await this.client.query<{ body: string }>(text, [...values]);
    return rows[0] ? (JSON.parse(rows[0].body) as T) : null;
  }

  async #id(text: string, values: readonly string[]): Promise<string | null> {
    const { rows } = await this.client.query<{ id: string }>(text, [...values]);
    return rows[0]?.id ?? null;
  }
}
