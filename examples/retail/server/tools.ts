import { calculate } from './calculate';
import { exchangeDelivered, modifyPendingItems, type Swap } from './items';
import {
  cancelPending,
  modifyPendingAddress,
  modifyPendingPayment,
  modifyUserAddress,
  returnDelivered,
} from './orders';
import { type Address, ValueError } from './records';
import { orderOf, own, productOf, type Shop, userOf } from './shop';

interface ToolBody {
  readonly writes: boolean;
  /** The answer: text, or a record sent as JSON. `args` have been checked against the tool's schema. */
  run(shop: Shop, args: never): Promise<unknown>;
}

const read = <A>(run: (shop: Shop, args: A) => Promise<unknown>): ToolBody => ({ writes: false, run });
const write = <A>(run: (shop: Shop, args: A) => Promise<unknown>): ToolBody => ({ writes: true, run });

function userIdOf(found: string | null): string {
  if (found === null) throw new ValueError('User not found');
  return found;
}

async function itemDetails(shop: Shop, itemId: string): Promise<unknown> {
  const product = await shop.productOfItem(itemId);
  const variant = product ? own(product.variants, itemId) : undefined;
  if (!variant) throw new ValueError('Item not found');
  return variant;
}

async function productTypes(shop: Shop): Promise<string> {
  const pairs = (await shop.productIds()).map(({ name, product_id }) => [name, product_id] as const);
  const sorted = [...new Map(pairs)].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([name, id]) => `${JSON.stringify(name)}: ${JSON.stringify(id)}`).join(', ')}}`;
}

/**
 * Facts about an object for whoever decides about it, not for agents: whether it exists, and the user it belongs
 * to. An object that does not exist belongs to nobody.
 */
const facts = (owner: string | undefined): unknown => ({
  exists: owner !== undefined,
  owner: owner ?? null,
});

/** The shop's sixteen tools. None of them asks whose order or profile it is: that is the policy's question. */
export const TOOLS: ReadonlyMap<string, ToolBody> = new Map<string, ToolBody>([
  ['calculate', read((_shop, args: { expression: string }) => Promise.resolve(calculate(args.expression)))],
  ['cancel_pending_order', write((shop, args: { order_id: string; reason: string }) => cancelPending(shop, args))],
  ['exchange_delivered_order_items', write((shop, args: Swap) => exchangeDelivered(shop, args))],
  [
    'find_user_id_by_name_zip',
    read(async (shop, args: { first_name: string; last_name: string; zip: string }) =>
      userIdOf(await shop.userIdByName({ firstName: args.first_name, lastName: args.last_name, zip: args.zip })),
    ),
  ],
  [
    'find_user_id_by_email',
    read(async (shop, args: { email: string }) => userIdOf(await shop.userIdByEmail(args.email))),
  ],
  ['get_order_details', read((shop, args: { order_id: string }) => orderOf(shop, args.order_id))],
  ['get_product_details', read((shop, args: { product_id: string }) => productOf(shop, args.product_id))],
  ['get_item_details', read((shop, args: { item_id: string }) => itemDetails(shop, args.item_id))],
  ['get_user_details', read((shop, args: { user_id: string }) => userOf(shop, args.user_id))],
  ['list_all_product_types', read((shop) => productTypes(shop))],
  [
    'modify_pending_order_address',
    write((shop, args: { order_id: string } & Address) => modifyPendingAddress(shop, args)),
  ],
  ['modify_pending_order_items', write((shop, args: Swap) => modifyPendingItems(shop, args))],
  [
    'modify_pending_order_payment',
    write((shop, args: { order_id: string; payment_method_id: string }) => modifyPendingPayment(shop, args)),
  ],
  ['modify_user_address', write((shop, args: { user_id: string } & Address) => modifyUserAddress(shop, args))],
  [
    'return_delivered_order_items',
    write((shop, args: { order_id: string; item_ids: string[]; payment_method_id: string }) =>
      returnDelivered(shop, args),
    ),
  ],
  ['transfer_to_human_agents', read(() => Promise.resolve('Transfer successful'))],
  ['order_facts', read(async (shop, args: { order_id: string }) => facts((await shop.order(args.order_id))?.user_id))],
  ['profile_facts', read(async (shop, args: { user_id: string }) => facts((await shop.user(args.user_id))?.user_id))],
]);

const idArgument = (name: string) => ({
  type: 'object' as const,
  properties: { [name]: { type: 'string' } },
  required: [name],
});

/** What the data set does not describe: the two sources of facts. */
export const FACT_TOOLS = [
  {
    name: 'order_facts',
    description: 'Whether an order exists, and whose it is.',
    inputSchema: idArgument('order_id'),
  },
  {
    name: 'profile_facts',
    description: 'Whether a profile exists, and whose it is.',
    inputSchema: idArgument('user_id'),
  },
];
