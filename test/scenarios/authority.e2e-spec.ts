import { releaseStop, setStop } from '@writ/policy';
import { type Desk, openDesk, OWNER, policy, say } from './desk';

describe('who may', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk();
  });
  afterAll(() => desk.close());
  beforeEach(() => {
    desk.reached.length = 0;
  });

  const pays = (order: string): object[] => [{ calls: [{ name: 'pay', arguments: { order } }] }, { text: 'Done.' }];

  it('ownership is read for the decision, by a permitted step, and decides', async () => {
    const mine = await desk.start({ workflow: 'desk', input: say(desk, 'mine', pays('#1')) });
    const { events } = await desk.stands(mine, 'succeeded');
    expect(events.filter((event) => event.type === 'step_intended').map((event) => event.kind)).toEqual([
      'model',
      'data',
      'tool',
      'model',
    ]);
    expect(desk.reached).toEqual(['owner_of', 'pay']);

    const theirs = await desk.start({ workflow: 'desk', input: say(desk, 'theirs', pays('#2')) });
    const refused = await desk.stands(theirs, 'succeeded');
    expect(desk.reached.slice(2)).toEqual(['owner_of']);
    const denied = refused.events.find((event) => event.type === 'step_denied');
    expect(denied).toMatchObject({ kind: 'tool', target: 'pay' });
    // The agent is told a stable code and nothing of the rules.
    const answer = desk.model.journal('theirs').at(-1)?.messages.at(-1);
    expect(answer).toMatchObject({
      role: 'tool',
      content: expect.stringMatching(/^Error: denied: [a-z_]+$/) as string,
    });
    const view = await desk.engine.queries.decision(
      desk.scenario.tenant,
      denied!.type === 'step_denied' ? denied!.decision.id : '',
    );
    expect(view).toMatchObject({
      verdict: 'deny',
      run: theirs,
      sentence: expect.stringMatching(
        /^Denied: order .2 belongs to user:bob, and rule rul_\w+ allows only the owner\.$/,
      ) as string,
    });
  });

  it('[I7] an attribute nobody can bring denies', async () => {
    const run = await desk.start({ workflow: 'desk', input: say(desk, 'absent', pays('#404')) });
    await desk.stands(run, 'succeeded');
    expect(desk.reached).toEqual(['owner_of']);
  });

  it('[I6] a handoff lends nothing: the receiver needs its own right, the sender its too', async () => {
    const over = { calls: [{ name: 'handoff_to_cashier', arguments: { reason: 'pays', message: 'please' } }] };
    const run = await desk.start({ workflow: 'desk', input: say(desk, 'over', [over, ...pays('#1')]) });
    const { events } = await desk.stands(run, 'succeeded');
    expect(desk.reached).toEqual(['owner_of', 'pay']);
    const chain = events.flatMap((event) =>
      event.type === 'step_intended' && event.kind === 'tool'
        ? event.decision.stages.map((stage) => stage.subject)
        : [],
    );
    expect(chain).toEqual(expect.arrayContaining(['agent:cashier', 'agent:clerk', OWNER]));

    const without = {
      ...policy,
      rules: policy.rules.replace('p, agent:clerk, {tenant}, tool:pay, tool.invoke, own_order, allow\n', ''),
    };
    await desk.scenario.activate(without);
    desk.reached.length = 0;
    const weaker = await desk.start({ workflow: 'desk', input: say(desk, 'weaker', [over, ...pays('#1')]) });
    await desk.stands(weaker, 'succeeded');
    expect(desk.reached).not.toContain('pay');
    await desk.scenario.activate(policy);
  });

  it('a handoff no rule allows is refused, and the agent goes on', async () => {
    const back = { calls: [{ name: 'handoff_to_clerk', arguments: { reason: 'r', message: 'm' } }] };
    const over = { calls: [{ name: 'handoff_to_cashier', arguments: { reason: 'r', message: 'm' } }] };
    const run = await desk.start({ workflow: 'desk', input: say(desk, 'back', [over, back, { text: 'I stay.' }]) });
    const { events } = await desk.stands(run, 'succeeded');
    expect(events.find((event) => event.type === 'step_denied')).toMatchObject({ kind: 'handoff', target: 'clerk' });
  });

  it('[I6] a mandate is one more set: what it leaves out is denied, whatever the rules say', async () => {
    const mandate = { tools: [{ tool: 'pay', only: { '/order': ['#9'] } }] };
    const turns = [{ calls: [{ name: 'look' }] }, ...pays('#1')];
    const run = await desk.start({ workflow: 'desk', input: say(desk, 'mandate', turns), mandate });
    const { events } = await desk.stands(run, 'succeeded');
    const denied = events.filter((event) => event.type === 'step_denied');
    expect(denied.map((event) => event.target)).toEqual(['look', 'pay']);
    expect(denied[0]?.decision.reason).toBe('mandate_exceeded');
    expect(desk.reached).not.toContain('pay');
  });

  it('[I3] a right that goes while a run waits is gone when it wakes', async () => {
    const turns = [{ calls: [{ name: 'look' }], delay_ms: 400 }, { text: 'Done.' }];
    const run = await desk.start({ workflow: 'desk', input: say(desk, 'revoked', turns) });
    await desk.scenario.activate({
      ...policy,
      rules: policy.rules.replace('g2, tool:look, class:harmless, {tenant}\n', ''),
    });
    const { events } = await desk.stands(run, 'succeeded');
    expect(events.find((event) => event.type === 'step_denied')).toMatchObject({ target: 'look' });
    expect(desk.reached).toEqual([]);
    await desk.scenario.activate(policy);
  });

  it('a stop pauses what it covers, and its release lets it go on', async () => {
    const { tenant, db } = desk.scenario;
    const stop = await db.withTenant(tenant, (tx) =>
      setStop(tx, { tenant, scope: 'tool', target: 'look', reason: 'drill', author: 'user:boss' }),
    );
    const run = await desk.start({ workflow: 'look_twice' });
    const { events } = await desk.stands(run, 'paused');
    expect(events.at(-1)).toMatchObject({ type: 'wait_started', wait: { for: 'stop', target: 'look' } });
    expect(desk.reached).toEqual([]);
    if (!stop.ok) throw new Error(stop.failure.message);
    const release = { tenant, id: stop.value.stop.id, reason: 'drill over', author: 'user:boss' };
    await db.withTenant(tenant, (tx) => releaseStop(tx, release));
    await desk.stands(run, 'succeeded');
    expect(desk.reached).toEqual(['look', 'look']);
  });

  it('a run for somebody else needs the right to speak for them', async () => {
    const { tenant } = desk.scenario;
    const refused = await desk.engine.commands.start({
      tenant,
      caller: desk.as('user:x'),
      onBehalfOf: { id: 'user:ann', roles: ['customer'] },
      workflow: 'look_twice',
      input: {},
    });
    expect(refused).toMatchObject({ ok: false, failure: { code: 'policy_denied' } });
    const id = refused.ok ? '' : String(refused.failure.details?.['decision_id']);
    expect(await desk.engine.queries.decision(tenant, id)).toMatchObject({
      action: 'principal.assert',
      verdict: 'deny',
    });
  });

  it('[I3] nobody is refused a start under a policy that is no longer in force', async () => {
    const { activate, engine } = desk.scenario;
    const closed = {
      ...policy,
      rules: policy.rules.replace('p, user:*, {tenant}, workflow:*, run.start, , allow', ''),
    };
    await activate(closed);
    await expect(desk.start({ workflow: 'look_twice' })).rejects.toThrow('initiator_not_granted');
    // From now on this process hears of no change: what it holds is the closed policy.
    await engine.authority.stop();
    await activate(policy);
    try {
      await desk.stands(await desk.start({ workflow: 'look_twice' }), 'succeeded');
    } finally {
      await engine.authority.start();
    }
  });
});
