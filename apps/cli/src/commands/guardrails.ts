import type { Json } from '@writ/kernel';
import { usage } from '../cli-error';
import type { Command } from '../command';
import { member, type Row } from '../output/output';
import { given, readText } from './read-value';
import { asRow } from './rows';

const texts = (row: Row, name: string): string => ((row[name] ?? []) as readonly string[]).join(' ');
const list = (title: string, name: string) => ({ title, value: (row: Row) => texts(row, name) });

const listed: Command = {
  name: 'guardrails list',
  summary: 'The guardrails in force',
  description:
    'Lists the checks that content has to pass at the boundaries of agents, and after them what is forbidden absolutely. They are written in the policy under `guardrails`; those of the platform hold for every tenant. What they said is in `writ audit list --type guardrail.checked`.',
  examples: ['guardrails list'],
  calls: ['GET /v1/guardrails'],
  async run(context) {
    const { checks, absolute } = await context.client().guardrails.list({ signal: context.signal });
    const rows = [
      ...checks.map((check) => asRow({ ...check, looks_for: lookedFor(check) })),
      ...absolute.map(({ rid, set_by, actions, objects, when }) =>
        asRow({
          id: rid,
          set_by,
          at: ['every act'],
          agents: ['*'],
          tools: objects,
          looks_for: actions.join(' '),
          then: 'deny',
          when,
        }),
      ),
    ];
    return {
      output: {
        kind: 'list',
        rows,
        columns: [
          member('id'),
          member('set_by'),
          list('AT', 'at'),
          member('looks_for'),
          list('AGENTS', 'agents'),
          list('TOOLS', 'tools'),
          member('then'),
        ],
        id: (row) => String(row['id']),
        empty: 'The policy in force has no guardrails.',
      },
    };
  },
};

/** `detect payment_card iban, 3 words`. */
function lookedFor(check: {
  readonly looks_for: string;
  readonly what: readonly string[];
  readonly words: number;
}): string {
  const what = [check.looks_for, ...check.what].join(' ');
  if (check.looks_for === 'words') return `${check.words} words`;
  return check.words === 0 ? what : `${what}, ${check.words} words`;
}

const tryOut: Command = {
  name: 'guardrails try',
  summary: 'What the guardrails in force would say of some content',
  description:
    'Asks the guardrails of one boundary about a text, or about arguments given as JSON. Nothing is kept, and nobody is asked: a guardrail that asks a tool or a model says `not_asked`. Ends with the exit code of a refusal where the content would not pass.',
  args: [{ usage: '<content>', description: 'a text, a JSON object, @file, or - for standard input' }],
  options: [
    { flags: '--at <boundary>', description: 'input or output (output)' },
    { flags: '--agent <name>', description: 'whose content it is' },
    { flags: '--tool <name>', description: 'at output: the tool it goes to; without one it is the answer of a run' },
    { flags: '--label <label>', description: 'a label that would have entered the run', many: true },
  ],
  examples: ['guardrails try "pay with 4111 1111 1111 1111" --tool mail_send', 'guardrails try @page.txt --at input'],
  calls: ['POST /v1/guardrails/try'],
  async run(context, call) {
    const at = call.text('at') ?? 'output';
    if (at !== 'input' && at !== 'output') {
      throw usage('--at names no boundary.', `It is "${at}".`, 'Say input or output.');
    }
    const tried = await context.client().guardrails.tryOut(
      {
        boundary: at,
        content: contentOf(await readText(context.io, 'The content', call.arg(0))),
        labels: [...call.many('label')],
        ...given({ agent: call.text('agent'), tool: call.text('tool') }),
      },
      { signal: context.signal },
    );
    const said = tried.checks.map(({ guardrail, outcome, what }) => {
      const found = Object.entries(what).map(([kind, value]) => `${value} ${kind}`);
      return `  ${guardrail}: ${outcome.replace('_', ' ')}${found.length === 0 ? '' : ` (${found.join(', ')})`}`;
    });
    const verdict = { allow: 'It would pass', ask: 'People would be asked', deny: 'It would not pass' }[tried.verdict];
    const changed = tried.checks.some(({ outcome }) => outcome === 'redacted');
    const rest = changed ? ['', typeof tried.content === 'string' ? tried.content : JSON.stringify(tried.content)] : [];
    const text = [`${verdict}.`, ...(said.length === 0 ? ['  no guardrail stands there'] : said), ...rest].join('\n');
    const output = { kind: 'one', row: asRow(tried), id: tried.verdict, text: `${text}\n` } as const;
    return { output, exit: tried.verdict === 'allow' ? 'ok' : tried.verdict === 'ask' ? 'waiting' : 'refused' };
  },
};

/** Arguments where it is a JSON object; everything else is a text. */
function contentOf(text: string): Json {
  if (!/^\s*\{/.test(text)) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

export const GUARDRAIL_COMMANDS: readonly Command[] = [listed, tryOut];
