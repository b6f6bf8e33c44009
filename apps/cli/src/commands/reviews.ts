import type { RequestOf } from '@writ/contract';
import { RISK_TIERS } from '@writ/words';
import { usage } from '../cli-error';
import type { Command, Context } from '../command';
import { member, members } from '../output/output';
import { first, given, wholeNumber } from './read-value';
import { asRow, asRows } from './rows';

type Query = NonNullable<RequestOf<'listReviews'>['query']>;

const REVIEW = { usage: '<review>', description: 'id of the review, rev_…, from `writ reviews list`' };

/** Shows what became of the review that the first argument names. */
const one =
  (ask: (context: Context, id: string) => Promise<object>): Command['run'] =>
  async (context, call) => {
    const id = call.arg(0);
    return { output: { kind: 'one', row: asRow(await ask(context, id)), id } };
  };

const list: Command = {
  name: 'reviews list',
  summary: 'List runs that were drawn for people to look at',
  description: 'What is open, that which is due first; with --state, newest first.',
  options: [
    { flags: '--state <state>', description: 'which (open)', choices: ['open', 'decided', 'all'] },
    { flags: '--tier <tier>', description: 'only runs of this risk tier', choices: RISK_TIERS },
    { flags: '--verdict <verdict>', description: 'only what was found so', choices: ['fine', 'concern'] },
    { flags: '--run <run>', description: 'only the review of this run' },
    { flags: '--limit <count>', description: 'how many at most (50)' },
  ],
  examples: ['reviews list', 'reviews list --tier high', 'reviews list --state decided --verdict concern -o json'],
  calls: ['GET /v1/reviews'],
  run(context, call) {
    const limit = wholeNumber('--limit', call.text('limit')) ?? 50;
    const query: Query = {
      limit: Math.min(limit, 200),
      ...(given({
        state: call.text('state') ?? (call.text('verdict') ? 'decided' : undefined),
        tier: call.text('tier'),
        verdict: call.text('verdict'),
        run: call.text('run'),
      }) as Query),
    };
    const found = context.client().reviews.list(query, { signal: context.signal });
    const columns = [
      ...members('id', 'tier', 'workflow', 'run_status', 'due_at', 'claimed_by', 'verdict'),
      member('run'),
    ];
    return Promise.resolve({
      output: {
        kind: 'list',
        rows: asRows(first(found, limit)),
        columns,
        id: (row) => String(row['id']),
        empty: 'Nothing waits to be looked at.',
      },
    });
  },
};

const show: Command = {
  name: 'reviews show',
  summary: 'Show one review, and what its draw went by',
  args: [REVIEW],
  examples: ['reviews show rev_01k8x0q3wsf5z8k2m4n6p8r0v1'],
  calls: ['GET /v1/reviews/{id}'],
  run: one((context, id) => context.client().reviews.get(id, { signal: context.signal })),
};

const claim: Command = {
  name: 'reviews claim',
  summary: 'Take a review for yourself, for eight hours',
  args: [REVIEW],
  examples: ['reviews claim rev_01k8x0q3wsf5z8k2m4n6p8r0v1'],
  calls: ['POST /v1/reviews/{id}/claim'],
  run: one((context, id) => context.client().reviews.claim(id, { signal: context.signal })),
};

const release: Command = {
  name: 'reviews release',
  summary: 'Give a review back, so that somebody else may take it',
  args: [REVIEW],
  examples: ['reviews release rev_01k8x0q3wsf5z8k2m4n6p8r0v1'],
  calls: ['POST /v1/reviews/{id}/release'],
  run: one((context, id) => context.client().reviews.release(id, { signal: context.signal })),
};

const decide: Command = {
  name: 'reviews decide',
  summary: 'Say what you found when you looked at a run',
  description: 'Whoever started the run, or whom it was for, does not. What was said stands.',
  args: [REVIEW, { usage: '<verdict>', description: 'fine, or concern' }],
  options: [{ flags: '--note <text>', description: 'what you found' }],
  examples: [
    'reviews decide rev_01k8x0q3wsf5z8k2m4n6p8r0v1 fine --note "as it should be"',
    'reviews decide rev_01k8x0q3wsf5z8k2m4n6p8r0v1 concern --note "paid twice what the order cost"',
  ],
  calls: ['POST /v1/reviews/{id}/decide'],
  async run(context, call) {
    const [verdict, note] = [call.arg(1), call.text('note')];
    if (verdict !== 'fine' && verdict !== 'concern') {
      throw usage('That is no verdict.', `It is "${verdict}".`, 'Say fine or concern.');
    }
    if (note === undefined) {
      throw usage('Nobody knows what you found.', '--note is missing.', 'Say it: --note "as it should be".');
    }
    const said = await context.client().reviews.decide(call.arg(0), { verdict, note }, { signal: context.signal });
    return { output: { kind: 'one', row: asRow(said), id: call.arg(0) } };
  },
};

export const REVIEW_COMMANDS: readonly Command[] = [list, show, claim, release, decide];
