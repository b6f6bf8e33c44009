import type { Command } from '../command';
import { member, members, type Row } from '../output/output';
import { waitForRun } from './follow';
import { given, wholeNumber } from './read-value';
import { asRow } from './rows';

const fork: Command = {
  name: 'runs fork',
  summary: 'Start a run that goes on from an event of another',
  description:
    'Starts a run with the past of another, up to an event. Nothing is sent unless --live is given: each step is then given back what is on record for it.',
  args: [{ usage: '<run>', description: 'id of the run to fork, run_…' }],
  options: [
    { flags: '--at <event>', description: 'number of the last event to share, from `writ runs tail --no-follow`' },
    { flags: '--step <step>', description: 'in place of --at: the first step to be done again' },
    { flags: '--live', description: 'do what follows, decided anew; needs run.fork_live' },
    { flags: '--reason <text>', description: 'why, for the record' },
    { flags: '--wait', description: 'wait for the end; exit code 1 unless it succeeded' },
    { flags: '--timeout <seconds>', description: 'with --wait: give up after this time, with exit code 9' },
    { flags: '--idempotency-key <key>', description: 'forking twice with one key forks once' },
  ],
  examples: [
    'runs fork run_01k8x0q3wsf5z8k2m4n6p8r0t2 --step 3 --wait',
    'runs fork run_01k8x0q3wsf5z8k2m4n6p8r0t2 --at 12 --live --reason "the supplier is back"',
  ],
  calls: ['POST /v1/runs/{id}/fork'],
  async run(context, call) {
    const body = {
      ...given({ at: wholeNumber('--at', call.text('at'), 0), step: wholeNumber('--step', call.text('step')) }),
      effects: call.flag('live') ? ('live' as const) : ('stubbed' as const),
      reason: call.text('reason') ?? 'forked with the command line',
    };
    const key = call.text('idempotencyKey');
    const forked = await context.client().runs.fork(call.arg(0), body, {
      signal: context.signal,
      ...(key === undefined ? {} : { idempotencyKey: key }),
    });
    if (call.flag('wait')) return waitForRun(context, forked.id, wholeNumber('--timeout', call.text('timeout')));
    context.hint(`Compare the two with: writ runs diff ${call.arg(0)} ${forked.id}`);
    return { output: { kind: 'one', row: asRow(forked), id: forked.id } };
  },
};

const diff: Command = {
  name: 'runs diff',
  summary: 'Compare two runs step by step',
  args: [
    { usage: '<run>', description: 'id of the first run' },
    { usage: '<other>', description: 'id of the second run' },
  ],
  options: [{ flags: '--all', description: 'also the steps in which they do not differ' }],
  examples: ['runs diff run_01k8x0q3wsf5z8k2m4n6p8r0t2 run_01k8x0q3wsf5z8k2m4n6p8r0t9'],
  calls: ['GET /v1/runs/diff'],
  async run(context, call) {
    const found = await context.client().runs.diff({ a: call.arg(0), b: call.arg(1) }, { signal: context.signal });
    const parts = found.steps.filter(({ a, b, differs }) => a === null || b === null || differs.length > 0);
    const steps = call.flag('all') ? found.steps : parts;
    const words = [
      found.same_input ? null : 'other input',
      ...found.definitions.map(({ kind, name }) => `another version of ${kind} ${name}`),
      found.same_output ? null : 'other output',
    ].filter((word) => word !== null);
    if (words.length > 0) context.hint(`They have: ${words.join(', ')}.`);
    const columns = [
      ...members('path', 'kind', 'target'),
      { title: 'FIRST', value: (row: Row) => sideOf(row, 'a') },
      { title: 'SECOND', value: (row: Row) => sideOf(row, 'b') },
      member('differs'),
    ];
    return {
      output: {
        kind: 'list',
        rows: steps.map(asRow),
        columns,
        id: (row) => String(row['path']),
        empty: 'They do not differ.',
      },
    };
  },
};

/** `ok`, or `denied: initiator_not_granted`, and where it is from. */
function sideOf(row: Row, name: 'a' | 'b'): string {
  const side = row[name] as { outcome: string; reason: string; stubbed: boolean; inherited: boolean } | null;
  if (side === null || side === undefined) return '–';
  const how = side.outcome === 'ok' ? 'ok' : `${side.outcome}: ${side.reason}`;
  return side.inherited ? `${how} (taken over)` : side.stubbed ? `${how} (stubbed)` : how;
}

export const RUN_FORK_COMMANDS: readonly Command[] = [fork, diff];
