import type { RunStatus } from '@writ/words';
import { until } from '../support/crash-world';
import { type Desk, openDesk, say } from './desk';

describe('what a run meets in the world', () => {
  let desk: Desk;
  beforeAll(async () => {
    // Only a model that hangs takes so long.
    desk = await openDesk({ modelTimeoutMs: 1_500 });
  });
  afterAll(() => desk.close());

  const model: [fault: object, status: RunStatus, code: string | null][] = [
    [{ type: 'status', status: 429, retry_after: 0.1 }, 'succeeded', null],
    [{ type: 'status', status: 500 }, 'succeeded', null],
    [{ type: 'status', status: 529 }, 'succeeded', null],
    [{ type: 'half' }, 'succeeded', null],
    [{ type: 'empty' }, 'succeeded', null],
    [{ type: 'garbage' }, 'succeeded', null],
    [{ type: 'reset' }, 'succeeded', null],
    [{ type: 'hang' }, 'succeeded', null],
    [{ type: 'status', status: 400 }, 'failed', 'model_request_rejected'],
    [{ type: 'status', status: 401 }, 'failed', 'model_unauthorized'],
  ];

  it.each(model)('a model that answers %j once: the run is %s', async (fault, status, code) => {
    const id = `once-${JSON.stringify(fault).replace(/[^a-z0-9]/g, '-')}`;
    const run = await desk.start({ workflow: 'desk', input: say(desk, id, [{ text: 'Good day.', faults: [fault] }]) });
    const { events } = await desk.stands(run, status);
    const end = events.at(-1)!;
    if (status === 'succeeded') expect(end).toMatchObject({ type: 'run_finished', output: 'Good day.' });
    else expect(end).toMatchObject({ type: 'run_failed', failure: { code } });
  });

  it.each([
    [{ type: 'status', status: 429 }, 'model_rate_limited'],
    [{ type: 'status', status: 500 }, 'model_server_error'],
    [{ type: 'half' }, 'model_reply_incomplete'],
    [{ type: 'empty' }, 'model_reply_empty'],
    [{ type: 'hang' }, 'model_timeout'],
  ])('a model that always answers %j: the run fails with a code, after its attempts', async (fault, _code) => {
    const id = `always-${JSON.stringify(fault).replace(/[^a-z0-9]/g, '-')}`;
    const faults = Array.from({ length: 9 }, () => fault);
    const run = await desk.start({ workflow: 'desk', input: say(desk, id, [{ text: 'never', faults }]) });
    const { events } = await desk.stands(run, 'failed');
    const attempts = events.filter((event) => event.type === 'step_intended');
    expect(attempts).toHaveLength(2);
    expect(events.at(-1)).toMatchObject({
      type: 'run_failed',
      failure: { code: expect.stringMatching(/^model_[a-z_]+$/) as string },
    });
  });

  it.each([
    ['throws', {}, 'the shelf is empty'],
    ['hangs', {}, 'did not answer in time'],
    ['huge', {}, 'Error'],
    ['nul', {}, 'Error'],
    ['surrogate', {}, 'Error'],
    ['bigint', {}, 'Error'],
    ['no_such_tool', {}, 'unknown_tool'],
    ['look', { amount: 'much' }, 'arguments_invalid'],
  ])('a call of %s(%j) is answered to the model, and the run goes on', async (name, args, answer) => {
    const id = `tool-${name}`;
    const turns = [{ calls: [{ name, arguments: args }] }, { text: 'I see.' }];
    const run = await desk.start({ workflow: 'desk', input: say(desk, id, turns) });
    const { events } = await desk.stands(run, 'succeeded');
    expect(events.at(-1)).toMatchObject({ type: 'run_finished', output: 'I see.' });
    const said = JSON.stringify(desk.model.journal(id).at(-1)?.messages);
    expect(said).toContain(answer);
  });

  it('arguments that do not parse are answered to the model, and the run goes on', async () => {
    const turns = [{ calls: [{ name: 'look', arguments_text: '{"order": ' }] }, { text: 'Again.' }];
    const run = await desk.start({ workflow: 'desk', input: say(desk, 'unparsable', turns) });
    const { events } = await desk.stands(run, 'succeeded');
    expect(events).toContainEqual(expect.objectContaining({ type: 'call_rejected', code: 'arguments_unparsable' }));
  });

  it('[I5] an unrepeatable tool that hangs leaves the run waiting for a person, in a named state', async () => {
    const turns = [{ calls: [{ name: 'hangs_hard' }] }, { text: 'x' }];
    const run = await desk.start({ workflow: 'desk', input: say(desk, 'hard', turns) });
    const { events } = await desk.stands(run, 'waiting_reconciliation');
    expect(events.filter((event) => event.type === 'step_unknown')).toHaveLength(1);
    expect(desk.reached.filter((name) => name === 'hangs_hard')).toHaveLength(1);
  });

  it('[I5] a step lost again after a person answered is asked about again', async () => {
    desk.reached.length = 0;
    const run = await desk.start({
      workflow: 'desk',
      input: say(desk, 'twice', [{ calls: [{ name: 'hangs_hard' }] }, { text: 'x' }]),
    });
    const { tenant } = desk.scenario;
    for (const [attempt, verdict] of [
      [1, 'did_not_happen'],
      [2, 'happened'],
    ] as const) {
      await desk.stands(run, 'waiting_reconciliation');
      // Who looked after another attempt has not seen this one.
      const other = { tenant, run, step: 2, attempt: 3 - attempt, verdict, note: 'x', caller: desk.as('user:boss') };
      const stale = await desk.engine.commands.reconcile(other);
      expect(stale).toMatchObject({
        ok: false,
        failure: { code: 'state_conflict', message: expect.stringContaining('lost by now') },
      });
      await until('the answer to be taken', async () => {
        const answer = { tenant, run, step: 2, attempt, verdict, note: 'looked', caller: desk.as('user:boss') };
        const taken = await desk.engine.commands.reconcile(answer);
        return taken.ok && taken.value.accepted;
      });
      await until('the run to go on', async () => (await desk.engine.queries.get(tenant, run))?.wait === null);
    }
    await desk.stands(run, 'succeeded');
    expect(desk.reached).toEqual(['hangs_hard', 'hangs_hard']);
  });

  it.each([
    [{ workflow: 'nowhere' }, 'workflow_unknown'],
    [{ workflow: 'desk', version: 99 }, 'workflow_unknown'],
  ])('starting %j is refused with %s, and nothing is written', async (input, code) => {
    const before = await desk.scenario.outsider.query(`select count(*) from writ.run`);
    const { tenant } = desk.scenario;
    const refused = await desk.engine.commands.start({ tenant, caller: desk.as('user:x'), input: {}, ...input });
    expect(refused).toMatchObject({ ok: false, failure: { code } });
    expect((await desk.scenario.outsider.query(`select count(*) from writ.run`)).rows).toEqual(before.rows);
  });
});
