import type { JsonObject } from '@writ/kernel';
import type { ResponseOf } from '@writ/contract';
import { WritError } from '@writ/sdk';
import type { Command, Context } from '../command';
import { member, type Row } from '../output/output';
import { fromWritError } from '../cli-error';
import { faultsByFile, readConfig } from './config-files';
import { asRow } from './rows';

type Applied = ResponseOf<'applyConfig'>;

function* rowsOf(applied: Applied): Generator<Row> {
  for (const document of applied.documents) yield { ...asRow(document), dry_run: applied.dry_run };
  if (applied.policy) yield { kind: 'policy', name: 'policy', ...asRow(applied.policy), dry_run: applied.dry_run };
}

/** The version in force, so that nobody's change in between is lost; null when there is none yet. */
async function inForce(context: Context): Promise<string | null> {
  try {
    return (await context.client().policies.active({ signal: context.signal })).etag;
  } catch (error) {
    if (error instanceof WritError && error.code === 'not_found') return null;
    throw error;
  }
}

/** Whoever wrote a folder knows files, not the order in which they were sent. */
async function byFile<T>(context: Context, places: readonly string[], act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const why = error instanceof WritError ? faultsByFile(error.problem?.errors ?? [], places) : null;
    if (why === null) throw error;
    throw fromWritError(error as WritError, context.url, why);
  }
}

const apply: Command = {
  name: 'config apply',
  summary: 'Publish the definitions of a folder and activate its policy',
  description:
    'Publishes every *.yaml, *.yml and *.json of a folder (agents, workflows, tools, models, budgets) and activates what lies in its folder policies/ (or its policy.yaml), as one transaction: all of it or nothing. The roles the product itself ships stay part of the policy. Applying the same folder again changes nothing.',
  args: [{ usage: '<dir>', description: 'the folder' }],
  options: [{ flags: '--dry-run', description: 'check and compare everything, change nothing' }],
  examples: ['config apply examples/retail --dry-run', 'config apply ./refunds -o json'],
  calls: ['GET /v1/policies/active', 'POST /v1/config/apply'],
  async run(context, call) {
    const config = await readConfig(call.arg(0));
    const etag = config.bundle === null ? null : await inForce(context);
    const applied = await byFile(context, config.places, () =>
      context.client().config.apply(
        {
          documents: [...config.documents] as JsonObject[],
          dry_run: call.flag('dryRun'),
          ...(config.bundle === null ? {} : { policy: { bundle: config.bundle } }),
        },
        { signal: context.signal, ...(etag === null ? {} : { ifMatch: etag }) },
      ),
    );
    if (applied.dry_run) context.hint('Nothing was changed: --dry-run.');
    for (const warning of applied.policy?.warnings ?? []) context.hint(warning);
    const columns = [member('kind'), member('name'), member('version'), member('changed'), member('digest')];
    return {
      output: {
        kind: 'list',
        rows: rowsOf(applied),
        columns,
        id: (row) => String(row['digest']),
        empty: 'Nothing to apply.',
      },
    };
  },
};

const workflows: Command = {
  name: 'config workflows',
  summary: 'List the newest version of each workflow',
  examples: ['config workflows', 'config workflows -o id'],
  calls: ['GET /v1/workflows'],
  run(context) {
    const found = context.client().config.workflows({}, { signal: context.signal });
    async function* rows(): AsyncGenerator<Row> {
      for await (const workflow of found) yield asRow(workflow);
    }
    const columns = ['name', 'version', 'owner', 'purpose', 'created_at'].map((name) => member(name));
    return Promise.resolve({
      output: { kind: 'list', rows: rows(), columns, id: (row) => String(row['name']), empty: 'No workflows.' },
    });
  },
};

export const CONFIG_COMMANDS: readonly Command[] = [apply, workflows];
