import type { Command, Context } from '../command';
import { usage } from '../cli-error';
import type { Row } from '../output/output';
import { Paint } from '../output/paint';
import { asRow } from './rows';

interface Stage {
  readonly stage?: string;
  readonly subject?: string;
  readonly verdict?: string;
  readonly explicit?: boolean;
  readonly matches?: readonly { readonly rid?: string; readonly effect?: string; readonly error?: string }[];
}

/** Why a stage ended as it did when no rule spoke. */
function unsaid({ verdict, explicit }: Stage): string {
  if (explicit) return '';
  return verdict === 'allow' ? 'nothing forbids it' : 'no rule speaks of it';
}

/** The decision as people read it: the sentence, each stage with the rules that spoke, and what was nearly enough. */
function explained(context: Context, row: Row): string {
  const paint = new Paint(context.io);
  const object = (row['object'] ?? {}) as { readonly type?: string; readonly id?: string };
  const asked = `${String(row['action'])} on ${object.type ?? 'something'} ${object.id ?? ''}`.trimEnd();
  const lines = [String(row['sentence']), '', `  ${paint.dim('asked')}       ${asked}`];
  for (const stage of (row['stages'] ?? []) as unknown as readonly Stage[]) {
    const rules = (stage.matches ?? []).map(
      (match) => `${match.effect} by ${match.rid}${match.error ? ' (error)' : ''}`,
    );
    const why = rules.length > 0 ? rules.join(', ') : unsaid(stage);
    const verdict = paint.standing(stage.verdict ?? '');
    lines.push(`  ${(stage.stage ?? '').padEnd(11)} ${verdict}  ${stage.subject ?? ''}  ${paint.dim(why)}`.trimEnd());
  }
  const misses = (row['near_misses'] ?? []) as unknown as readonly {
    readonly rid?: string;
    readonly missing?: string;
  }[];
  if (misses.length > 0) lines.push('', 'Nearly:', ...misses.map((miss) => `  ${miss.rid}  ${miss.missing}`));
  lines.push(
    '',
    paint.dim(`${String(row['id'])}  reason ${String(row['reason'])}  policy ${String(row['snapshot'])}`),
    '',
  );
  return lines.join('\n');
}

const explain: Command = {
  name: 'explain',
  summary: 'Explain why something was allowed or refused',
  args: [{ usage: '<decision>', description: 'id of a decision, dec_…, from `writ runs decisions` or an error' }],
  examples: ['explain dec_01k8x0q3wsf5z8k2m4n6p8r0t3', 'explain dec_01k8x0q3wsf5z8k2m4n6p8r0t3 -o json'],
  calls: ['GET /v1/decisions/{id}'],
  async run(context, call) {
    const id = call.arg(0);
    if (!id.startsWith('dec_')) {
      throw usage(
        'That is not a decision.',
        `"${id}" does not begin with dec_.`,
        'List those of a run: writ runs decisions <run>',
      );
    }
    const row = asRow(await context.client().decisions.get(id, { signal: context.signal }));
    return { output: { kind: 'one', row, id, text: explained(context, row) } };
  },
};

export const EXPLAIN_COMMANDS: readonly Command[] = [explain];
