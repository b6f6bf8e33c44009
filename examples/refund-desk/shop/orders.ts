import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Order {
  readonly owner: string;
  readonly item: string;
  readonly cents: number;
  readonly state: string;
  /** Milliseconds from a payment to the bank's answer. */
  readonly bank_takes_ms?: number;
}

export type Orders = { readonly [id: string]: Order };

export const readOrders = (): Orders => JSON.parse(readFileSync(join(__dirname, 'orders.json'), 'utf8')) as Orders;
