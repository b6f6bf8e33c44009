import type { Act } from './act';

interface Match {
  readonly rid: string;
  readonly effect: string;
}

export const refusal: Act = {
  name: 'refusal',
  title: 'A handoff that policy refuses',
  async run(world, story) {
    const { stage, client, signal } = world;
    const { run, events } = story.refund ?? {};
    if (!run || !events) throw new Error('the refund has not been played');
    stage.say('After the money was paid, messaging was talked into asking payments for 500 more.');
    const denials = events.filter(({ type }) => type === 'step_denied');
    const [denied] = denials;
    const handoff =
      denied?.['kind'] === 'handoff' && denied['agent'] === 'messaging' && denied['target'] === 'payments';
    stage.claim(denials.length === 1 && handoff, 'the run holds one refusal: messaging may not hand over to payments');
    const { id } = denied?.['decision'] as { readonly id: string };
    const decision = await client.decisions.get(id, { signal });
    const stages = decision.stages as unknown as readonly { readonly matches: readonly Match[] }[];
    const rule = stages.flatMap(({ matches }) => matches).find(({ effect }) => effect === 'deny')?.rid ?? '';
    stage.say(stage.paint.bold(decision.sentence));
    stage.say(`rule   ${rule}`);
    stage.say(`path   ann → triage → refunds → payments → messaging ${stage.glyph('⇥', 'deny')} payments`);
    stage.claim(
      decision.verdict === 'deny' &&
        decision.explicit &&
        rule === 'no-money-after-mail' &&
        decision.sentence.includes(rule),
      `it was refused by that rule, on record as ${id}`,
    );
    const payments = world.ledger().filter(({ kind }) => kind === 'payment');
    stage.claim(payments.length === 1, 'nothing was paid a second time, and the run went on to its end');
    return { decision: id, rule, sentence: decision.sentence };
  },
};
