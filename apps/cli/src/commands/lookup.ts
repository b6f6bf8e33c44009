import type { Command } from '../command';
import { members } from '../output/output';
import { asRow } from './rows';

const lookup: Command = {
  name: 'lookup',
  summary: 'Find what an id names',
  description: 'Finds what an id names: a run, decision, event, stop, key or request of ours, or a W3C trace id.',
  args: [{ usage: '<id>', description: 'an id, as it was pasted' }],
  examples: ['lookup run_01k8x0q3wsf5z8k2m4n6p8r0t2', 'lookup 0af7651916cd43dd8448eb211c80319c'],
  calls: ['GET /v1/lookup/{anything}'],
  async run(context, call) {
    const { matches } = await context.client().system.lookup(call.arg(0), { signal: context.signal });
    const columns = members('kind', 'id', 'title', 'console');
    return { output: { kind: 'list', rows: matches.map(asRow), columns, id: (row) => String(row['id']), empty: '' } };
  },
};

export const LOOKUP_COMMANDS: readonly Command[] = [lookup];
