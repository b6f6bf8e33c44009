import { WritError } from '@writ/sdk';
import type { Command, Context } from '../command';
import { usage } from '../cli-error';
import { decisionText, explanationText } from './explain-text';
import { asRow } from './rows';

/** The last of a run's decisions that did not simply allow. */
async function lastRefusal(context: Context, run: string): Promise<string> {
  let found: string | null = null;
  for await (const { id, verdict } of context.client().runs.decisions(run, {}, { signal: context.signal })) {
    if (verdict !== 'allow') found = id;
  }
  if (found !== null) return found;
  throw usage(
    'Nothing was refused in this run.',
    'Every decision of it is an allow.',
    `List them: writ runs decisions ${run}`,
  );
}

const explain: Command = {
  name: 'explain',
  summary: 'Explain why something was allowed or refused',
  description:
    'The stages and rules with what they read, by whose right, what would allow it and who could approve. Of a run, the last thing that was refused or asked about.',
  args: [
    {
      usage: '<decision>',
      description: 'id of a decision, dec_…, from `writ runs decisions` or an error; or of a run',
    },
  ],
  examples: ['explain dec_01k8x0q3wsf5z8k2m4n6p8r0t3', 'explain dec_01k8x0q3wsf5z8k2m4n6p8r0t3 -o json'],
  calls: ['GET /v1/decisions/{id}/explanation', 'GET /v1/decisions/{id}', 'GET /v1/runs/{id}/decisions'],
  async run(context, call) {
    const given = call.arg(0);
    if (!/^(dec|run)_/.test(given)) {
      throw usage(
        'That is no decision and no run.',
        `"${given}" does not begin with dec_ or run_.`,
        'List those of a run: writ runs decisions <run>',
      );
    }
    const id = given.startsWith('run_') ? await lastRefusal(context, given) : given;
    const { decisions } = context.client();
    try {
      const explained = await decisions.explain(id, { signal: context.signal });
      return { output: { kind: 'one', row: asRow(explained), id, text: explanationText(context, explained) } };
    } catch (error) {
      // Whoever may not read the policy is still told what they may know of a decision of their own.
      if (!(error instanceof WritError) || (error.code !== 'policy_denied' && error.code !== 'insufficient_scope'))
        throw error;
      const decision = await decisions.get(id, { signal: context.signal });
      const text = [...decisionText(context, decision), '', `reason ${decision.reason}`, ''].join('\n');
      return { output: { kind: 'one', row: asRow({ decision }), id, text } };
    }
  },
};

export const EXPLAIN_COMMANDS: readonly Command[] = [explain];
