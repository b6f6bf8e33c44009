import type { ResponseOf } from '@writ/contract';
import type { Command } from '../command';
import { member, type Row } from '../output/output';
import { given } from './read-value';
import { asRow } from './rows';

type Path = ResponseOf<'getReach'>['data'][number];

const reach: Command = {
  name: 'policy reach',
  summary: 'Which agent can reach which tool, and through whom',
  description:
    'Searches what is published and the rules in force: every way by which what one agent says could end in the call of a tool, with what must be so besides. LACKING names agents on the way that may not call it themselves: whoever calls it is their deputy, and can be confused.',
  options: [
    { flags: '--tool <name>', description: 'only ways to this tool' },
    { flags: '--from <agent>', description: 'only ways of this agent' },
    { flags: '--for <who>', description: 'for whom: user:7f3a, or a role; without it, for one who may do everything' },
    { flags: '--deputies', description: 'only ways of agents that lack the right themselves; exit code 1 if any' },
  ],
  examples: ['policy reach --tool refund', 'policy reach --deputies --for customer'],
  calls: ['GET /v1/policies/reach'],
  async run(context, call) {
    const deputies = call.flag('deputies');
    const asked = given({ tool: call.text('tool'), from: call.text('from'), initiator: call.text('for') });
    const found = await context
      .client()
      .policies.reach({ ...asked, ...(deputies && { deputies: 'true' as const }) }, { signal: context.signal });
    if (!found.complete) context.hint('There are more ways than were followed: ask for one agent with --from.');
    const columns = [
      member('from'),
      { title: 'WAY', value: (row: Row) => wayOf(row as unknown as Path) },
      member('tool'),
      { title: 'PROVIDED', value: (row: Row) => (row as unknown as Path).provided.join(', ') },
      { title: 'LACKING', value: (row: Row) => (row as unknown as Path).lacking.join(' ') },
    ];
    const id = (row: Row): string => [row['from'], row['at'], row['tool']].map(String).join('/');
    const empty = deputies ? 'No agent gets done by another what it may not do itself.' : 'No agent reaches it.';
    const output = { kind: 'list', rows: found.data.map(asRow), columns, id, empty } as const;
    return deputies && found.data.length > 0 ? { output, exit: 'failed' } : { output };
  },
};

/** `itself`, or who it goes through: `orders > billing*`, a service with a star. */
function wayOf({ steps }: Path): string {
  if (steps.length === 0) return 'itself';
  return steps.map(({ to, mode }) => (mode === 'service' ? `${to}*` : to)).join(' > ');
}

export const REACH_COMMANDS: readonly Command[] = [reach];
