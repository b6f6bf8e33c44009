import { roundCents } from './money';
import { type Order, type OrderItem, type PaymentMethod, ValueError, type Variant } from './records';
import { orderOf, paymentOf, type Shop, userOf, variantOf } from './shop';

export interface Swap {
  order_id: string;
  item_ids: string[];
  new_item_ids: string[];
  payment_method_id: string;
}

const countOf = (list: readonly string[], id: string): number => list.filter((one) => one === id).length;

/** The first listed item the order does not have as often as it is listed. */
export function missingItem(order: Order, itemIds: readonly string[]): string | undefined {
  const present = order.items.map((item) => item.item_id);
  return itemIds.find((id) => countOf(itemIds, id) > countOf(present, id));
}

function itemOf(order: Order, itemId: string): OrderItem {
  const item = order.items.find((one) => one.item_id === itemId);
  if (!item) throw new ValueError(`Item ${itemId} not found`);
  return item;
}

const covers = (method: PaymentMethod, amount: number): boolean =>
  method.source !== 'gift_card' || (method.balance ?? 0) >= amount;

/** Each pair's price difference, summed in the order given; the last pair's new variant. */
async function priceOf(
  shop: Shop,
  order: Order,
  swap: Swap & { sameIsRefused: boolean },
): Promise<{ difference: number; last: Variant | undefined }> {
  let difference = 0;
  let last: Variant | undefined;
  for (const [i, itemId] of swap.item_ids.entries()) {
    const newItemId = swap.new_item_ids[i] ?? '';
    if (swap.sameIsRefused && itemId === newItemId) {
      throw new ValueError('The new item id should be different from the old item id');
    }
    const item = itemOf(order, itemId);
    last = await variantOf(shop, item.product_id, newItemId);
    if (!last.available) throw new ValueError(`New item ${newItemId} not found or available`);
    difference += last.price - item.price;
  }
  return { difference, last };
}

export async function exchangeDelivered(shop: Shop, swap: Swap): Promise<Order> {
  const order = await orderOf(shop, swap.order_id);
  if (order.status !== 'delivered') throw new ValueError('Non-delivered order cannot be exchanged');
  const missing = missingItem(order, swap.item_ids);
  if (missing !== undefined) throw new ValueError(`Number of ${missing} not found.`);
  if (swap.item_ids.length !== swap.new_item_ids.length) {
    throw new ValueError('The number of items to be exchanged should match.');
  }
  const difference = roundCents((await priceOf(shop, order, { ...swap, sameIsRefused: false })).difference);
  const method = paymentOf(await userOf(shop, order.user_id), swap.payment_method_id);
  if (!covers(method, difference)) {
    throw new ValueError('Insufficient gift card balance to pay for the price difference');
  }
  order.status = 'exchange requested';
  order.exchange_items = [...swap.item_ids].sort();
  order.exchange_new_items = [...swap.new_item_ids].sort();
  order.exchange_payment_method_id = swap.payment_method_id;
  order.exchange_price_difference = difference;
  await shop.saveOrder(order);
  return order;
}

export async function modifyPendingItems(shop: Shop, swap: Swap): Promise<Order> {
  const order = await orderOf(shop, swap.order_id);
  if (order.status !== 'pending') throw new ValueError('Non-pending order cannot be modified');
  const missing = missingItem(order, swap.item_ids);
  if (missing !== undefined) throw new ValueError(`${missing} not found`);
  if (swap.item_ids.length !== swap.new_item_ids.length) {
    throw new ValueError('The number of items to be exchanged should match');
  }
  const { difference, last } = await priceOf(shop, order, { ...swap, sameIsRefused: true });
  const user = await userOf(shop, order.user_id);
  const method = paymentOf(user, swap.payment_method_id);
  if (!covers(method, difference)) throw new ValueError('Insufficient gift card balance to pay for the new item');
  order.payment_history.push({
    transaction_type: difference > 0 ? 'payment' : 'refund',
    amount: Math.abs(difference),
    payment_method_id: swap.payment_method_id,
  });
  if (method.source === 'gift_card') {
    method.balance = roundCents((method.balance ?? 0) - difference);
    await shop.saveUser(user);
  }
  for (const [i, itemId] of swap.item_ids.entries()) {
    const item = itemOf(order, itemId);
    item.item_id = swap.new_item_ids[i] ?? '';
    // The recorded books price every changed line, and describe it, as the last new item of the call; so do these.
    if (last) {
      item.price = last.price;
      item.options = { ...last.options };
    }
  }
  order.status = 'pending (item modified)';
  await shop.saveOrder(order);
  return order;
}
