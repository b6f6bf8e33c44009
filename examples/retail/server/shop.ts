import type { Order, PaymentMethod, Product, User, Variant } from './records';
import { ValueError } from './records';

/**
 * One tool call's view of the shop's tables, inside one transaction. Reads lock the row when the call may write, so two
 * calls on one order take turns. Nothing is kept unless the call ends well.
 */
export interface Shop {
  order(id: string): Promise<Order | null>;
  user(id: string): Promise<User | null>;
  product(id: string): Promise<Product | null>;
  /** The product that has the item as a variant. */
  productOfItem(itemId: string): Promise<Product | null>;
  userIdByEmail(email: string): Promise<string | null>;
  userIdByName(who: { firstName: string; lastName: string; zip: string }): Promise<string | null>;
  productIds(): Promise<{ name: string; product_id: string }[]>;
  saveOrder(order: Order): Promise<void>;
  saveUser(user: User): Promise<void>;
}

function found<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new ValueError(`${what} not found`);
  return value;
}

export const orderOf = async (shop: Shop, id: string): Promise<Order> => found(await shop.order(id), 'Order');
export const userOf = async (shop: Shop, id: string): Promise<User> => found(await shop.user(id), 'User');
export const productOf = async (shop: Shop, id: string): Promise<Product> => found(await shop.product(id), 'Product');

export async function variantOf(shop: Shop, productId: string, itemId: string): Promise<Variant> {
  const product = await productOf(shop, productId);
  return found(own(product.variants, itemId), 'Variant');
}

export const paymentOf = (user: User, id: string): PaymentMethod =>
  found(own(user.payment_methods, id), 'Payment method');

/** An id is data: `constructor` is no payment method. */
export const own = <T>(record: { [key: string]: T }, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;
