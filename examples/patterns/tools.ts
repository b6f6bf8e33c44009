import type { ToolFunction } from '@writ/gateways';

const PRICES: { readonly [shop: string]: number } = { north: 42, south: 39, west: 45 };

/** Runs that `sometimes_slow` was called for. */
const askedBefore = new Set<string>();
const ARRIVES_AT_LOOK = 2;

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
  sometimes_slow: ({ city }, { run, signal }) => {
    if (askedBefore.has(run)) return { city: String(city), price: 120 };
    askedBefore.add(run);
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('cut off'))));
  },
  track: ({ parcel, look }) => ({
    arrived: parcel !== 'lost' && Number(look) >= ARRIVES_AT_LOOK,
    kilos: parcel === 'heavy' ? 30 : 2,
  }),
  book_flight: ({ to }) => ({ booking: `flight-${String(to)}` }),
  book_hotel: ({ to }) => ({ booking: `hotel-${String(to)}` }),
  book_car: () => {
    throw new Error('there is no car left');
  },
  cancel_booking: ({ booking }) => ({ cancelled: String(booking) }),
};
