import { usage } from '../cli-error';
import type { Command } from '../command';
import { members, type Row } from '../output/output';
import { casesBeside, readConfig } from './config-files';

/** Loaded when asked for: deciding brings the whole evaluator along. */
const policy = () => require('../local/policy-cases') as typeof import('../local/policy-cases');

const test: Command = {
  name: 'policy test',
  summary: 'Hold the policy of a folder against what it is expected to decide',
  description:
    'Decides each case of a table under the policy of a folder, with the evaluator of the product and without a server. Cases stand in policies/cases/*.yaml, or in policy.cases.yaml beside a policy.yaml; policies/README.md has their grammar. Exit code 1 when one is decided otherwise.',
  args: [{ usage: '<dir>', description: 'the folder, as `config apply` takes it' }],
  options: [{ flags: '--cases <file>', description: 'a table of cases; may be repeated', many: true }],
  examples: ['policy test docs/guides/first-workflow', 'policy test ./refunds --cases more-cases.yaml -o json'],
  async run(context, call) {
    const { bundle } = await readConfig(call.arg(0));
    const files = call.many('cases').length > 0 ? call.many('cases') : casesBeside(call.arg(0));
    if (bundle === null || files.length === 0) {
      throw usage(
        'There is nothing to test.',
        `"${call.arg(0)}" holds ${bundle === null ? 'no policy' : 'no cases'}.`,
        'Write policy.cases.yaml beside policy.yaml, or give --cases <file>.',
      );
    }
    const rows: Row[] = await policy().runCases(bundle, files);
    const failed = rows.filter((row) => row['passed'] !== true).length;
    context.hint(
      failed === 0 ? `${rows.length} cases are decided as expected.` : `${failed} of ${rows.length} are not.`,
    );
    const columns = members('passed', 'case', 'expected', 'got', 'sentence');
    const output = { kind: 'list', rows, columns, id: (row: Row) => String(row['case']), empty: 'No cases.' } as const;
    return failed === 0 ? { output } : { output, exit: 'failed' };
  },
};

export const POLICY_TEST_COMMANDS: readonly Command[] = [test];
