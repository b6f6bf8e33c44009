import type { Command } from '../command';
import { member, members } from '../output/output';
import { first, readJson, wholeNumber } from './read-value';
import { asRow, asRows } from './rows';

const QUESTION = { usage: '<question>', description: 'id of the question, inp_…, from `writ questions list`' };

const list: Command = {
  name: 'questions list',
  summary: 'List what workflows ask people, oldest first',
  options: [
    { flags: '--all', description: 'also what was answered or is not needed any more' },
    { flags: '--limit <count>', description: 'how many at most (50)' },
  ],
  examples: ['questions list', 'questions list --all -o json'],
  calls: ['GET /v1/questions'],
  run(context, call) {
    const limit = wholeNumber('--limit', call.text('limit')) ?? 50;
    const query = { state: call.flag('all') ? ('all' as const) : ('open' as const), limit: Math.min(limit, 200) };
    const found = context.client().questions.list(query, { signal: context.signal });
    const columns = [...members('id', 'status', 'workflow', 'role'), member('question')];
    return Promise.resolve({
      output: {
        kind: 'list',
        rows: asRows(first(found, limit)),
        columns,
        id: (row) => String(row['id']),
        empty: 'Nothing is asked.',
      },
    });
  },
};

const show: Command = {
  name: 'questions show',
  summary: 'Show one question, and the schema its answer must fit',
  args: [QUESTION],
  examples: ['questions show inp_01k8x0q3wsf5z8k2m4n6p8r0t8'],
  calls: ['GET /v1/questions/{id}'],
  async run(context, call) {
    const row = asRow(await context.client().questions.get(call.arg(0), { signal: context.signal }));
    return { output: { kind: 'one', row, id: call.arg(0) } };
  },
};

const answer: Command = {
  name: 'questions answer',
  summary: 'Answer a question; the run goes on with it',
  args: [QUESTION],
  options: [{ flags: '--answer <json>', description: 'what to answer: JSON, @file, or - for standard input' }],
  examples: [`questions answer inp_01k8x0q3wsf5z8k2m4n6p8r0t8 --answer '{"last_four": "4242"}'`],
  calls: ['POST /v1/questions/{id}/answer'],
  async run(context, call) {
    const given = await readJson(context.io, '--answer', call.text('answer') ?? '');
    const taken = await context.client().questions.answer(call.arg(0), { answer: given }, { signal: context.signal });
    return { output: { kind: 'one', row: { id: call.arg(0), ...taken }, id: call.arg(0) } };
  },
};

const note: Command = {
  name: 'runs note',
  summary: 'Tell the agents of a run something, as an operator',
  description:
    'Tells the agents of a run something. They see it with their next turn, as from an operator; it gives no right.',
  args: [
    { usage: '<run>', description: 'id of the run, run_…' },
    { usage: '<text>', description: 'what to tell them' },
  ],
  examples: ['runs note run_01k8x0q3wsf5z8k2m4n6p8r0t2 "the parcel has arrived, do not refund"'],
  calls: ['POST /v1/runs/{id}/note'],
  async run(context, call) {
    const taken = await context.client().runs.note(call.arg(0), { text: call.arg(1) }, { signal: context.signal });
    return { output: { kind: 'one', row: { id: call.arg(0), ...taken }, id: call.arg(0) } };
  },
};

export const QUESTION_COMMANDS: readonly Command[] = [list, show, answer, note];
