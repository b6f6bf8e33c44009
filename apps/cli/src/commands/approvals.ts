import type { Command, Context, Given } from '../command';
import { member, members, type Row } from '../output/output';
import { Paint } from '../output/paint';
import { first, given, readJsonObject, wholeNumber } from './read-value';
import { asRow, asRows } from './rows';

const APPROVAL = { usage: '<approval>', description: 'id of the request, apr_…, from `writ approvals list`' };
const COMMENT = { flags: '--comment <text>', description: 'why, for the record; some policies require it' };

interface Requirement {
  readonly of: number;
  readonly by: readonly string[];
  readonly roles: readonly string[];
  readonly initiator: boolean;
  readonly proof_within_ms: number | null;
}

/** `1 of 2 payments`. */
function quorum(row: Row): string {
  const requirements = (row['requirements'] ?? []) as unknown as readonly Requirement[];
  return requirements
    .map(({ of, by, roles, initiator, proof_within_ms: proof }) => {
      const who = initiator ? 'the initiator' : roles.length > 0 ? roles.join('/') : 'anybody';
      return `${by.length} of ${of} ${who}${proof === null ? '' : ' with a fresh proof'}`;
    })
    .join(', ');
}

const list: Command = {
  name: 'approvals list',
  summary: 'List what people are asked, soonest to expire first',
  description:
    'Lists what people are asked; by default what waits for you. A query is fields and words: status:rejected agent:refund* target:pay* requested:>-24h.',
  options: [
    { flags: '--all', description: 'also what others decide, and what was settled' },
    { flags: '--query <query>', description: "only requests that fit, such as 'is:open role:payments'" },
    {
      flags: '--sort <order>',
      description: 'by end, request or settlement',
      choices: ['expires', '-requested', 'requested', '-resolved'],
    },
    { flags: '--limit <count>', description: 'how many at most (50)' },
  ],
  examples: ['approvals list', `approvals list --all --query 'status:rejected target:pay*' -o json`],
  calls: ['GET /v1/approvals'],
  run(context, call) {
    const limit = wholeNumber('--limit', call.text('limit')) ?? 50;
    const query = {
      ...given({ filter: call.text('query'), sort: call.text('sort') as 'expires' | undefined }),
      waiting_on: call.flag('all') ? ('anybody' as const) : ('me' as const),
      limit: Math.min(limit, 200),
    };
    const found = context.client().approvals.list(query, { signal: context.signal });
    const votes = { title: 'VOTES', value: quorum };
    const columns = [...members('id', 'status', 'target', 'agent'), votes, member('expires_at'), member('sentence')];
    const empty = call.flag('all') ? 'Nothing was asked.' : 'Nothing waits for you.';
    return Promise.resolve({
      output: { kind: 'list', rows: asRows(first(found, limit)), columns, id: (row) => String(row['id']), empty },
    });
  },
};

const count: Command = {
  name: 'approvals count',
  summary: 'Say how much waits for you',
  examples: ['approvals count', 'approvals count -o json'],
  calls: ['GET /v1/approvals/count'],
  async run(context) {
    const row = asRow(await context.client().approvals.count({ signal: context.signal }));
    return { output: { kind: 'one', row, id: String(row['waiting_on_me']) } };
  },
};

/** The request as people read it: what is asked, with which arguments, why, and who has said what. */
function shown(context: Context, row: Row): string {
  const paint = new Paint(context.io);
  const field = (name: string, text: string): string => `  ${paint.dim(name.padEnd(11))} ${text}`;
  const rules = (row['rules'] ?? []) as unknown as readonly { readonly words: string; readonly rid: string }[];
  const votes = (row['votes'] ?? []) as unknown as readonly {
    readonly voter: string;
    readonly verdict: string;
    readonly comment: string;
  }[];
  const original = row['original_args'];
  const lines = [
    String(row['sentence']),
    '',
    field('status', `${String(row['status'])}${row['reason'] === null ? '' : ` (${String(row['reason'])})`}`),
    field('arguments', JSON.stringify(row['args'])),
    ...(original === null ? [] : [field('asked with', JSON.stringify(original))]),
    field('why', String(row['why'])),
    ...rules.map(({ words, rid }) => field('rule', `${words} (${rid})`)),
    field('votes', quorum(row)),
    ...votes.map(({ voter, verdict, comment }) => field('', `${verdict} by ${voter}${comment && `: ${comment}`}`)),
    field('expires', String(row['expires_at'])),
    ...(row['run'] === null ? [] : [field('run', String(row['run']))]),
    ...ofAccess(row['access']).map(([name, text]) => field(name, text)),
    '',
  ];
  if (row['status'] === 'pending') {
    const id = String(row['id']);
    const barred = row['barred'];
    lines.push(
      barred === null
        ? `You may decide: writ approvals approve ${id}, or writ approvals reject ${id}`
        : `You may not decide it: ${String(barred)}`,
      '',
    );
  }
  return lines.join('\n');
}

interface Access {
  readonly enforcer: string;
  readonly reason: string;
  readonly good_until: string | null;
}

/** Of a request for access to a thing of an application. */
function ofAccess(value: unknown): readonly (readonly [string, string])[] {
  if (value === null || value === undefined) return [];
  const { enforcer, reason, good_until: until } = value as Access;
  return [
    ['asked by', enforcer],
    ...(reason === '' ? [] : [['because', reason] as const]),
    ...(until === null ? [] : [['good until', until] as const]),
  ];
}

const show: Command = {
  name: 'approvals show',
  summary: 'Show one request: what is asked, why, and who may decide',
  args: [APPROVAL],
  examples: ['approvals show apr_01k8x0q3wsf5z8k2m4n6p8r0t7'],
  calls: ['GET /v1/approvals/{id}'],
  async run(context, call) {
    const row = asRow(await context.client().approvals.get(call.arg(0), { signal: context.signal }));
    return { output: { kind: 'one', row, id: call.arg(0), text: shown(context, row) } };
  },
};

type Said = Promise<{ readonly approval: string; readonly status: string; readonly counted: boolean }>;

const answered = async (context: Context, said: Said) => {
  const answer = await said;
  if (!answer.counted) context.hint('It was settled, or you had said so, before.');
  else if (answer.status === 'pending') context.hint('Kept. More people have to agree.');
  return { output: { kind: 'one' as const, row: asRow(answer), id: answer.approval } };
};

const comment = (call: Given) => given({ comment: call.text('comment') });

const approve: Command = {
  name: 'approvals approve',
  summary: 'Vote for a request',
  description:
    'Votes for a request. The vote that completes the quorum settles it; the act is decided again before it happens.',
  args: [APPROVAL],
  options: [COMMENT],
  examples: ['approvals approve apr_01k8x0q3wsf5z8k2m4n6p8r0t7 --comment "checked with the customer"'],
  calls: ['POST /v1/approvals/{id}/approve'],
  run: (context, call) =>
    answered(context, context.client().approvals.approve(call.arg(0), comment(call), { signal: context.signal })),
};

const reject: Command = {
  name: 'approvals reject',
  summary: 'Reject a request',
  description: 'Rejects a request. One rejection settles it, whoever voted for it.',
  args: [APPROVAL],
  options: [COMMENT],
  examples: ['approvals reject apr_01k8x0q3wsf5z8k2m4n6p8r0t7 --comment "the amount is wrong"'],
  calls: ['POST /v1/approvals/{id}/reject'],
  run: (context, call) =>
    answered(context, context.client().approvals.reject(call.arg(0), comment(call), { signal: context.signal })),
};

const revoke: Command = {
  name: 'approvals revoke',
  summary: 'Take back what was granted and not used up',
  description:
    'Takes back what was granted and not used up: the act needs another approval, and access it gave to an application ends.',
  args: [APPROVAL],
  options: [COMMENT],
  examples: ['approvals revoke apr_01k8x0q3wsf5z8k2m4n6p8r0t7 --comment "the customer withdrew"'],
  calls: ['POST /v1/approvals/{id}/revoke'],
  run: (context, call) =>
    answered(context, context.client().approvals.revoke(call.arg(0), comment(call), { signal: context.signal })),
};

const edit: Command = {
  name: 'approvals edit',
  summary: 'Approve a request with other arguments',
  description:
    'Approves a request with other arguments, where the policy lets you. They are checked and decided again, and are a request of their own, which this is the first vote for.',
  args: [APPROVAL],
  options: [
    { flags: '--args <json>', description: 'all the arguments: JSON, @file, or - for standard input' },
    COMMENT,
  ],
  examples: [
    `approvals edit apr_01k8x0q3wsf5z8k2m4n6p8r0t7 --args '{"order": "W1001", "amount": "600.00"}' --comment "no shipping"`,
  ],
  calls: ['POST /v1/approvals/{id}/edit'],
  async run(context, call) {
    const args = await readJsonObject(context.io, '--args', call.text('args') ?? '');
    const body = { args, ...comment(call) };
    return answered(context, context.client().approvals.edit(call.arg(0), body, { signal: context.signal }));
  },
};

const say: Command = {
  name: 'approvals comment',
  summary: 'Say something about a request without deciding',
  args: [APPROVAL, { usage: '<text>', description: 'what to say' }],
  examples: ['approvals comment apr_01k8x0q3wsf5z8k2m4n6p8r0t7 "does the customer know?"'],
  calls: ['POST /v1/approvals/{id}/comment'],
  run: (context, call) =>
    answered(
      context,
      context.client().approvals.comment(call.arg(0), { comment: call.arg(1) }, { signal: context.signal }),
    ),
};

export const APPROVAL_COMMANDS: readonly Command[] = [list, count, show, approve, reject, revoke, edit, say];
