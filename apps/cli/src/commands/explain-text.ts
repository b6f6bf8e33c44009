import type { ResponseOf } from '@writ/contract';
import type { Context } from '../command';
import { Paint } from '../output/paint';

export type Explained = ResponseOf<'explainDecision'>;

interface Stage {
  readonly stage?: string;
  readonly subject?: string;
  readonly verdict?: string;
  readonly explicit?: boolean;
  readonly matches?: readonly {
    readonly rid?: string;
    readonly effect?: string;
    readonly error?: string;
    readonly read?: { readonly [path: string]: unknown };
  }[];
}

/** Why a stage ended as it did when no rule spoke. */
function unsaid({ verdict, explicit }: Stage): string {
  if (explicit) return '';
  return verdict === 'allow' ? 'nothing forbids it' : 'no rule speaks of it';
}

const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The values a rule read; what came of its clauses is told by the rule itself. */
function values(stage: Stage): string[] {
  const read = (stage.matches ?? []).flatMap((match) => Object.entries(match.read ?? {}));
  const told = read.filter(([, value]) => typeof value !== 'boolean' && value !== 'error');
  return [...new Map(told)].map(([path, value]) => `${path} is ${plain(value)}`);
}

/** The decision as people read it: the sentence, each stage with the rules that spoke, and what was nearly enough. */
export function decisionText(context: Context, decision: Explained['decision']): string[] {
  const paint = new Paint(context.io);
  const object = decision.object as { readonly type?: string; readonly id?: string };
  const asked = `${decision.action} on ${object.type ?? 'something'} ${object.id ?? ''}`.trimEnd();
  const how = decision.verdict !== 'deny' ? [] : [decision.explicit ? 'a rule or a stop says no' : 'no rule says yes'];
  const lines = [
    decision.sentence,
    '',
    `  ${paint.dim('asked')}       ${asked}${how.length > 0 ? paint.dim(`  (${how[0]})`) : ''}`,
  ];
  for (const stage of decision.stages as unknown as readonly Stage[]) {
    const rules = (stage.matches ?? []).map(
      (match) => `${match.effect} by ${match.rid}${match.error ? ' (error)' : ''}`,
    );
    const why = [...(rules.length > 0 ? rules : [unsaid(stage)]), ...values(stage)].join(', ');
    const verdict = paint.standing(stage.verdict ?? '');
    lines.push(`  ${(stage.stage ?? '').padEnd(11)} ${verdict}  ${stage.subject ?? ''}  ${paint.dim(why)}`.trimEnd());
  }
  const misses = decision.near_misses as unknown as readonly { readonly rid?: string; readonly missing?: string }[];
  if (misses.length > 0) lines.push('', 'Nearly:', ...misses.map((miss) => `  ${miss.rid}  ${miss.missing}`));
  return lines;
}

/** Everything about it: who acts by whose right, what would allow it, who could approve. */
export function explanationText(context: Context, explained: Explained): string {
  const { decision, now, chain, needs, remedies, approvers } = explained;
  const paint = new Paint(context.io);
  const lines = decisionText(context, decision);
  const paths = chain.flatMap(({ subject, part, mode, asked, paths: ways }, index) => {
    // The first agent was passed on to by nobody.
    const isStray = mode === null && part === 'agent' && index > 1;
    const how = isStray
      ? paint.dim(` (no rule lets ${chain[index - 1]?.subject} pass on to it)`)
      : mode === null
        ? ''
        : paint.dim(` (${mode})`);
    if (!asked) return [`  ${subject}${how}  ${paint.dim('not asked')}`];
    return ways.length === 0
      ? [`  ${subject}${how}  ${paint.dim('no rule')}`]
      : ways.map((way) => `  ${way.join(' → ')}${how}`);
  });
  if (paths.length > 0) lines.push('', 'By whose right:', ...paths);
  if (needs.length > 0) {
    lines.push('', 'Not known:', ...needs.map(({ name, resource }) => `  ${name} of ${resource.type} ${resource.id}`));
  }
  if (remedies.length > 0) lines.push('', 'What would allow it:', ...remedies.map(({ sentence }) => `  ${sentence}`));
  for (const { count, roles, people } of approvers) {
    const of = roles.length === 0 ? '' : ` with the role ${roles.join(' or ')}`;
    const who = people.length === 0 ? 'nobody known here' : people.join(', ');
    lines.push('', `Who could approve: ${count}${of}: ${who}`);
  }
  if (decision.id !== null && now !== null && now.verdict !== decision.verdict) lines.push('', `Now: ${now.sentence}`);
  const id = decision.id === null ? 'nobody asked to do it' : decision.id;
  lines.push('', paint.dim(`${id}  reason ${decision.reason}  policy ${decision.snapshot}`), '');
  return lines.join('\n');
}
