import { readFileSync, writeFileSync } from 'node:fs';
import type { ResponseOf } from '@writ/contract';
import { usage } from '../cli-error';
import type { Command } from '../command';
import { members } from '../output/output';
import { bundleText } from './bundle-text';
import { asRow } from './rows';

type Imported = ResponseOf<'importPolicy'>;

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw usage('A file cannot be read.', (error as Error).message, 'Give the paths of model.conf and policy.csv.');
  }
}

/** The bundle as people edit it, beginning with what differs from the policy it came from. */
function written({ bundle, notes }: Imported): string {
  const remarks = notes.map(
    ({ line, kind, text, why }) => `# ${kind} ${line === null ? 'model' : `line ${line}`}: ${text}: ${why}`,
  );
  return [...remarks.map((line) => line.replaceAll('\n', ' ')), bundleText(bundle)].join('\n');
}

const importPolicy: Command = {
  name: 'policy import',
  summary: 'Carry a Casbin model and policy over into a bundle',
  description:
    'Reads a Casbin model and policy and prints the bundle that means the same here, beginning with what could not be carried over: where no rule says exactly the same, less is granted or more is denied, never the other way round. Changes nothing; put the bundle into policies/ of a folder and run `writ config apply`.',
  args: [
    { usage: '<model>', description: 'the model.conf' },
    { usage: '<policy>', description: 'the policy.csv' },
  ],
  options: [
    { flags: '--domain <domain>', description: 'which domain is meant, where the model has domains' },
    { flags: '--subject-type <type>', description: 'what subjects are called here (user)' },
    { flags: '--resource-type <type>', description: 'what objects are called here (resource)' },
    { flags: '--action <action>', description: 'an action beside those the policy names', many: true },
    { flags: '--out <file>', description: 'write the bundle to a file and print the notes' },
    { flags: '--exact', description: 'end with the exit code "different" unless all was carried over exactly' },
  ],
  examples: [
    'policy import examples/casbin/model.conf examples/casbin/policy.csv',
    'policy import model.conf policy.csv --domain north --out policies/imported.yaml --exact',
  ],
  calls: ['POST /v1/policies/import'],
  async run(context, call) {
    const [domain, subjectType, resourceType] = ['domain', 'subject-type', 'resource-type'].map((name) =>
      call.text(name),
    );
    const imported = await context.client().policies.import(
      {
        model: read(call.arg(0)),
        policy: read(call.arg(1)),
        actions: [...call.many('action')],
        ...(domain === undefined ? {} : { domain }),
        ...(subjectType === undefined ? {} : { subject_type: subjectType }),
        ...(resourceType === undefined ? {} : { resource_type: resourceType }),
      },
      { signal: context.signal },
    );
    const exit = call.flag('exact') && !imported.exact ? ({ exit: 'different' } as const) : {};
    const text = written(imported);
    const out = call.text('out');
    if (out === undefined)
      return { output: { kind: 'one', row: asRow(imported), id: String(imported.rules), text }, ...exit };
    writeFileSync(out, text);
    context.hint(`${imported.rules} rules were written to ${out}.`);
    return {
      output: {
        kind: 'list',
        rows: imported.notes.map((note) => asRow(note)),
        columns: members('line', 'kind', 'text', 'why'),
        id: (row) => String(row['line']),
        empty: 'All was carried over exactly.',
      },
      ...exit,
    };
  },
};

export const POLICY_COMMANDS: readonly Command[] = [importPolicy];
