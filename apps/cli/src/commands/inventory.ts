import type { ItemOf, RequestOf } from '@writ/contract';
import { RISK_TIERS } from '@writ/words';
import type { Command } from '../command';
import { member, members, type Row } from '../output/output';
import { first, given, wholeNumber } from './read-value';
import { asRows } from './rows';

type Entry = ItemOf<'listInventory'>;
type Query = NonNullable<RequestOf<'listInventory'>['query']>;

const agents: Command = {
  name: 'agents',
  summary: 'List what may run, who answers for it, and how risky it is',
  description:
    'Agents, workflows and tools in their newest versions. REACHES is the highest risk tier of what each may touch; STANDING says why nobody answers for it any more, and what the policy makes of that.',
  options: [
    { flags: '--kind <kind>', description: 'only these', choices: ['agent', 'workflow', 'tool'] },
    { flags: '--tier <tier>', description: 'only of this risk tier', choices: RISK_TIERS },
    { flags: '--owner <owner>', description: 'only those of one owner' },
    { flags: '--lapsed', description: 'only those nobody answers for, or not any more' },
    { flags: '--limit <count>', description: 'how many at most (200)' },
  ],
  examples: ['agents', 'agents --tier high --kind agent', 'agents --lapsed -o json'],
  calls: ['GET /v1/inventory'],
  run(context, call) {
    const limit = wholeNumber('--limit', call.text('limit')) ?? 200;
    const query: Query = {
      limit: Math.min(limit, 200),
      ...(given({
        kind: call.text('kind'),
        tier: call.text('tier'),
        owner: call.text('owner'),
        lapsed: call.flag('lapsed') ? 'true' : undefined,
      }) as Query),
    };
    const found = context.client().inventory.list(query, { signal: context.signal });
    return Promise.resolve({
      output: {
        kind: 'list',
        rows: asRows(first(found, limit)),
        columns: [
          ...members('kind', 'name', 'tier', 'reaches', 'owner', 'review_by'),
          { title: 'STANDING', value: (row: Row) => standing(row as unknown as Entry) },
          member('last_used_at', 'LAST USED'),
        ],
        id: (row) => `${String(row['kind'])}/${String(row['name'])}`,
        empty: 'Nothing is published that would fit.',
      },
    });
  },
};

/** `overdue (block)`; empty where somebody answers for it. */
const standing = ({ lapses }: Entry): string =>
  lapses.map(({ lapse, does }) => (does === 'nothing' ? lapse : `${lapse} (${does})`)).join(', ');

export const INVENTORY_COMMANDS: readonly Command[] = [agents];
