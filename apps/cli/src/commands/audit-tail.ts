import type { Command } from '../command';
import { member, type Row } from '../output/output';
import { first, given, wholeNumber } from './read-value';
import { asRow } from './rows';

const tail: Command = {
  name: 'audit tail',
  summary: 'Print the evidence as it is sealed',
  description: 'Prints the events of the log as they are sealed, from now on or from a number on, until Ctrl-C.',
  options: [
    { flags: '--query <query>', description: "only events that fit, such as 'decision:deny agent:refund*'" },
    { flags: '--after <index>', description: 'begin after this event of the log; from now on by default' },
    { flags: '--limit <count>', description: 'end after so many' },
  ],
  examples: [`audit tail --query decision:deny --limit 1`, `audit tail --query 'type:run.*' -o ndjson`],
  calls: ['GET /v1/events'],
  async run(context, call) {
    const limit = wholeNumber('--limit', call.text('limit')) ?? Infinity;
    const query = given({ filter: call.text('query'), after: wholeNumber('--after', call.text('after'), 0) });
    const stream = context.client().events.stream(query, { signal: context.signal });
    async function* events(): AsyncGenerator<Row> {
      for await (const item of stream) {
        if (item.kind === 'event') yield asRow(item.event);
        if (item.kind === 'gap') context.hint('The log was opened anew; its events follow from the first.');
      }
    }
    const columns = [
      { title: 'INDEX', value: (row: Row) => String((row['view'] as { index?: number } | undefined)?.index ?? '') },
      member('time'),
      member('type'),
      {
        title: 'EVENT',
        value: (row: Row) => String((row['view'] as { sentence?: string } | undefined)?.sentence ?? ''),
      },
    ];
    const rows = first(events(), limit);
    // A terminal's table is drawn whole; events are to be seen as they come.
    if (context.format === 'table' && context.io.terminal) {
      for await (const row of rows) context.io.out(`${columns.map(({ value }) => value(row)).join('  ')}\n`);
      return {};
    }
    return { output: { kind: 'list', rows, columns, id: (row) => String(row['id']), empty: 'No events.' } };
  },
};

export const AUDIT_TAIL_COMMANDS: readonly Command[] = [tail];
