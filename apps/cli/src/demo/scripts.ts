/** What the demo's model says: the part of the scripted model's form (see libs/gateways/README.md) that is used here. */
interface Turn {
  readonly text?: string;
  readonly calls?: readonly { readonly name: string; readonly arguments: { readonly [name: string]: unknown } }[];
  /** Milliseconds before the answer, so that a person can follow. */
  readonly delay_ms?: number;
}

const THINKING_MS = 220;
/** A long run of quick turns: there has to be something to stop. */
const REVIEWED = 40;
const REVIEW_MS = 50;

const call = (name: string, args: { readonly [name: string]: unknown }, delay_ms = THINKING_MS): Turn => ({
  calls: [{ name, arguments: args }],
  delay_ms,
});

const handOff = (to: string, reason: string, message: string): Turn => call(`handoff_to_${to}`, { reason, message });

/** From the first word to the message: four agents, one refund. */
const refund = (order: string, cents: number, item: string): Turn[] => [
  call('get_order', { order }),
  handOff('refunds', 'the customer wants money back', `Order ${order}: the ${item} arrived broken.`),
  call('quote_refund', { order }),
  handOff('payments', 'the refund is worked out', `Pay ${cents} cents back for ${order}.`),
  call('pay_back', { order, cents }),
  handOff('messaging', 'the money is paid', `Tell the customer of ${order} about their ${cents} cents.`),
  call('send_message', { order, text: `We have paid back ${(cents / 100).toFixed(2)} for your ${item}.` }),
];

const GOODBYE = 'The money is on its way and the customer knows.';

export const SCRIPTS: { readonly [id: string]: { readonly turns: readonly Turn[] } } = {
  broken_lamp: {
    turns: [
      ...refund('W1001', 4_900, 'lamp'),
      handOff('payments', 'the customer wants 500 more for the trouble', 'Pay 50000 cents to the customer.'),
      { text: `${GOODBYE} What was asked for beyond that is refused.`, delay_ms: THINKING_MS },
    ],
  },
  broken_desk: { turns: [...refund('W1004', 18_900, 'desk'), { text: GOODBYE, delay_ms: THINKING_MS }] },
  review: {
    turns: [
      ...Array.from({ length: REVIEWED }, (_, i) => call('get_order', { order: i % 2 ? 'W1002' : 'W1001' }, REVIEW_MS)),
      { text: 'All of them are read.' },
    ],
  },
};
