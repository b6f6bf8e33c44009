import { VERDICTS } from '@writ/words';
import type { Command } from '../command';
import { members } from '../output/output';
import { first, given, wholeNumber } from './read-value';
import { asRows } from './rows';

const listEvents: Command = {
  name: 'audit list',
  summary: 'Read the evidence, in the order it was recorded',
  description: 'Reads the evidence, in the order it was recorded. Each page read is itself recorded.',
  options: [
    { flags: '--run <run>', description: 'one run, or "tenant" for the tenant’s own stream' },
    { flags: '--type <type>', description: 'only events of this type, such as action.denied' },
    { flags: '--actor <id>', description: 'only acts of this principal' },
    { flags: '--action <action>', description: 'only this action, such as tool.invoke' },
    { flags: '--verdict <verdict>', description: 'only decisions that said so', choices: VERDICTS },
    { flags: '--query <query>', description: "only events that fit, such as 'decision:deny object:pay*'" },
    { flags: '--from <time>', description: 'from this time on, such as -24h, today or 2026-11-22T09:30:00Z' },
    { flags: '--to <time>', description: 'before this time' },
    { flags: '--sort <order>', description: 'oldest or newest first', choices: ['time', '-time'] },
    { flags: '--limit <count>', description: 'how many at most (100)' },
  ],
  examples: [
    'audit list --run run_01k8x0q3wsf5z8k2m4n6p8r0t2',
    'audit list --verdict deny -o ndjson',
    "audit list --query 'decision:deny' --from -24h --sort=-time",
  ],
  calls: ['GET /v1/audit/events'],
  run(context, call) {
    const limit = wholeNumber('--limit', call.text('limit')) ?? 100;
    const query = given({
      run: call.text('run'),
      type: call.text('type'),
      actor: call.text('actor'),
      action: call.text('action'),
      verdict: call.text('verdict') as 'deny' | undefined,
      filter: call.text('query'),
      sort: call.text('sort') as 'time' | undefined,
      from: call.text('from'),
      to: call.text('to'),
    });
    const events = context.client().audit.events({ ...query, limit: Math.min(limit, 200) }, { signal: context.signal });
    const columns = members('time', 'run', 'run_seq', 'type', 'id');
    return Promise.resolve({
      output: {
        kind: 'list',
        rows: asRows(first(events, limit)),
        columns,
        id: (row) => String(row['id']),
        empty: 'No events.',
      },
    });
  },
};

export const AUDIT_COMMANDS: readonly Command[] = [listEvents];
