import { RunWatch } from '../follow-run';
import type { Seen } from '../waterfall';
import type { Act } from './act';

const HANDS = ['triage', 'refunds', 'payments', 'messaging'];

/** The agents that spoke, each once, in the order in which they first did. */
const speakers = (events: readonly Seen[]): string[] => [
  ...new Set(
    events.filter(({ type, kind }) => type === 'step_intended' && kind === 'model').map(({ agent }) => String(agent)),
  ),
];

export const refund: Act = {
  name: 'refund',
  title: 'A refund goes through four hands',
  async run(world, story) {
    const { stage } = world;
    stage.say('Ann’s lamp W1001 arrived broken. Each line is one step: decided, committed, then done.');
    const id = await world.start('refund_desk', 'broken_lamp', 'The lamp of order W1001 arrived broken.');
    const watched = await new RunWatch(world, id).until();
    story.refund = watched;
    const { run, events } = watched;
    stage.claim(run.status === 'succeeded', `run ${id} succeeded`);
    stage.claim(
      speakers(events).join() === HANDS.join(),
      `${HANDS.join(' → ')}: each handoff was asked of the policy, each tool by its own door`,
    );
    const effects = world.ledger().filter((entry) => entry.kind !== 'asked');
    stage.claim(
      effects.length === 2 &&
        effects[0]?.kind === 'payment' &&
        effects[0].cents === 4_900 &&
        effects[1]?.kind === 'message',
      'outside, by the shop’s own book: one payment of 49.00, one message',
    );
    const decided = events.filter(({ type }) => type === 'step_intended' || type === 'step_denied').length;
    return { run: id, agents: HANDS.length, decisions: decided, effects: effects.length };
  },
};
