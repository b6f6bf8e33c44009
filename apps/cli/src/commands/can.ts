import type { Json, JsonObject } from '@writ/kernel';
import { usage } from '../cli-error';
import type { Command, Context, Given, Option } from '../command';
import { members } from '../output/output';
import { explanationText } from './explain-text';
import { given, readJsonObject } from './read-value';
import { asRow } from './rows';

const ACT: readonly Option[] = [
  { flags: '--action <action>', description: 'what would be done, such as tool.invoke' },
  { flags: '--resource <object>', description: 'with what, such as tool:refund' },
  { flags: '--touches <thing>', description: 'the business object it touches, such as order:#W1' },
  { flags: '--args <json>', description: 'its arguments: JSON, @file or -' },
  {
    flags: '--value <name=value>',
    description: 'a value that conditions read, such as order.owner=user:ann',
    many: true,
  },
];

/** `tool:refund` in its two parts. */
function thing(option: string, text: string | undefined): { type: string; id: string } | undefined {
  if (text === undefined) return undefined;
  const colon = text.indexOf(':');
  if (colon > 0 && colon < text.length - 1) return { type: text.slice(0, colon), id: text.slice(colon + 1) };
  throw usage(`${option} names no thing.`, `It is "${text}".`, 'Give a kind and a name: tool:refund.');
}

function values(pairs: readonly string[]): { [name: string]: Json } | undefined {
  if (pairs.length === 0) return undefined;
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 1)
        throw usage('--value is no value.', `It is "${pair}".`, 'Give a name and a value: order.owner=user:ann.');
      return [pair.slice(0, equals), valueOf(pair.slice(equals + 1))];
    }),
  );
}

/** JSON where it is a number, a truth or a list; everything else is text. */
function valueOf(text: string): Json {
  if (!/^(-?\d|true$|false$|null$|\[)/.test(text)) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

async function actOf(context: Context, call: Given) {
  const [action, object] = [call.text('action'), thing('--resource', call.text('resource'))];
  if (action === undefined || object === undefined) {
    throw usage(
      'Nothing was asked about.',
      `${action === undefined ? '--action' : '--resource'} is missing.`,
      'Say what with what: --action tool.invoke --resource tool:refund.',
    );
  }
  const text = call.text('args');
  const args: JsonObject | undefined =
    text === undefined ? undefined : await readJsonObject(context.io, '--args', text);
  const resource = thing('--touches', call.text('touches'));
  return { action, object, ...given({ resource, args, attributes: values(call.many('value')) }) };
}

const can: Command = {
  name: 'can',
  summary: 'Ask whether somebody may do something, and why',
  description: 'Nothing is done and nothing recorded. Exits 5 when it would be refused, 6 when people would be asked.',
  options: [
    { flags: '--for <somebody>', description: 'whom it is for: user:…, service:… or agent:…' },
    { flags: '--role <role>', description: 'a role they hold by a credential', many: true },
    { flags: '--agent <agent>', description: 'the agent acting; several, first to current', many: true },
    ...ACT,
    { flags: '--list', description: 'everything they may do instead: yours, when nobody is named' },
  ],
  examples: [
    'can --for user:ann --agent orders --action tool.invoke --resource tool:refund --args \'{"amount": 40}\'',
    'can --for user:ann --action run.start --resource workflow:desk',
    'can --for agent:orders --list',
    'can --role customer --list',
  ],
  calls: ['POST /v1/explain', 'GET /v1/permissions'],
  async run(context, call) {
    const [agent] = call.many('agent');
    const who = call.text('for') ?? (agent === undefined ? undefined : `agent:${agent}`);
    const { decisions } = context.client();
    if (call.flag('list')) {
      const holders = call.many('role').map((role) => (role.startsWith('role:') ? role : `role:${role}`));
      // Roles without a name are asked about alone; nobody's own rules are meant then.
      const subjects = who === undefined && holders.length > 0 ? holders : [who, ...holders];
      const asked = subjects.map((subject) => decisions.permissions(given({ subject }), { signal: context.signal }));
      const found = await Promise.all(asked);
      // A rule that speaks of everybody speaks of each of them.
      const rules = new Map(found.flatMap(({ data }) => data.map((rule) => [rule.rid, rule] as const)));
      const columns = members('effect', 'action', 'object', 'condition', 'obligations', 'rid');
      const empty = `No rule speaks of ${found.map(({ subject }) => subject).join(' or ')}; silence denies.`;
      const rows = [...rules.values()].map(asRow);
      return { output: { kind: 'list', rows, columns, id: (row) => String(row['rid']), empty } };
    }
    if (who === undefined) {
      throw usage('Nobody was named.', '--for is missing.', 'Say for whom: --for user:ann, or --agent orders.');
    }
    const roles = call.many('role');
    const body = {
      initiator: who,
      // An agent that is asked about alone acts in its own name.
      chain: call.text('for') === undefined ? [] : [...call.many('agent')],
      ...(await actOf(context, call)),
      ...(roles.length > 0 && { roles: [...roles] }),
    };
    const explained = await decisions.can(body, { signal: context.signal });
    const { verdict } = explained.decision;
    const exit = verdict === 'allow' ? 'ok' : verdict === 'ask' ? 'waiting' : 'refused';
    const text = explanationText(context, explained);
    return { output: { kind: 'one', row: asRow(explained), id: verdict, text }, exit };
  },
};

const whoCan: Command = {
  name: 'who-can',
  summary: 'List who may do something, and by what',
  description:
    'Those the policy or a key names, and the roles and patterns of its rules. An agent’s line is the most it may: it never exceeds whom it acts for.',
  options: ACT,
  examples: [
    'who-can --action tool.invoke --resource tool:refund',
    'who-can --action tool.invoke --resource tool:refund --touches order:#W1 --value order.owner=user:ann',
  ],
  calls: ['POST /v1/who-can'],
  async run(context, call) {
    const { data } = await context.client().decisions.whoCan(await actOf(context, call), { signal: context.signal });
    const columns = [
      ...members('subject', 'verdict'),
      { title: 'BY', value: (row: object) => ways((row as { paths?: readonly (readonly string[])[] }).paths ?? []) },
      ...members('when'),
    ];
    const empty = 'Nobody may: no rule grants it to anybody known.';
    return { output: { kind: 'list', rows: data.map(asRow), columns, id: (row) => String(row['subject']), empty } };
  },
};

const ways = (paths: readonly (readonly string[])[]): string =>
  paths.map((path) => path.slice(1).join(' → ')).join(', ');

export const CAN_COMMANDS: readonly Command[] = [can, whoCan];
