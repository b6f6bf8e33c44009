import type { ResponseOf } from '@writ/contract';
import type { JsonObject } from '@writ/kernel';
import { usage } from '../cli-error';
import type { Command, Context, Given } from '../command';
import { members, type Row } from '../output/output';
import { Paint } from '../output/paint';
import { bundleText } from './bundle-text';
import { readConfig } from './config-files';
import { wholeNumber } from './read-value';
import { asRow, asRows } from './rows';

type Comparison = ResponseOf<'comparePolicy'>;

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const REPLAYED = 200;

const show: Command = {
  name: 'policy show',
  summary: 'Print the policy in force, or one of before',
  description:
    'Prints the policy in force, or one the tenant had before, as a bundle: put it into a file policy.yaml of a folder and `writ config apply` takes it. Comments of the files it came from are not part of a policy.',
  args: [{ usage: '[digest]', description: 'sha256:…, as decisions name it; the policy in force by default' }],
  examples: ['policy show', `policy show sha256:${'9c'.repeat(32)}`],
  calls: ['GET /v1/policies/active', 'GET /v1/policies/{digest}'],
  async run(context, call) {
    const { policies } = context.client();
    const digest = call.arg(0);
    const policy =
      digest === ''
        ? (await policies.active({ signal: context.signal })).policy
        : await policies.get(digest, { signal: context.signal });
    return { output: { kind: 'one', row: asRow(policy), id: policy.digest, text: bundleText(policy.bundle) } };
  },
};

const list: Command = {
  name: 'policy list',
  summary: 'List every policy the tenant ever had, newest first',
  examples: ['policy list', 'policy list -o id'],
  calls: ['GET /v1/policies'],
  run(context) {
    const rows = asRows(context.client().policies.list({}, { signal: context.signal }));
    const columns = members('digest', 'active', 'author', 'created_at');
    const id = (row: Row): string => String(row['digest']);
    return Promise.resolve({ output: { kind: 'list', rows, columns, id, empty: 'No policy was ever put in force.' } });
  },
};

interface Other {
  readonly of: { readonly bundle: JsonObject } | { readonly digest: string };
  /** What the folder publishes along with it: `tool:refund`. */
  readonly brings: ReadonlySet<string>;
}

/** The bundle of a folder, or a policy of before, by what was given. */
async function other(given: string): Promise<Other> {
  if (DIGEST.test(given)) return { of: { digest: given }, brings: new Set() };
  const { bundle, documents } = await readConfig(given);
  const brings = new Set(
    documents.map(({ kind, name }) => `${kind === 'router' ? 'agent' : String(kind)}:${String(name)}`),
  );
  if (bundle !== null) return { of: { bundle }, brings };
  throw usage('There is no policy in it.', `"${given}" holds no policy.yaml and no policies/.`, 'Give another folder.');
}

const diff: Command = {
  name: 'policy diff',
  summary: 'Say what the policy of a folder would change',
  description:
    'Compares the policy of a folder, or one of before, with the one in force: what differs in words, what gives anybody more first, and which of the newest decisions of runs would be others. Changes nothing.',
  args: [{ usage: '<policy>', description: 'the folder, as `config apply` takes it; or a digest, sha256:…' }],
  options: [
    {
      flags: '--replay <count>',
      description: `newest decisions to decide again, at most 1000 (${REPLAYED}); 0 for none`,
    },
    { flags: '--detailed-exitcode', description: 'end with the exit code "different" when anything differs' },
  ],
  examples: ['policy diff docs/guides/first-workflow', 'policy diff ./refunds --replay 1000 --detailed-exitcode'],
  calls: ['POST /v1/policies/compare'],
  async run(context, call) {
    const replay = wholeNumber('--replay', call.text('replay'), 0) ?? REPLAYED;
    const { of, brings } = await other(call.arg(0));
    const answer = await context.client().policies.compare({ ...of, replay }, { signal: context.signal });
    // What the folder publishes itself is there by the time its policy is.
    const isBrought = (warning: string): boolean => [...brings].some((name) => warning.includes(` names ${name},`));
    const found = { ...answer, warnings: answer.warnings.filter((warning) => !isBrought(warning)) };
    const exit = call.flag('detailed-exitcode') && found.changes.length > 0 ? ({ exit: 'different' } as const) : {};
    return {
      output: { kind: 'one', row: asRow(found), id: found.digest, text: comparisonText(context, found) },
      ...exit,
    };
  },
};

const SIGNS = { added: '+', removed: '-', changed: '~' } as const;
const LEADS = { more: 'Allows more:', either: 'Depends on what refers to it:', less: 'Allows less:' } as const;

function comparisonText(context: Context, found: Comparison): string {
  const paint = new Paint(context.io);
  if (found.changes.length === 0) return 'It says what the policy in force says.\n';
  const lines: string[] = [];
  for (const leads of ['more', 'either', 'less'] as const) {
    const changes = found.changes.filter((one) => one.leads === leads);
    if (changes.length === 0) continue;
    if (lines.length > 0) lines.push('');
    lines.push(LEADS[leads]);
    for (const { change, words, name, part, before, after } of changes) {
      lines.push(`  ${SIGNS[change]} ${words}${part === 'rule' ? paint.dim(`  (${name})`) : ''}`);
      if (change === 'changed') lines.push(paint.dim(`      was ${before}`), paint.dim(`      is  ${after}`));
    }
  }
  for (const warning of found.warnings) lines.push('', warning);
  if (found.replay) lines.push('', ...replayText(paint, found.replay));
  return `${lines.join('\n')}\n`;
}

function replayText(paint: Paint, replay: NonNullable<Comparison['replay']>): string[] {
  const { replayed, runs, moved, comparable, faithful } = replay;
  if (replayed === 0) return ['No run has decided anything yet that could be decided again.'];
  const lines = [`Of the newest ${replayed} decisions (of ${runs} runs), ${moved.length} would be others.`];
  if (comparable > faithful)
    lines.push(
      `${comparable - faithful} of ${comparable} made under the policy in force are decided otherwise today, facts having changed: read this with care.`,
    );
  for (const { id, before, after, action, target, run } of moved.slice(0, 20)) {
    lines.push(
      `  ${paint.standing(before)} → ${paint.standing(after)}  ${action} ${target}  ${paint.dim(`${id}${run === null ? '' : ` of ${run}`}`)}`,
    );
  }
  if (moved.length > 20) lines.push(`  and ${moved.length - 20} more: -o json has all of them`);
  return lines;
}

const restore: Command = {
  name: 'policy restore',
  summary: 'Put a policy of before in force again',
  description:
    'Puts a policy the tenant had before in force again, whole. Definitions stay as they are. Look first what it changes: `writ policy diff <digest>`.',
  args: [{ usage: '<digest>', description: 'sha256:…, from `writ policy list`' }],
  options: [{ flags: '--dry-run', description: 'check it, change nothing' }],
  examples: [`policy restore sha256:${'9c'.repeat(32)} --dry-run`],
  calls: ['GET /v1/policies/{digest}', 'GET /v1/policies/active', 'POST /v1/config/apply'],
  run: (context, call) => restored(context, call),
};

async function restored(context: Context, call: Given) {
  const client = context.client();
  const { bundle, digest } = await client.policies.get(call.arg(0), { signal: context.signal });
  const { etag } = await client.policies.active({ signal: context.signal });
  const applied = await client.config.apply(
    { documents: [], policy: { bundle }, dry_run: call.flag('dry-run') },
    { signal: context.signal, ifMatch: etag },
  );
  if (applied.dry_run) context.hint('Nothing was changed: --dry-run.');
  else if (applied.policy?.changed === false) context.hint('It was in force already.');
  const row = { dry_run: applied.dry_run, digest, changed: applied.policy?.changed ?? false };
  return { output: { kind: 'one' as const, row, id: row.digest } };
}

export const POLICY_VERSION_COMMANDS: readonly Command[] = [show, list, diff, restore];
