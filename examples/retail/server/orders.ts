import { missingItem } from './items';
import { roundCents } from './money';
import { type Address, type Order, type User, ValueError } from './records';
import { orderOf, paymentOf, type Shop, userOf } from './shop';

const addressOf = ({ address1, address2, city, country, state, zip }: Address): Address => ({
  address1,
  address2,
  city,
  country,
  state,
  zip,
});

function credit(user: User, methodId: string, amount: number): void {
  const method = paymentOf(user, methodId);
  if (method.source === 'gift_card') method.balance = roundCents((method.balance ?? 0) + amount);
}

export async function cancelPending(shop: Shop, args: { order_id: string; reason: string }): Promise<Order> {
  const order = await orderOf(shop, args.order_id);
  if (order.status !== 'pending') throw new ValueError('Non-pending order cannot be cancelled');
  if (args.reason !== 'no longer needed' && args.reason !== 'ordered by mistake')
    throw new ValueError('Invalid reason');
  const user = await userOf(shop, order.user_id);
  const refunds = order.payment_history.map(({ amount, payment_method_id }) => {
    credit(user, payment_method_id, amount);
    return { transaction_type: 'refund' as const, amount, payment_method_id };
  });
  order.status = 'cancelled';
  order.cancel_reason = args.reason;
  order.payment_history.push(...refunds);
  await shop.saveOrder(order);
  await shop.saveUser(user);
  return order;
}

export async function modifyPendingAddress(shop: Shop, args: { order_id: string } & Address): Promise<Order> {
  const order = await orderOf(shop, args.order_id);
  if (!order.status.includes('pending')) throw new ValueError('Non-pending order cannot be modified');
  order.address = addressOf(args);
  await shop.saveOrder(order);
  return order;
}

export async function modifyPendingPayment(
  shop: Shop,
  args: { order_id: string; payment_method_id: string },
): Promise<Order> {
  const order = await orderOf(shop, args.order_id);
  if (!order.status.includes('pending')) throw new ValueError('Non-pending order cannot be modified');
  const user = await userOf(shop, order.user_id);
  const method = paymentOf(user, args.payment_method_id);
  const [paid, ...more] = order.payment_history;
  if (!paid || more.length > 0 || paid.transaction_type !== 'payment') {
    throw new ValueError('There should be exactly one payment for a pending order');
  }
  if (paid.payment_method_id === args.payment_method_id) {
    throw new ValueError('The new payment method should be different from the current one');
  }
  const { amount } = paid;
  if (method.source === 'gift_card' && (method.balance ?? 0) < amount) {
    throw new ValueError('Insufficient gift card balance to pay for the order');
  }
  order.payment_history.push(
    { transaction_type: 'payment', amount, payment_method_id: args.payment_method_id },
    { transaction_type: 'refund', amount, payment_method_id: paid.payment_method_id },
  );
  credit(user, args.payment_method_id, -amount);
  credit(user, paid.payment_method_id, amount);
  await shop.saveOrder(order);
  await shop.saveUser(user);
  return order;
}

export async function modifyUserAddress(shop: Shop, args: { user_id: string } & Address): Promise<User> {
  const user = await userOf(shop, args.user_id);
  user.address = addressOf(args);
  await shop.saveUser(user);
  return user;
}

export async function returnDelivered(
  shop: Shop,
  args: { order_id: string; item_ids: string[]; payment_method_id: string },
): Promise<Order> {
  const order = await orderOf(shop, args.order_id);
  if (order.status !== 'delivered') throw new ValueError('Non-delivered order cannot be returned');
  const method = paymentOf(await userOf(shop, order.user_id), args.payment_method_id);
  if (method.source !== 'gift_card' && args.payment_method_id !== order.payment_history[0]?.payment_method_id) {
    throw new ValueError('Payment method should be the original payment method');
  }
  if (missingItem(order, args.item_ids) !== undefined) throw new ValueError('Some item not found');
  order.status = 'return requested';
  order.return_items = [...args.item_ids].sort();
  order.return_payment_method_id = args.payment_method_id;
  await shop.saveOrder(order);
  return order;
}
