import type { ResponseOf } from '@writ/contract';
import { usage } from '../cli-error';
import type { Command, Given } from '../command';
import { type Column, members, type Row } from '../output/output';
import { asRow, asRows } from './rows';

type Price = NonNullable<ResponseOf<'getModel'>['price']>;

const MODEL = { usage: '<model>', description: 'name of the model' };
const MICROS = 1_000_000;

const price: Column = { title: 'PRICE OF A MILLION TOKENS', value: (row) => priceText(row['price'] as Price | null) };

/** `USD 2.50 in, 10.00 out`; nobody's guess where nobody said. */
function priceText(of: Price | null): string {
  if (of === null) return 'unknown';
  const amount = (micros: number): string => (micros / MICROS).toFixed(2);
  const cached = of.cached_input_micros === undefined ? '' : `, ${amount(of.cached_input_micros)} cached`;
  return `${of.currency} ${amount(of.input_micros)} in${cached}, ${amount(of.output_micros)} out`;
}

const list: Command = {
  name: 'models list',
  summary: 'List models with their prices and limits',
  examples: ['models list', 'models list -o json'],
  calls: ['GET /v1/models'],
  run(context) {
    const rows = asRows(context.client().models.list({}, { signal: context.signal }));
    const columns = [...members('name', 'version', 'vendor_model'), price, ...members('concurrency', 'agents')];
    const id = (row: Row): string => String(row['name']);
    return Promise.resolve({ output: { kind: 'list', rows, columns, id, empty: 'There are no models.' } });
  },
};

const show: Command = {
  name: 'models show',
  summary: 'Show one model, and what its versions have cost',
  args: [MODEL],
  examples: ['models show large'],
  calls: ['GET /v1/models/{name}'],
  async run(context, call) {
    const found = await context.client().models.get(call.arg(0), { signal: context.signal });
    return { output: { kind: 'one', row: asRow(found), id: found.name } };
  },
};

const setPrice: Command = {
  name: 'models price',
  summary: 'Say what a model costs',
  description:
    'Publishes a new version of the model with this price. Runs that have started keep the price they were pinned to.',
  args: [MODEL],
  options: [
    { flags: '--read <amount>', description: 'for a million tokens it reads, such as 2.50' },
    { flags: '--write <amount>', description: 'for a million tokens it writes' },
    { flags: '--cached <amount>', description: 'for a million tokens it has read before' },
    { flags: '--currency <code>', description: 'ISO 4217 code (USD)' },
    { flags: '--unknown', description: 'the price is not known any more' },
  ],
  examples: ['models price large --read 2.50 --write 10 --cached 1.25', 'models price large --unknown'],
  calls: ['POST /v1/models/{name}/price'],
  async run(context, call) {
    const cached = call.text('cached');
    const said = call.flag('unknown')
      ? null
      : {
          currency: call.text('currency') ?? 'USD',
          input_micros: amountOf('--read', call),
          output_micros: amountOf('--write', call),
          ...(cached === undefined ? {} : { cached_input_micros: amountOf('--cached', call) }),
        };
    const model = await context.client().models.setPrice(call.arg(0), { price: said }, { signal: context.signal });
    return { output: { kind: 'one', row: asRow(model), id: model.name } };
  },
};

function amountOf(flag: '--read' | '--write' | '--cached', call: Given): number {
  const text = call.text(flag.slice(2));
  const amount = Number(text);
  if (text !== undefined && text.trim() !== '' && Number.isFinite(amount) && amount >= 0)
    return Math.round(amount * MICROS);
  throw usage(
    `${flag} is not an amount.`,
    text === undefined ? 'It was not given.' : `${text} is no number from 0 on.`,
    'Give what a million tokens cost, such as 2.50.',
  );
}

export const MODEL_COMMANDS: readonly Command[] = [list, show, setPrice];
