import { usage } from '../cli-error';
import type { Command } from '../command';
import { members } from '../output/output';
import { given } from './read-value';
import { asRow, asRows } from './rows';

const COLUMNS = members('id', 'state', 'absent', 'deputy', 'from', 'until', 'reason');

const list: Command = {
  name: 'approvals stand-ins',
  summary: 'List who decides in whose place',
  options: [{ flags: '--all', description: 'also what is over' }],
  examples: ['approvals stand-ins', 'approvals stand-ins --all -o json'],
  calls: ['GET /v1/stand-ins'],
  run(context, call) {
    const query = { state: call.flag('all') ? ('all' as const) : ('current' as const) };
    const rows = asRows(context.client().standIns.list(query, { signal: context.signal }));
    const empty = 'Everybody decides for themselves.';
    return Promise.resolve({
      output: { kind: 'list', rows, columns: COLUMNS, id: (row) => String(row['id']), empty },
    });
  },
};

const away: Command = {
  name: 'approvals away',
  summary: 'Let somebody decide in your place while you are away',
  description:
    'The deputy may decide what you may, by your right and counted as you; not what is asked for you. It ends by itself.',
  args: [{ usage: '<deputy>', description: 'who decides in your place, such as user:ben' }],
  options: [
    { flags: '--until <time>', description: 'when you are back: RFC 3339, such as 2026-11-30T08:00:00Z' },
    { flags: '--from <time>', description: 'when you leave (now)' },
    { flags: '--for <person>', description: 'somebody else who is away; takes the right to speak for them' },
    { flags: '--reason <text>', description: 'why, for the record' },
  ],
  examples: [
    'approvals away user:ben --until 2026-11-30T08:00:00Z --reason "on leave"',
    'approvals away user:ben --for user:ann --until 2026-11-30T08:00:00Z --reason "ann is ill"',
  ],
  calls: ['POST /v1/stand-ins'],
  async run(context, call) {
    const until = call.text('until');
    if (until === undefined) {
      throw usage(
        'Nobody knows when you are back.',
        '--until is missing.',
        'Give a time: --until 2026-11-30T08:00:00Z.',
      );
    }
    const body = {
      deputy: call.arg(0),
      until,
      reason: call.text('reason') ?? 'away',
      ...given({ from: call.text('from'), absent: call.text('for') }),
    };
    const made = await context.client().standIns.set(body, { signal: context.signal });
    return { output: { kind: 'one', row: asRow(made), id: made.id } };
  },
};

const back: Command = {
  name: 'approvals back',
  summary: 'End that somebody decides in another’s place',
  args: [{ usage: '<stand-in>', description: 'id of it, sub_…, from `writ approvals stand-ins`' }],
  options: [{ flags: '--reason <text>', description: 'why, for the record' }],
  examples: ['approvals back sub_01k8x0q3wsf5z8k2m4n6p8r0t8 --reason "back earlier"'],
  calls: ['POST /v1/stand-ins/{id}/end'],
  async run(context, call) {
    const reason = call.text('reason') ?? 'back';
    const ended = await context.client().standIns.end(call.arg(0), { reason }, { signal: context.signal });
    return { output: { kind: 'one', row: asRow(ended), id: ended.id } };
  },
};

export const STAND_IN_COMMANDS: readonly Command[] = [list, away, back];
