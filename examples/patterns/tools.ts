import type { ToolFunction } from '@writ/gateways';

const PRICES: { readonly [shop: string]: number } = { north: 42, south: 39, west: 45 };

/** What the tools of the examples do: small, in this process, and always the same. */
export const functions: { readonly [name: string]: ToolFunction } = {
  get_order: ({ order_id }) => ({ order_id: String(order_id), total: 40, status: 'delivered' }),
  convert: ({ amount, currency }) => ({ amount: Number(amount) * 1.1, currency: String(currency) }),
  send_by_post: () => {
    throw new Error('the post is on strike');
  },
  send_by_mail: ({ text }) => ({ sent: true, text: String(text) }),
  offer: ({ shop }) => ({ shop: String(shop), price: PRICES[String(shop)] ?? 0 }),
  order_best: ({ offers }) => {
    const all = Object.values(offers as { readonly [key: string]: { readonly shop: string; readonly price: number } });
    return all.sort((a, b) => a.price - b.price)[0] ?? null;
  },
  search: ({ topic }) => ({ topic: String(topic), found: `three papers on ${String(topic)}` }),
  refund: ({ order_id }) => ({ order_id: String(order_id), refunded: true }),
};
