import type { JsonObject } from '@writ/kernel';
import { usage } from '../cli-error';
import type { Command, Context, Given } from '../command';
import { members, type Row } from '../output/output';
import { given, readJson, readJsonObject, wholeNumber } from './read-value';
import { asRow, asRows } from './rows';

export const SUBJECT = { usage: '<subject>', description: 'who: type and id, such as user:ann' };
export const RESOURCE = { usage: '<resource>', description: 'what it is done to: type and id, such as record:101' };
export const ACTION = { usage: '<action>', description: 'what is done, a word of the vocabulary of the policy' };
export const CONTEXT = { flags: '--context <json>', description: 'context of the question, @file or -' };
const LIMIT = { flags: '--limit <number>', description: 'at most this many (200)' };

interface Entity {
  readonly type: string;
  readonly id: string;
}

/** `record:101`; everything after the first colon is the id. */
export function entity(text: string): Entity {
  const colon = text.indexOf(':');
  if (colon > 0 && colon < text.length - 1) return { type: text.slice(0, colon), id: text.slice(colon + 1) };
  throw usage('That names nothing.', `"${text}" has no type and id.`, 'Write both with a colon: user:ann.');
}

export const ofContext = async (context: Context, call: Given): Promise<{ context?: JsonObject }> => {
  const text = call.text('context');
  return text === undefined ? {} : { context: await readJsonObject(context.io, '--context', text) };
};

const withProperties = async (context: Context, call: Given, of: { entity: Entity; option: string }) => {
  const text = call.text(of.option);
  if (text === undefined) return of.entity;
  return { ...of.entity, properties: await readJsonObject(context.io, `--${of.option}`, text) };
};

const evaluate: Command = {
  name: 'access evaluate',
  summary: 'Ask whether a subject may do something in an application',
  description: 'Ends with 5 where it may not. The answer names its decision: writ explain <decision>.',
  args: [SUBJECT, ACTION, RESOURCE],
  options: [
    { flags: '--subject-properties <json>', description: 'what the application says of the subject, @file or -' },
    { flags: '--resource-properties <json>', description: 'what the application says of the resource, @file or -' },
    { flags: '--action-properties <json>', description: 'more about the action, @file or -' },
    CONTEXT,
    { flags: '--approval <id>', description: 'an approval that was granted for it, from `writ access task`' },
  ],
  examples: ['access evaluate user:ann view record:101', 'access evaluate user:ann edit record:101 -o json'],
  calls: ['POST /access/v1/evaluation'],
  async run(context, call) {
    const properties = call.text('action-properties');
    const approval = call.text('approval');
    const { context: said } = await ofContext(context, call);
    const question = {
      subject: await withProperties(context, call, { entity: entity(call.arg(0)), option: 'subject-properties' }),
      action: {
        name: call.arg(1),
        ...(properties !== undefined && {
          properties: await readJsonObject(context.io, '--action-properties', properties),
        }),
      },
      resource: await withProperties(context, call, { entity: entity(call.arg(2)), option: 'resource-properties' }),
      ...(said !== undefined && { context: said }),
      ...(approval !== undefined && { context: { ...said, approval: { id: approval } } }),
    };
    const answer = await context.client().access.evaluate(question, { signal: context.signal });
    const id = String(answer.context?.['evaluation_id'] ?? '');
    return {
      output: { kind: 'one', row: asRow(answer), id },
      ...(!answer.decision && { exit: 'refused' as const }),
    };
  },
};

const SEMANTICS = ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'] as const;
type Semantic = (typeof SEMANTICS)[number];

const evaluateAll: Command = {
  name: 'access evaluations',
  summary: 'Ask up to a hundred such questions at once',
  description: 'Ends with 5 where deny_on_first_deny met a no, and where permit_on_first_permit met no yes.',
  args: [{ usage: '<questions>', description: 'a list of {subject, action, resource, context}: JSON, @file or -' }],
  options: [
    {
      flags: '--semantic <semantic>',
      description: 'when to stop asking (execute_all)',
      choices: SEMANTICS,
    },
  ],
  examples: [
    `access evaluations '[{"subject": {"type": "user", "id": "ann"}, "action": {"name": "view"}, "resource": {"type": "record", "id": "101"}}]'`,
  ],
  calls: ['POST /access/v1/evaluations'],
  async run(context, call) {
    const evaluations = await readJson(context.io, '<questions>', call.arg(0));
    if (!Array.isArray(evaluations) || evaluations.length === 0) {
      throw usage('There are no questions.', 'It is JSON, but no array with any.', 'Give [{"subject": …}, …].');
    }
    const semantic = (call.text('semantic') ?? 'execute_all') as Semantic;
    const body = { evaluations: evaluations as JsonObject[], options: { evaluations_semantic: semantic } };
    const answer = await context.client().access.evaluateAll(body, { signal: context.signal });
    const yes = (answer.evaluations ?? []).map(({ decision }) => decision);
    const refused =
      (semantic === 'deny_on_first_deny' && yes.includes(false)) ||
      (semantic === 'permit_on_first_permit' && !yes.includes(true));
    return {
      output: { kind: 'one', row: asRow(answer), id: yes.join(',') },
      ...(refused && { exit: 'refused' as const }),
    };
  },
};

/** Every page of a search, one after the other. */
async function* pages<T extends object>(
  ask: (page: { token?: string }) => Promise<{ results: readonly T[]; page: { next_token: string } }>,
  limit: number,
): AsyncGenerator<T> {
  let left = limit;
  for (let token = ''; ;) {
    const { results, page } = await ask(token === '' ? {} : { token });
    for (const one of results) {
      if (left-- <= 0) return;
      yield one;
    }
    token = page.next_token;
    if (token === '') return;
  }
}

const limitOf = (call: Given): number => wholeNumber('--limit', call.text('limit')) ?? 200;

const listed = (rows: AsyncIterable<object>, columns: readonly string[], empty: string) => ({
  output: {
    kind: 'list' as const,
    rows: asRows(rows),
    columns: members(...columns),
    id: (row: Row) => String(row['id'] ?? row['name']),
    empty,
  },
});

const subjects: Command = {
  name: 'access subjects',
  summary: 'Find the subjects that may do something to a resource',
  args: [{ usage: '<type>', description: 'type of the subjects, such as user' }, ACTION, RESOURCE],
  options: [CONTEXT, LIMIT],
  examples: ['access subjects user view record:101'],
  calls: ['POST /access/v1/search/subject'],
  async run(context, call) {
    const asked = {
      subject: { type: call.arg(0) },
      action: { name: call.arg(1) },
      resource: entity(call.arg(2)),
      ...(await ofContext(context, call)),
    };
    const client = context.client();
    const rows = pages((page) => client.access.subjects({ ...asked, page }, { signal: context.signal }), limitOf(call));
    return listed(rows, ['type', 'id'], 'Nobody whom the directory knows.');
  },
};

const resources: Command = {
  name: 'access resources',
  summary: 'Find the resources to which a subject may do something',
  args: [SUBJECT, ACTION, { usage: '<type>', description: 'type of the resources, such as record' }],
  options: [CONTEXT, LIMIT],
  examples: ['access resources user:ann view record'],
  calls: ['POST /access/v1/search/resource'],
  async run(context, call) {
    const asked = {
      subject: entity(call.arg(0)),
      action: { name: call.arg(1) },
      resource: { type: call.arg(2) },
      ...(await ofContext(context, call)),
    };
    const client = context.client();
    const rows = pages(
      (page) => client.access.resources({ ...asked, page }, { signal: context.signal }),
      limitOf(call),
    );
    return listed(rows, ['type', 'id'], 'Nothing that the directory knows.');
  },
};

const actions: Command = {
  name: 'access actions',
  summary: 'Find what a subject may do to a resource',
  args: [SUBJECT, RESOURCE],
  options: [CONTEXT, LIMIT],
  examples: ['access actions user:ann record:101'],
  calls: ['POST /access/v1/search/action'],
  async run(context, call) {
    const asked = {
      subject: entity(call.arg(0)),
      resource: entity(call.arg(1)),
      ...(await ofContext(context, call)),
    };
    const client = context.client();
    const rows = pages((page) => client.access.actions({ ...asked, page }, { signal: context.signal }), limitOf(call));
    return listed(rows, ['name'], 'Nothing of the vocabulary.');
  },
};

const metadata: Command = {
  name: 'access metadata',
  summary: 'Show where this decision point answers, as AuthZEN has it',
  options: [{ flags: '--tenant <tenant>', description: 'that of one tenant' }],
  examples: ['access metadata', 'access metadata --tenant ten_01k8x0q3wsf5z8k2m4n6p8r0t3 -o json'],
  calls: ['GET /.well-known/authzen-configuration', 'GET /.well-known/authzen-configuration/{tenant}'],
  async run(context, call) {
    const tenant = call.text('tenant');
    const { access } = context.client();
    const options = { signal: context.signal };
    const found = await (tenant === undefined ? access.metadata(options) : access.tenantMetadata(tenant, options));
    return { output: { kind: 'one', row: asRow(found), id: found.policy_decision_point } };
  },
};

const list: Command = {
  name: 'directory list',
  summary: 'List what is known of subjects and resources of applications',
  options: [{ flags: '--type <type>', description: 'only those of this type' }],
  examples: ['directory list', 'directory list --type record -o json'],
  calls: ['GET /v1/directory'],
  run(context, call) {
    const rows = context.client().directory.list(given({ type: call.text('type') }), { signal: context.signal });
    return Promise.resolve(listed(rows, ['type', 'id', 'set_by', 'set_at'], 'The directory is empty.'));
  },
};

const show: Command = {
  name: 'directory show',
  summary: 'Show what is known of a subject or a resource',
  args: [{ usage: '<entry>', description: 'type and id, such as record:101' }],
  examples: ['directory show record:101'],
  calls: ['GET /v1/directory/entry'],
  async run(context, call) {
    const { type, id } = entity(call.arg(0));
    const found = await context.client().directory.get(type, id, { signal: context.signal });
    return { output: { kind: 'one', row: asRow(found), id: `${found.type}:${found.id}` } };
  },
};

/** Entries that one request takes. */
const AT_ONCE = 500;

const set: Command = {
  name: 'directory set',
  summary: 'Say what is known of subjects or resources',
  args: [{ usage: '[entry]', description: 'type and id, such as record:101; with --properties' }],
  options: [
    { flags: '--properties <json>', description: 'all that is known of the entry, @file or -' },
    { flags: '--entries <json>', description: 'a list of {type, id, properties}, @file or -' },
  ],
  examples: [`directory set record:101 --properties '{"owner": "ann"}'`, 'directory set --entries @directory.json'],
  calls: ['POST /v1/directory'],
  async run(context, call) {
    const entries = await entriesOf(context, call);
    const total = { changed: 0, unchanged: 0 };
    for (let from = 0; from < entries.length; from += AT_ONCE) {
      const body = { entries: entries.slice(from, from + AT_ONCE) };
      const done = await context.client().directory.set(body, { signal: context.signal });
      total.changed += done.changed;
      total.unchanged += done.unchanged;
    }
    return { output: { kind: 'one', row: asRow(total), id: String(total.changed) } };
  },
};

type Entries = (Entity & { readonly properties: JsonObject })[];

async function entriesOf(context: Context, call: Given): Promise<Entries> {
  const many = call.text('entries');
  if (many !== undefined) {
    const list = await readJson(context.io, '--entries', many);
    if (Array.isArray(list)) return list as unknown as Entries;
    throw usage('--entries is no list.', 'It is JSON, but no array.', 'Give [{"type": "user", "id": "ann"}].');
  }
  const text = call.text('properties');
  if (call.arg(0) === '' || text === undefined) {
    throw usage(
      'Nothing is said of anything.',
      'There is neither an entry with --properties nor --entries.',
      `Write: writ directory set record:101 --properties '{"owner": "ann"}'`,
    );
  }
  return [{ ...entity(call.arg(0)), properties: await readJsonObject(context.io, '--properties', text) }];
}

const remove: Command = {
  name: 'directory remove',
  summary: 'Forget what is known of a subject or a resource',
  args: [{ usage: '<entry>', description: 'type and id, such as record:101' }],
  examples: ['directory remove record:101'],
  calls: ['POST /v1/directory/remove'],
  async run(context, call) {
    const body = { entries: [entity(call.arg(0))] };
    const done = await context.client().directory.remove(body, { signal: context.signal });
    return { output: { kind: 'one', row: asRow(done), id: String(done.removed) } };
  },
};

export const ACCESS_COMMANDS: readonly Command[] = [
  evaluate,
  evaluateAll,
  subjects,
  resources,
  actions,
  metadata,
  list,
  show,
  set,
  remove,
];
