import type { Command } from '../command';

/** Loaded when asked for: it brings the database along. */
const demos = () => require('../demo/demo') as typeof import('../demo/demo');

const demo: Command = {
  name: 'demo',
  summary: 'See it work in a minute: a refund desk, refusals, a stop, a crash, the proof',
  description:
    'Starts the product with a database of its own, plays a refund desk on it, and proves each thing it tells. Needs no account, no key and no network, and leaves nothing behind. Exit code 1 when something it claims does not hold.',
  options: [
    { flags: '--yes', description: 'ask nothing, and end when the last act is over, but for --keep-open' },
    { flags: '--step', description: 'wait for Enter between the acts' },
    {
      flags: '--keep-open',
      description: 'go on running afterwards, to look around; on a terminal that is the default',
    },
    { flags: '--keep <folder>', description: 'keep the data in this folder, which must be new' },
    { flags: '--desk <folder>', description: 'play with the definitions and the policy of this folder' },
  ],
  examples: ['demo', 'demo --yes', 'demo --yes -o json', 'demo --step'],
  run: (context, call) =>
    demos().runDemo(context, {
      yes: call.flag('yes'),
      step: call.flag('step'),
      keepOpen: call.flag('keepOpen'),
      keep: call.text('keep'),
      desk: call.text('desk'),
    }),
};

export const DEMO_COMMANDS: readonly Command[] = [demo];
