import { until } from '../support/crash-world';
import { ASK, openTill, PAYERS, paying, type Till } from './till';

const free = paying({ allow: 'p, user:*, {tenant}, tool:pay, tool.invoke, , allow' });

describe('an act that people are asked about', () => {
  let till: Till;
  beforeAll(async () => {
    till = await openTill();
  });
  afterAll(() => till.close());
  beforeEach(async () => {
    till.paid.length = 0;
    await till.scenario.activate(paying());
  });

  const mails = async (run: string): Promise<number> => {
    const { rows } = await till.scenario.outsider.query(
      `select 1 from writ.run_mail where run = $1 and kind = 'approval'`,
      [run],
    );
    return rows.length;
  };
  const eventTypes = async (approval: string): Promise<string[]> => {
    const { rows } = await till.scenario.outsider.query<{ events: string }>(
      `select writ.audit_lines(u) as events from writ.audit_unit u where tenant = $1 and run = 'tenant' order by seq`,
      [till.scenario.tenant],
    );
    type Event = { type: string; actor?: string; object?: { id: string } };
    const events = rows.flatMap(({ events: text }) => text.split('\n').map((line) => JSON.parse(line) as Event));
    const own = events.filter(({ object }) => object?.id === approval);
    expect(own.every(({ actor }) => actor !== undefined && actor !== '')).toBe(true);
    return own.map(({ type }) => type);
  };

  it('waits, is asked about once, and happens once when fifty people approve at the same moment [I12]', async () => {
    const run = await till.pay(100);
    await till.lead(run, 'waiting_approval');
    expect(till.paid).toEqual([]);
    const approval = await till.asked(run);
    const answers = await Promise.all(PAYERS.map((id) => till.vote(id, approval)));
    expect(answers.every((one) => one.ok && one.value.status === 'approved')).toBe(true);
    expect(answers.filter((one) => one.ok && one.value.counted)).toHaveLength(1);
    const by = new Set(answers.map((one) => (one.ok ? one.value.resolved_by : null)));
    expect(by.size).toBe(1);
    expect(await mails(run)).toBe(1);
    const { events } = await till.lead(run, 'succeeded');
    expect(till.paid).toEqual([{ order: 'A', amount: 100 }]);
    const intent = events.find((event) => event.type === 'step_intended');
    expect(intent).toMatchObject({ decision: { approval, reason: 'approved' } });
    expect(await till.status(approval)).toEqual({ status: 'used', reason: null });
    expect(await eventTypes(approval)).toEqual([
      'approval.requested',
      'approval.voted',
      'approval.granted',
      'approval.used',
    ]);
    // Whoever comes later is told what was decided, and changes nothing.
    const late = await till.vote('user:p7', approval);
    expect(late).toMatchObject({ ok: true, value: { status: 'used', counted: false } });
    const against = await till.vote('user:p8', approval, 'reject');
    expect(against).toMatchObject({ ok: false, failure: { code: 'state_conflict' } });
  });

  const large = 'p, user:*, {tenant}, tool:pay, tool.invoke, large, allow, ask, asked-pay';
  it.each([
    ['the verdict', paying({ rules: ['p, user:*, {tenant}, tool:pay, tool.invoke, large, deny'] }), 'denied'],
    ['an obligation', paying({ values: { count: 2 } }), 'asked anew'],
    ['who decides', paying({ values: { roles: ['payments', 'security'] } }), 'asked anew'],
    ['the rule that asks', paying({ allow: large.replace('large', 'everything') }), 'asked anew'],
    [
      'something else',
      paying({
        rules: ['p, user:zoe, {tenant}, tool:other, tool.invoke, , allow', 'g, user:zoe, role:clerks, {tenant}'],
      }),
      'executed',
    ],
  ])('after a vote and a change of %s of the policy', async (_, changed, then) => {
    const run = await till.pay(100);
    await till.lead(run, 'waiting_approval');
    const approval = await till.asked(run);
    await till.vote('user:p1', approval);
    const conditions = { ...changed.conditions, everything: { gte: ['args./amount', 9] } };
    await till.scenario.activate({ ...changed, conditions });
    if (then === 'executed') {
      await till.lead(run, 'succeeded');
      expect(till.paid).toHaveLength(1);
      return;
    }
    if (then === 'denied') {
      await till.lead(run, 'denied');
      expect(till.paid).toEqual([]);
      expect((await till.status(approval)).status).toBe('withdrawn');
      return;
    }
    await till.leading(() => anew(run, approval));
    expect(till.paid).toEqual([]);
    expect(await till.status(approval)).toEqual({ status: 'withdrawn', reason: 'policy_changed' });
    // The new request is granted by what now holds, and then the act happens, once.
    const next = await till.asked(run);
    await till.vote('user:p1', next);
    await till.vote('user:p2', next);
    await till.lead(run, 'succeeded');
    expect(till.paid).toHaveLength(1);
  });

  const anew = async (run: Parameters<Till['asked']>[0], before: string): Promise<string> => {
    let now = '';
    await until('somebody to be asked anew', async () => {
      now = await till.asked(run);
      return now !== '' && now !== before;
    });
    return now;
  };

  it('is not done when the approver lost the role between the vote and the use: the vote does not count', async () => {
    const run = await till.pay(100);
    await till.lead(run, 'waiting_approval');
    const approval = await till.asked(run);
    expect(await till.vote('user:p1', approval)).toMatchObject({ ok: true, value: { status: 'approved' } });
    await till.scenario.activate(paying({ payers: PAYERS.filter((id) => id !== 'user:p1') }));
    await till.leading(() => anew(run, approval));
    expect(till.paid).toEqual([]);
    expect(await till.status(approval)).toEqual({ status: 'withdrawn', reason: 'voter_lost_right' });
    const next = await till.asked(run);
    expect(await till.vote('user:p1', next)).toMatchObject({ ok: false, failure: { code: 'not_eligible' } });
    await till.vote('user:p2', next);
    await till.lead(run, 'succeeded');
    expect(till.paid).toHaveLength(1);
  });

  it('takes as many different people as the obligation says, and none who has a part in it', async () => {
    await till.scenario.activate(paying({ values: { count: 2 }, payers: [...PAYERS, 'user:ann', 'user:author'] }));
    const run = await till.pay(100);
    await till.lead(run, 'waiting_approval');
    const approval = await till.asked(run);
    expect(await till.vote('user:ann', approval)).toMatchObject({ failure: { details: { reason: 'is_requester' } } });
    expect(await till.vote('user:author', approval)).toMatchObject({
      failure: { details: { reason: 'wrote_the_rule' } },
    });
    expect(await till.vote('user:zoe', approval)).toMatchObject({ failure: { details: { reason: 'lacks_role' } } });
    expect(await till.vote('user:p1', approval)).toMatchObject({ value: { status: 'pending', counted: true } });
    expect(await till.vote('user:p1', approval)).toMatchObject({ value: { status: 'pending', counted: false } });
    await till.leading(() => new Promise((resolve) => setTimeout(resolve, 300)));
    expect(till.paid).toEqual([]);
    expect(await till.vote('user:p2', approval)).toMatchObject({ value: { status: 'approved' } });
    await till.lead(run, 'succeeded');
    expect(till.paid).toHaveLength(1);
  });

  it('is refused by one rejection, whoever agreed, and the agent is told a code', async () => {
    await till.scenario.activate(paying({ values: { count: 3 } }));
    const run = await till.talk('rejected', [
      { calls: [{ name: 'pay', arguments: { order: 'A', amount: 50 } }] },
      { text: 'I may not.' },
    ]);
    await till.lead(run, 'waiting_approval');
    const approval = await till.asked(run);
    await till.vote('user:p1', approval);
    await till.vote('user:p2', approval);
    expect(await till.vote('user:p2', approval, 'reject')).toMatchObject({ value: { status: 'rejected' } });
    expect(await till.vote('user:p3', approval)).toMatchObject({ failure: { code: 'state_conflict' } });
    const { events } = await till.lead(run, 'succeeded');
    expect(till.paid).toEqual([]);
    expect(events.find((event) => event.type === 'step_denied')).toMatchObject({
      decision: { reason: 'approval_rejected', approval },
    });
    expect(till.model.journal('rejected').at(-1)?.messages.at(-1)).toMatchObject({
      role: 'tool',
      content: 'Error: denied: approval_rejected',
    });
  });

  it('is denied when nobody answers in time; before that those it escalates to may decide', async () => {
    const values = { expires_ms: 4_000, escalate_after_ms: 300, escalate_to: ['heads'] };
    await till.scenario.activate(paying({ values, rules: ['g, user:head, role:heads, {tenant}'] }));
    const run = await till.pay(100);
    await till.lead(run, 'waiting_approval');
    const approval = await till.asked(run);
    await till.lead(run, 'denied');
    expect(till.paid).toEqual([]);
    expect(await till.status(approval)).toEqual({ status: 'expired', reason: 'nobody_answered' });
    expect(await till.vote('user:p1', approval)).toMatchObject({ failure: { code: 'state_conflict' } });

    await till.scenario.activate(
      paying({ values: { ...values, expires_ms: 60_000 }, rules: ['g, user:head, role:heads, {tenant}'] }),
    );
    const other = await till.pay(200);
    await till.lead(other, 'waiting_approval');
    const second = await till.asked(other);
    const early = await till.vote('user:head', second);
    if (!early.ok) expect(early).toMatchObject({ failure: { details: { reason: 'lacks_role' } } });
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await till.vote('user:head', second)).toMatchObject({ ok: true, value: { status: 'approved' } });
    await till.lead(other, 'succeeded');
    expect(till.paid).toHaveLength(1);
  });

  it('happens with the arguments people chose, decided again, and the agent is told', async () => {
    await till.scenario.activate(paying({ values: { editable: true } }));
    const call = { calls: [{ name: 'pay', arguments: { order: 'A', amount: 80 } }] };
    const run = await till.talk('edited', [call, { text: 'Paid.' }]);
    await till.lead(run, 'waiting_approval');
    const approval = await till.asked(run);
    const { tenant, engine } = till.scenario;
    const edit = (args: object) =>
      engine.approvals.commands.edit({
        tenant,
        caller: till.as('user:p1'),
        approval,
        args: args as never,
        comment: 'less',
      });
    expect(await edit({ order: 'A', amount: 'lots' })).toMatchObject({ failure: { code: 'schema_violation' } });
    expect(await edit({ order: 'A' })).toMatchObject({ failure: { code: 'schema_violation' } });
    const edited = await edit({ order: 'A', amount: 60 });
    expect(edited).toMatchObject({ ok: true, value: { status: 'approved' } });
    expect((await till.status(approval)).status).toBe('replaced');
    const { events } = await till.lead(run, 'succeeded');
    expect(till.paid).toEqual([{ order: 'A', amount: 60 }]);
    const next = edited.ok ? edited.value.approval : '';
    expect(events.find((event) => event.type === 'step_intended' && event.kind === 'tool')).toMatchObject({
      args: { amount: 60 },
      decision: { approval: next },
    });
    expect((await till.status(next)).status).toBe('used');
    const told = till.model.journal('edited').at(-1)?.messages.at(-1) as { content: string };
    expect(told.content).toContain('a person changed the arguments');
    expect(told.content).toContain('"amount":60');
  });

  it('asks anew for the same call made again: an approval is for one act', async () => {
    const call = { calls: [{ name: 'pay', arguments: { order: 'A', amount: 70 } }] };
    const run = await till.talk('twice', [call, call, { text: 'Paid twice.' }]);
    await till.lead(run, 'waiting_approval');
    const first = await till.asked(run);
    await till.vote('user:p1', first);
    await till.leading(() => anew(run, first));
    expect(till.paid).toHaveLength(1);
    const second = await till.asked(run);
    expect(second).not.toBe(first);
    await till.vote('user:p1', second);
    await till.lead(run, 'succeeded');
    expect(till.paid).toHaveLength(2);
  });

  it('goes on by itself when the policy asks no more, and the request is withdrawn', async () => {
    const run = await till.pay(100);
    await till.lead(run, 'waiting_approval');
    const approval = await till.asked(run);
    await till.scenario.activate(free);
    await till.lead(run, 'succeeded');
    expect(till.paid).toHaveLength(1);
    expect(await till.status(approval)).toEqual({ status: 'withdrawn', reason: 'not_needed' });
  });

  it('goes on at once when the policy asks no more, however close to its coming to rest that is', async () => {
    const { outsider } = till.scenario;
    const rounds = 12;
    await till.leading(async () => {
      for (let round = 0; round < rounds; round++) {
        await till.scenario.activate(paying());
        const run = await till.pay(100);
        await new Promise((resolve) => setTimeout(resolve, round * 6));
        await till.scenario.activate(free);
        await until(`${run} to go on in round ${round}`, async () => {
          const { rows } = await outsider.query(`select 1 from writ.run where id = $1 and status = 'succeeded'`, [run]);
          return rows.length > 0;
        });
      }
    });
    expect(till.paid).toHaveLength(rounds);
  });

  it('leaves nothing to decide when its run is over', async () => {
    const run = await till.pay(100);
    await till.lead(run, 'waiting_approval');
    const approval = await till.asked(run);
    const { tenant, engine } = till.scenario;
    await engine.commands.cancel({ tenant, run, caller: till.as('user:boss'), reason: 'not needed' });
    await till.lead(run, 'cancelled');
    expect(await till.status(approval)).toEqual({ status: 'withdrawn', reason: 'run_over' });
    expect(await till.vote('user:p1', approval)).toMatchObject({ failure: { code: 'state_conflict' } });
  });

  it('holds up nobody beside it: the other branches go on, and each asks for itself', async () => {
    const run = await till.start('beside');
    await till.lead(run, 'waiting_approval');
    expect(till.paid.map(({ amount }) => amount)).toEqual([1, 2, 3]);
    const { rows } = await till.scenario.outsider.query<{ id: string; path: string }>(
      `select id, path from writ.approval where run = $1 order by path`,
      [run],
    );
    expect(rows.map(({ path }) => path)).toEqual(['=also', '=asked']);
    await till.vote('user:p1', rows[1]!.id);
    await till.leading(() => until('the branch that was granted to pay', async () => till.paid.length >= 4));
    expect(till.paid.map(({ amount }) => amount)).toEqual([1, 2, 3, 100]);
    expect((await till.status(rows[0]!.id)).status).toBe('pending');
    await till.vote('user:p2', rows[0]!.id);
    await till.lead(run, 'succeeded');
    expect(till.paid.map(({ amount }) => amount)).toEqual([1, 2, 3, 100, 200]);
  });

  it('is nobody’s to decide any more when the join went on without its branch', async () => {
    const run = await till.start('first');
    await till.lead(run, 'succeeded');
    const { rows } = await till.scenario.outsider.query<{ status: string; reason: string }>(
      `select status, reason from writ.approval where run = $1`,
      [run],
    );
    expect(till.paid.map(({ amount }) => amount)).toEqual([1]);
    // The branch may have been cancelled before it came to ask.
    for (const row of rows) expect(row.status).toBe('withdrawn');
  });

  it('is found by those who may decide it, soonest to end first, page by page', async () => {
    const { tenant, engine } = till.scenario;
    const runs = [await till.pay(101), await till.pay(102), await till.pay(103)];
    for (const run of runs) await till.lead(run, 'waiting_approval');
    const wanted = await Promise.all(runs.map((run) => till.asked(run)));
    const workflow = { test: { field: 'run', name: { starts: 'run_' } } } as const;
    const base = { tenant, where: workflow, mine: true, sort: 'expires', limit: 2, now: Date.now() } as const;
    const pageOf = (id: string, after: string | null) =>
      engine.approvals.queries.list({ ...base, reader: till.as(id), after });
    const seen: { readonly id: string; readonly ends: number }[] = [];
    for (let after: string | null = null, first = true; first || after !== null; first = false) {
      const page: Awaited<ReturnType<typeof pageOf>> = await pageOf('user:p3', after);
      seen.push(...page.data.map(({ approval }) => ({ id: approval.id, ends: approval.expiresAt })));
      after = page.next;
    }
    expect(seen.map(({ id }) => id).sort()).toEqual([...wanted].sort());
    expect(seen.map(({ ends }) => ends)).toEqual(seen.map(({ ends }) => ends).sort((a, b) => a - b));
    expect((await pageOf('user:ann', null)).data).toEqual([]);
    expect((await pageOf('user:zoe', null)).data).toEqual([]);
    await till.vote('user:p3', wanted[0]!, 'reject');
    expect(
      await engine.approvals.queries.waiting(tenant, { reader: till.as('user:p3'), now: Date.now(), most: 9 }),
    ).toBe(2);
    const text = { test: { field: 'text', contains: '"amount":102' } } as const;
    const found = await engine.approvals.queries.list({
      ...base,
      mine: false,
      where: text,
      reader: till.as('user:zoe'),
      after: null,
    });
    expect(found.data.map(({ approval }) => approval.id)).toEqual([wanted[1]]);
    expect(ASK.values.count).toBe(found.data[0]!.approval.document.terms.requirements[0]!.count);
  });
});
