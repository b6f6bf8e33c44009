import { type Desk, openDesk, OWNER, say } from './desk';

describe('the life of a run', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk();
  });
  afterAll(() => desk.close());

  it('a cancel ends it, also while it waits, and only for who may', async () => {
    const run = await desk.start({ workflow: 'waits' });
    await desk.stands(run, 'waiting_external');
    const { tenant } = desk.scenario;
    const cancel = { tenant, run, reason: 'not needed' };
    expect(await desk.engine.commands.cancel({ ...cancel, caller: desk.as(OWNER) })).toMatchObject({
      ok: false,
      failure: { code: 'policy_denied' },
    });
    expect(await desk.engine.commands.cancel({ ...cancel, caller: desk.as('user:boss') })).toEqual({
      ok: true,
      value: { accepted: true },
    });
    const { events } = await desk.stands(run, 'cancelled');
    expect(events.at(-1)).toMatchObject({ type: 'run_cancelled', by: 'user:boss', reason: 'not needed' });
    expect(await desk.engine.commands.cancel({ ...cancel, caller: desk.as('user:boss') })).toMatchObject({
      ok: false,
      failure: { code: 'state_conflict' },
    });
  });

  it('a cancel aborts a repeatable call that is under way', async () => {
    const run = await desk.start({ workflow: 'desk', input: say(desk, 'slow', [{ text: 'late', delay_ms: 30_000 }]) });
    const { tenant } = desk.scenario;
    await new Promise((resolve) => setTimeout(resolve, 150));
    await desk.engine.commands.cancel({ tenant, run, reason: 'stop', caller: desk.as('user:boss') });
    await desk.stands(run, 'cancelled');
  });

  it('a signal wakes it once, however often it is sent', async () => {
    const run = await desk.start({ workflow: 'waits' });
    await desk.stands(run, 'waiting_external');
    const { tenant } = desk.scenario;
    const signal = { tenant, run, name: 'go', payload: { n: 1 }, dedup: 'one', caller: desk.as('user:boss') };
    const answers = await Promise.all(Array.from({ length: 10 }, () => desk.engine.commands.signal(signal)));
    expect(answers.filter((answer) => answer.ok && answer.value.accepted)).toHaveLength(1);
    const { events } = await desk.stands(run, 'succeeded');
    expect(events.filter((event) => event.type === 'signal_received')).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ type: 'run_finished', output: { n: 1 } });
  });

  it('[I12] twenty starts under one key are one run; another request under it is a mismatch', async () => {
    const { tenant } = desk.scenario;
    const input = { tenant, caller: desk.as(OWNER), workflow: 'look_twice', input: {}, idempotencyKey: 'once' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => desk.engine.commands.start(input)));
    const runs = new Set(answers.map((answer) => (answer.ok ? answer.value.run : answer.failure.code)));
    expect(runs.size).toBe(1);
    expect(answers.filter((answer) => answer.ok && !answer.value.replayed)).toHaveLength(1);
    const other = await desk.engine.commands.start({ ...input, input: { other: true } });
    expect(other).toMatchObject({ ok: false, failure: { code: 'idempotency_mismatch' } });
  });

  it('[I13] a spent budget ends the run with its own code, before the call that would cross it', async () => {
    const calls = Array.from({ length: 5 }, () => ({ name: 'look' }));
    desk.reached.length = 0;
    const run = await desk.start({
      workflow: 'desk',
      input: say(desk, 'spends', [{ calls }]),
      budget: { tool_calls: 3 },
    });
    const { events } = await desk.stands(run, 'failed');
    expect(events.at(-1)).toMatchObject({ type: 'run_failed', failure: { code: 'budget_exhausted', class: 'budget' } });
    expect(desk.reached).toEqual(['look', 'look', 'look']);
  });

  it('its deadline ends it by name', async () => {
    const run = await desk.start({ workflow: 'waits', deadlineMs: 300 });
    const { events } = await desk.stands(run, 'timed_out');
    expect(events.at(-1)).toMatchObject({
      type: 'run_failed',
      status: 'timed_out',
      failure: { code: 'deadline_exceeded' },
    });
  });

  it('a value too large for the journal is kept aside by digest, and found again', async () => {
    const text = 'y'.repeat(60_000);
    const run = await desk.start({ workflow: 'desk', input: say(desk, 'long', [{ text }]) });
    const { events } = await desk.stands(run, 'succeeded');
    expect(events.at(-1)).toMatchObject({ type: 'run_finished', output: text });
    const detail = await desk.engine.queries.get(desk.scenario.tenant, run);
    expect(detail?.output).toBe(text);
    const { rows } = await desk.scenario.outsider.query<{ longest: number }>(
      `select max(length(events)) as longest from writ.journal where run = $1`,
      [run],
    );
    expect(rows[0]!.longest).toBeLessThan(32_768);
  });

  it('[I10] evidence never holds what was said, asked or answered', async () => {
    const secret = 'canary-7c1f0a';
    const turns = [{ calls: [{ name: 'look', arguments: { order: secret } }] }, { text: secret }];
    const run = await desk.start({ workflow: 'desk', input: { ...say(desk, 'canary', turns), note: secret } });
    await desk.stands(run, 'succeeded');
    const { rows } = await desk.scenario.outsider.query<{ events: string }>(
      `select writ.audit_lines(u) as events from writ.audit_unit u`,
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter((row) => row.events.includes(secret))).toEqual([]);
  });

  it('every audit event carries the trace of its run', async () => {
    const run = await desk.start({ workflow: 'look_twice' });
    await desk.stands(run, 'succeeded');
    const { rows } = await desk.scenario.outsider.query<{ events: string; trace_id: string }>(
      `select writ.audit_lines(a) as events, r.trace_id from writ.audit_unit a join writ.run r on r.tenant = a.tenant and r.id = a.run where r.id = $1`,
      [run],
    );
    const traces = rows.flatMap((row) =>
      row.events.split('\n').map((line) => (JSON.parse(line) as { trace: string }).trace === row.trace_id),
    );
    expect(traces.length).toBeGreaterThan(3);
    expect(traces.every(Boolean)).toBe(true);
  });
});
