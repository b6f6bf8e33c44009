import type { Command } from '../command';
import { given, wholeNumber } from './read-value';
import { asRow } from './rows';

const upgrade: Command = {
  name: 'runs upgrade',
  summary: 'Move a run to newer versions of its definitions, or say why it cannot be',
  description:
    'A run keeps the versions it began with. This moves it to newer ones at its next safe moment, if its journal is one that they lead to.',
  args: [{ usage: '<run>', description: 'id of the run, run_…' }],
  options: [
    { flags: '--at <version>', description: 'a version of its workflow; the newest by default' },
    { flags: '--check', description: 'only say what would happen' },
    { flags: '--reason <text>', description: 'why, for the record' },
  ],
  examples: [
    'runs upgrade run_01k8x0q3wsf5z8k2m4n6p8r0t2 --check',
    'runs upgrade run_01k8x0q3wsf5z8k2m4n6p8r0t2 --reason "the prompt was wrong"',
  ],
  calls: ['GET /v1/runs/{id}/upgrade', 'POST /v1/runs/{id}/upgrade'],
  async run(context, call) {
    const run = call.arg(0);
    const version = given({ version: wholeNumber('--at', call.text('at')) });
    if (call.flag('check')) {
      const choice = await context.client().runs.upgradeChoice(run, version, { signal: context.signal });
      return { output: { kind: 'one', row: asRow(choice), id: run } };
    }
    const body = { ...version, reason: call.text('reason') ?? 'upgraded with the command line' };
    const answer = await context.client().runs.upgrade(run, body, { signal: context.signal });
    context.hint('Accepted; the run moves at the next moment at which nothing of it is under way.');
    return { output: { kind: 'one', row: { id: run, ...answer }, id: run } };
  },
};

export const RUN_UPGRADE_COMMANDS: readonly Command[] = [upgrade];
