/** The shop's records, as they stand in the data set and in the tables. Amounts are dollars with cents. */
export interface Address {
  address1: string;
  address2: string;
  city: string;
  country: string;
  state: string;
  zip: string;
}

export type Options = { [name: string]: string };

export interface Variant {
  item_id: string;
  options: Options;
  available: boolean;
  price: number;
}

export interface Product {
  name: string;
  product_id: string;
  variants: { [itemId: string]: Variant };
}

export interface PaymentMethod {
  source: 'credit_card' | 'gift_card' | 'paypal';
  id: string;
  /** Gift cards only. */
  balance?: number;
  [detail: string]: unknown;
}

export interface User {
  user_id: string;
  name: { first_name: string; last_name: string };
  address: Address;
  email: string;
  payment_methods: { [id: string]: PaymentMethod };
  orders: string[];
}

export interface OrderItem {
  name: string;
  product_id: string;
  item_id: string;
  price: number;
  options: Options;
}

export interface Payment {
  transaction_type: 'payment' | 'refund';
  amount: number;
  payment_method_id: string;
}

export interface Order {
  order_id: string;
  user_id: string;
  address: Address;
  items: OrderItem[];
  status: string;
  fulfillments: { tracking_id: string[]; item_ids: string[] }[];
  payment_history: Payment[];
  cancel_reason: string | null;
  exchange_items: string[] | null;
  exchange_new_items: string[] | null;
  exchange_payment_method_id: string | null;
  exchange_price_difference: number | null;
  return_items: string[] | null;
  return_payment_method_id: string | null;
}

/** What an order carries from the start, beside what the data set says: every optional field, unset. */
export const UNSET = {
  cancel_reason: null,
  exchange_items: null,
  exchange_new_items: null,
  exchange_payment_method_id: null,
  exchange_price_difference: null,
  return_items: null,
  return_payment_method_id: null,
};

/** A refusal in the shop's own words. It is the tool's answer, told to whoever called; nothing was changed. */
export class ValueError extends Error {
  override readonly name = 'ValueError';
}
