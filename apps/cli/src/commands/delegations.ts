import type { Command } from '../command';
import { member, members, type Row } from '../output/output';
import { asRow } from './rows';

const list: Command = {
  name: 'runs delegations',
  summary: 'Who gave whom what to do in a run',
  description: 'Lists what agents of a run gave each other to do, for what it is good, and whether it still is.',
  args: [{ usage: '<run>', description: 'id of the run, run_…' }],
  examples: ['runs delegations run_01k8x0q3wsf5z8k2m4n6p8r0t2'],
  calls: ['GET /v1/runs/{id}/delegations'],
  async run(context, call) {
    const { data, under } = await context.client().runs.delegations(call.arg(0), { signal: context.signal });
    if (under.length > 0) context.hint(`The run itself is under ${under.join(', ')}.`);
    const columns = [
      ...members('id', 'state', 'from'),
      { title: 'TO', value: (row: Row) => (row['to'] as unknown as { readonly agent: string }).agent },
      ...members('how', 'mode', 'purpose'),
      { title: 'TOOLS', value: toolsOf },
      { title: 'LABELS', value: labelsOf },
      ...members('depth', 'used'),
      member('expires_at'),
    ];
    const id = (row: Row): string => String(row['id']);
    return {
      output: { kind: 'list', rows: data.map(asRow), columns, id, empty: 'Nobody gave anybody anything to do.' },
    };
  },
};

function toolsOf(row: Row): string {
  const tools = row['tools'] as unknown as readonly { readonly tool: string }[] | null;
  if (tools === null) return 'any';
  return tools.length === 0 ? 'none' : tools.map(({ tool }) => tool).join(' ');
}

function labelsOf(row: Row): string {
  const labels = row['labels'] as unknown as readonly string[] | null;
  return labels === null ? 'any' : labels.length === 0 ? 'none' : labels.join(' ');
}

const revoke: Command = {
  name: 'runs revoke',
  summary: 'Take back what an agent was given to do, and all that hangs from it',
  description:
    'From then on nothing commits that it was given for, in this run or in runs started below. It cannot be undone.',
  args: [
    { usage: '<run>', description: 'id of the run, run_…' },
    { usage: '<delegation>', description: 'id of the delegation, dlg_…, from `writ runs delegations`' },
  ],
  options: [{ flags: '--reason <text>', description: 'why, for the record' }],
  examples: [
    'runs revoke run_01k8x0q3wsf5z8k2m4n6p8r0t2 dlg_01k8x0q3wsf5z8k2m4n6p8r0t4 --reason "sent after the wrong order"',
  ],
  calls: ['POST /v1/runs/{id}/delegations/{delegation}/revoke'],
  async run(context, call) {
    const body = { reason: call.text('reason') ?? 'taken back with the command line' };
    const done = await context
      .client()
      .runs.revoke({ run: call.arg(0), delegation: call.arg(1) }, body, { signal: context.signal });
    return { output: { kind: 'one', row: asRow(done), id: done.id } };
  },
};

export const DELEGATION_COMMANDS: readonly Command[] = [list, revoke];
