import { usage } from '../cli-error';
import type { Command, Given, Option } from '../command';
import { members, type Row } from '../output/output';
import { wholeNumber } from './read-value';
import { asRow } from './rows';

/** Loaded when asked for: most commands never touch a database, and should not wait for its driver. */
const platform = () => require('../local/platform-admission') as typeof import('../local/platform-admission');

const COLUMNS = members('tenant', 'weight', 'most_active', 'most_in_line', 'active', 'in_line', 'waited_ms');
const LIMITS: readonly Option[] = [
  { flags: '--most-active <runs>', description: 'runs led at once over all workers; none for no limit' },
  { flags: '--most-in-line <runs>', description: 'runs that may wait for their turn; none for no limit' },
  { flags: '--reason <text>', description: 'why, for the record' },
];

interface Limits {
  readonly most_active: number | null;
  readonly most_in_line: number | null;
}

/** What was given; the rest stays as it is. */
function limitsOf(call: Given, now: Limits): Limits {
  const active = call.text('most-active');
  const inLine = call.text('most-in-line');
  const read = (option: string, text: string, least: number): number | null =>
    text === 'none' ? null : (wholeNumber(option, text, least) ?? null);
  return {
    most_active: active === undefined ? now.most_active : read('--most-active', active, 1),
    most_in_line: inLine === undefined ? now.most_in_line : read('--most-in-line', inLine, 0),
  };
}

const show: Command = {
  name: 'admission',
  summary: 'Show how many runs the tenant may have led and in line, and how many it has',
  examples: ['admission', 'admission -o json'],
  calls: ['GET /v1/admission'],
  async run(context) {
    const found = await context.client().admission.get({ signal: context.signal });
    return { output: { kind: 'one', row: context.format === 'json' ? asRow(found) : flat(found), id: 'tenant' } };
  },
};

const set: Command = {
  name: 'admission set',
  summary: 'Limit how many runs of the tenant are led at once, and how many may wait',
  description: 'No more than the platform grants. A start beyond the line is refused as busy, which is no denial.',
  options: LIMITS,
  examples: ['admission set --most-active 40 --reason "the order system takes 40"', 'admission set --most-active none'],
  calls: ['POST /v1/admission'],
  async run(context, call) {
    if (call.text('most-active') === undefined && call.text('most-in-line') === undefined) {
      throw usage('Nothing was limited.', 'No limit was named.', 'Give --most-active or --most-in-line.');
    }
    const client = context.client();
    const { own } = await client.admission.get({ signal: context.signal });
    const body = { ...limitsOf(call, own), reason: call.text('reason') ?? 'set with the command line' };
    const found = await client.admission.set(body, { signal: context.signal });
    return { output: { kind: 'one', row: context.format === 'json' ? asRow(found) : flat(found), id: 'tenant' } };
  },
};

const grant: Command = {
  name: 'admission grant',
  summary: 'Give a tenant its weight among all, and the most it may take',
  description:
    'The platform’s own act: on the database of DATABASE_URL, or the local one. It stands in the tenant’s log. A tenant may limit itself further, and not go beyond.',
  args: [{ usage: '<tenant>', description: 'id of the tenant, ten_…' }],
  options: [
    { flags: '--weight <number>', description: 'from 1 to 1000; twice the weight, twice the places' },
    ...LIMITS,
  ],
  examples: ['admission grant ten_01k8x0q3wsf5z8k2m4n6p8r0t6 --weight 2 --most-active 100'],
  async run(context, call) {
    const weight = wholeNumber('--weight', call.text('weight'));
    const granted = await platform().grant(context.io.env, {
      tenant: call.arg(0),
      change: (now) => ({ weight: weight ?? now.weight, ...limitsOf(call, now) }),
      reason: call.text('reason') ?? 'granted with the command line',
    });
    return { output: { kind: 'one', row: granted, id: call.arg(0) } };
  },
};

const list: Command = {
  name: 'admission list',
  summary: 'List the weights, limits and runs of every tenant that has any',
  description: 'The platform’s own view: on the database of DATABASE_URL, or the local one.',
  examples: ['admission list', 'admission list -o json'],
  async run(context) {
    const rows = await platform().list(context.io.env);
    const id = (row: Row): string => String(row['tenant']);
    return { output: { kind: 'list', rows, columns: COLUMNS, id, empty: 'No tenant has runs under way.' } };
  },
};

function flat(found: { readonly in_force: Limits; readonly own: Limits; readonly granted: Limits }): Row {
  const { in_force: inForce, own: _own, granted: _granted, ...rest } = found;
  return asRow({ ...inForce, ...rest });
}

export const ADMISSION_COMMANDS: readonly Command[] = [show, set, grant, list];
