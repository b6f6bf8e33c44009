import { openTill, paying, type Till } from './till';

const rules = ['g, user:sue, role:support, {tenant}'];

describe('what a run asks people, and what people tell it', () => {
  let till: Till;
  beforeAll(async () => {
    till = await openTill();
  });
  afterAll(() => till.close());
  beforeEach(async () => {
    till.paid.length = 0;
    await till.scenario.activate(paying({ rules }));
  });

  const asked = async (run: string): Promise<string> => {
    const { rows } = await till.scenario.outsider.query<{ id: string }>(
      `select id from writ.question where run = $1 and status = 'pending'`,
      [run],
    );
    expect(rows).toHaveLength(1);
    return rows[0]!.id;
  };
  const answer = (who: string, question: string, given: unknown) =>
    till.scenario.engine.questions.answer({
      tenant: till.scenario.tenant,
      caller: till.as(who),
      question,
      answer: given as never,
    });

  it('an answer that fits the schema, from who is asked, is the output; the agents hear an operator’s note as one', async () => {
    const call = { calls: [{ name: 'pay', arguments: { order: 'B', amount: 50 } }] };
    till.model.play({ interview: { turns: [call, { text: 'I heard.' }] as never } });
    const run = await till.start('interview', { script: 'interview' });
    await till.lead(run, 'waiting_input');
    const question = await asked(run);
    expect(await answer('user:zoe', question, { amount: 5 })).toMatchObject({ failure: { code: 'not_eligible' } });
    expect(await answer('user:sue', question, { amount: 'lots' })).toMatchObject({
      failure: { code: 'schema_violation' },
    });
    const answers = await Promise.all(Array.from({ length: 10 }, () => answer('user:sue', question, { amount: 7 })));
    expect(answers.filter((one) => one.ok && one.value.accepted)).toHaveLength(1);
    expect(answers.every((one) => one.ok)).toBe(true);
    expect(await answer('user:sue', question, { amount: 8 })).toMatchObject({ failure: { code: 'state_conflict' } });
    await till.lead(run, 'waiting_approval');
    expect(till.paid).toEqual([{ order: 'A', amount: 7 }]);

    const { tenant, engine } = till.scenario;
    const noted = { tenant, run, caller: till.as('user:op'), text: 'Only if the parcel is back.', dedup: 'once' };
    expect(await engine.commands.note(noted)).toMatchObject({ ok: true, value: { accepted: true } });
    expect(await engine.commands.note(noted)).toMatchObject({ ok: true, value: { accepted: false } });
    await till.vote('user:p1', await till.asked(run), 'reject');
    const { events } = await till.lead(run, 'succeeded');
    const messages = till.model.journal('interview').at(-1)!.messages as readonly { role: string; content: string }[];
    const heard = messages.map(({ role, content }) => [role, content]);
    // After the answer to the call that was under way, and never between a call and its answer.
    expect(heard.slice(-2)).toEqual([
      ['tool', 'Error: denied: approval_rejected'],
      ['user', '[Note from an operator, user:op] Only if the parcel is back.'],
    ]);
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['input_answered', 'note_received']));
  });

  it('nobody’s answer in time is a failure of the node, and a late one is refused', async () => {
    const run = await till.start('brief');
    await till.lead(run, 'waiting_input');
    const question = await asked(run);
    await till.lead(run, 'failed');
    expect(await answer('user:sue', question, true)).toMatchObject({ failure: { code: 'state_conflict' } });
    const { rows } = await till.scenario.outsider.query(`select status from writ.question where id = $1`, [question]);
    expect(rows).toEqual([{ status: 'withdrawn' }]);
  });

  it('nobody may answer or steer whom the policy does not let', async () => {
    const run = await till.start('brief');
    await till.lead(run, 'waiting_input');
    const question = await asked(run);
    const less = paying({ rules });
    await till.scenario.activate({ ...less, rules: less.rules.replace('run:*, run.*', 'run:*, run.read') });
    expect(await answer('user:sue', question, true)).toMatchObject({ failure: { code: 'policy_denied' } });
    const { tenant, engine } = till.scenario;
    const noted = await engine.commands.note({ tenant, run, caller: till.as('user:op'), text: 'x' });
    expect(noted).toMatchObject({ ok: false });
    await till.lead(run, 'failed');
  });
});
