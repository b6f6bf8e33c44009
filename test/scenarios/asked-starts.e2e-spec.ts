import type { RunId } from '@writ/kernel';
import type { StartRunInput } from '@writ/engine';
import { until } from '../support/until';
import { openTill, paying, type Till } from './till';

const START = 'p, user:*, {tenant}, workflow:pay, run.start, , allow, ask, asked-start';
const asking = (more: Parameters<typeof paying>[0] = {}) =>
  paying({
    ...more,
    rules: [START, 'p, user:desk, {tenant}, role:*, principal.assert, , allow', ...(more.rules ?? [])],
  });

describe('a start that people are asked about', () => {
  let till: Till;
  beforeAll(async () => {
    till = await openTill();
  });
  afterAll(() => till.close());
  beforeEach(async () => {
    till.paid.length = 0;
    await till.scenario.activate(asking());
  });

  const start = (more: Partial<StartRunInput> = {}) => {
    const { tenant, engine } = till.scenario;
    const input = { order: 'A', amount: 5 };
    return engine.commands.start({ tenant, caller: till.as('user:ann'), workflow: 'pay', input, ...more });
  };
  const started = async (more: Partial<StartRunInput> = {}): Promise<RunId> => {
    const made = await start(more);
    if (!made.ok) throw new Error(made.failure.message);
    return made.value.run;
  };
  const evidence = async (run: RunId): Promise<string[]> => {
    const { rows } = await till.scenario.outsider.query<{ events: string }>(
      `select writ.audit_lines(u) as events from writ.audit_unit u where run = $1 order by seq`,
      [run],
    );
    return rows.flatMap(({ events }) => events.split('\n').map((line) => (JSON.parse(line) as { type: string }).type));
  };

  it('waits with nothing done, shows what would start, and starts when it is granted', async () => {
    const run = await started();
    await till.lead(run, 'waiting_approval');
    expect(till.paid).toEqual([]);
    const approval = await till.asked(run);
    const { tenant, engine } = till.scenario;
    const found = await engine.approvals.queries.get(tenant, approval, { reader: till.as('user:p1'), now: Date.now() });
    expect(found?.barred).toBeNull();
    expect(found?.approval).toMatchObject({ action: 'run.start', target: 'pay', agent: null });
    expect(found?.approval.document).toMatchObject({
      sentence: 'user:ann wants to start pay',
      args: { order: 'A', amount: 5 },
    });
    expect(await till.vote('user:ann', approval)).toMatchObject({ failure: { details: { reason: 'is_requester' } } });
    expect(await till.vote('user:p1', approval)).toMatchObject({ value: { status: 'approved' } });
    const { events } = await till.lead(run, 'succeeded');
    expect(till.paid).toEqual([{ order: 'A', amount: 5 }]);
    expect(events[0]).toMatchObject({ type: 'run_started', asks: [{ id: 'user:ann' }] });
    expect(events.filter(({ type }) => type === 'step_intended')).toMatchObject([
      { kind: 'start', target: 'pay', decision: { approval, reason: 'approved' } },
      { kind: 'tool', target: 'pay' },
    ]);
    const types = await evidence(run);
    expect(types).toContain('run.requested');
    expect(types).not.toContain('run.started');
  });

  it('is over as denied when somebody rejects it, or nobody answers in time', async () => {
    const run = await started();
    await till.lead(run, 'waiting_approval');
    await till.vote('user:p1', await till.asked(run), 'reject');
    const { events } = await till.lead(run, 'denied');
    expect(events.at(-1)).toMatchObject({ type: 'run_failed', status: 'denied', failure: { code: 'policy_denied' } });
    await till.scenario.activate(asking({ values: { expires_ms: 300 } }));
    const late = await started();
    await till.lead(late, 'denied');
    expect(till.paid).toEqual([]);
  });

  it('follows the policy: it starts when that asks no more, and does not when that forbids it, whatever people said', async () => {
    const run = await started();
    await till.lead(run, 'waiting_approval');
    await till.scenario.activate(paying());
    await till.lead(run, 'succeeded');
    expect(till.paid).toHaveLength(1);
    await till.scenario.activate(asking());
    const other = await started();
    await till.lead(other, 'waiting_approval');
    await till.vote('user:p1', await till.asked(other));
    await till.scenario.activate(asking({ rules: ['p, user:*, {tenant}, workflow:pay, run.start, , deny'] }));
    await till.lead(other, 'denied');
    expect(till.paid).toHaveLength(1);
  });

  it('for somebody else it is asked about both, and neither of them decides', async () => {
    const run = await started({ caller: till.as('user:desk'), onBehalfOf: { id: 'user:bob', roles: [] } });
    await till.lead(run, 'waiting_approval');
    const first = await till.asked(run);
    for (const id of ['user:desk', 'user:bob'])
      expect(await till.vote(id, first)).toMatchObject({ failure: { details: { reason: 'is_requester' } } });
    await till.vote('user:p1', first);
    await till.leading(() => until('the second request', async () => ![first, ''].includes(await till.asked(run))));
    const second = await till.asked(run);
    expect(second).not.toBe(first);
    expect(till.paid).toEqual([]);
    for (const id of ['user:desk', 'user:bob'])
      expect(await till.vote(id, second)).toMatchObject({ failure: { details: { reason: 'is_requester' } } });
    await till.vote('user:p2', second);
    await till.lead(run, 'succeeded');
    expect(till.paid).toHaveLength(1);
  });

  it('[I12] is one run and one request, however often it is asked for', async () => {
    const runs = await Promise.all(Array.from({ length: 8 }, () => start({ idempotencyKey: 'the same' })));
    const ids = new Set(runs.map((one) => (one.ok ? one.value.run : one.failure.code)));
    expect(ids.size).toBe(1);
    const [run] = [...ids] as [RunId];
    await till.lead(run, 'waiting_approval');
    const { rows } = await till.scenario.outsider.query(`select 1 from writ.approval where run = $1`, [run]);
    expect(rows).toHaveLength(1);
    const { tenant, engine } = till.scenario;
    await engine.commands.cancel({ tenant, run, caller: till.as('user:boss'), reason: 'not needed' });
    await till.lead(run, 'cancelled');
    expect(await till.status(await lastRequest(run))).toEqual({ status: 'withdrawn', reason: 'run_over' });
  });

  const lastRequest = async (run: RunId): Promise<string> => {
    const { rows } = await till.scenario.outsider.query<{ id: string }>(`select id from writ.approval where run = $1`, [
      run,
    ]);
    return rows.at(-1)!.id;
  };
});
