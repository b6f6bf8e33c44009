import { publish } from '@writ/registry';
import type { RunId } from '@writ/kernel';
import { until } from '../support/until';
import { type BranchWorld, branchPolicy, from, openBranchWorld, tool } from './branch-world';

const step = (id: string, node: object): object => ({ id, node });
const steps = (...all: object[]): object => ({ type: 'sequence', steps: all });
const wait = step('stop', { type: 'wait', signal: 'go' });
const pay = step('pay', tool('pay', { amount: 1 }));
const say = (what: unknown): object => step('say', tool('echo', { say: what }));

let world: BranchWorld;
beforeAll(async () => {
  world = await openBranchWorld({
    tail: steps(pay, wait, say('old')),
    head: steps(pay, wait, say('old')),
    fan: steps(
      step('wide', {
        type: 'fanout',
        branches: [
          { key: 'quick', node: tool('echo', { say: 1 }) },
          { key: 'held', node: { type: 'wait', signal: 'go' } },
        ],
        merge: { policy: 'all' },
      }),
      say('old'),
    ),
    busy: steps(step('slow', tool('slow', { ms: 4_000 })), say('old')),
  });
  await world.scenario.activate(policy());
});
afterAll(() => world.close());

const policy = (...more: string[]) => ({
  ...branchPolicy,
  rules: [branchPolicy.rules, 'p, user:*, {tenant}, run:*, run.upgrade, , allow', ...more].join('\n'),
});

async function newVersion(name: string, root: object): Promise<void> {
  const { db, tenant } = world.scenario;
  const document = { kind: 'workflow', name, owner: 'tests', purpose: 'shows how branches come together', root };
  const done = await db.withTenant(tenant, (tx) =>
    publish(tx, { tenant, author: 'user:author', documents: [document] }),
  );
  if (!done.ok) throw new Error(`${done.failure.message} ${JSON.stringify(done.failure.details)}`);
}
const upgrade = (run: RunId, version?: number) =>
  world.scenario.engine.commands.upgrade({
    tenant: world.scenario.tenant,
    caller: world.scenario.caller,
    run,
    reason: 'to see',
    ...(version !== undefined && { version }),
  });
const choiceOf = async (run: RunId) => {
  const choice = await world.scenario.engine.queries.upgradeChoice(world.scenario.tenant, run);
  return choice?.ok ? choice.value : choice;
};
const signal = (run: RunId) =>
  world.scenario.engine.commands.signal({
    tenant: world.scenario.tenant,
    caller: world.scenario.caller,
    run,
    name: 'go',
    payload: 'gone',
  });
async function settled(run: RunId): Promise<boolean> {
  let moved = false;
  await until('the upgrade to be settled', async () => {
    const { rows } = await world.scenario.outsider.query<{ moved: boolean }>(
      `select position('"moved":true' in events) > 0 as moved from writ.journal
        where run = $1 and position('upgrade_settled' in events) > 0`,
      [run],
    );
    moved = rows[0]?.moved === true;
    return rows.length > 0;
  });
  return moved;
}
const paid = () => world.reached.filter((one) => one.startsWith('pay')).length;

describe('a run whose workflow has a new version', () => {
  it('finishes on its own, unless somebody chooses otherwise', async () => {
    const run = await world.start('tail');
    await world.stands(run, 'waiting_external');
    await newVersion('tail', steps(pay, wait, say('new')));
    expect(await choiceOf(run)).toMatchObject({
      choice: 'move',
      because: null,
      version: 2,
      changes: [{ kind: 'workflow' }],
    });
    await signal(run);
    expect((await world.stands(run)).output).toBe('old');
  });

  it('hears of the signals that its own version waits for, and of those of a version that it is moved to', async () => {
    const { tenant, caller, engine } = world.scenario;
    await newVersion('tail', steps(pay, wait, say('old')));
    const run = await world.start('tail');
    await world.stands(run, 'waiting_external');
    await newVersion('tail', steps(pay, wait, step('later', { type: 'wait', signal: 'later' }), say('new')));
    const later = () => engine.commands.signal({ tenant, caller, run, name: 'later', payload: 1 });
    expect(await later()).toMatchObject({ ok: false, failure: { code: 'signal_unknown' } });
    expect((await upgrade(run)).ok).toBe(true);
    expect(await settled(run)).toBe(true);
    expect((await later()).ok).toBe(true);
    await signal(run);
    expect((await world.stands(run)).output).toBe('new');
  });

  it('[I4] moves where its journal is one that the new version leads to, and does nothing again', async () => {
    await newVersion('tail', steps(pay, wait, say('old')));
    const run = await world.start('tail');
    await world.stands(run, 'waiting_external');
    const before = paid();
    await newVersion(
      'tail',
      steps(pay, wait, step('more', tool('echo', { say: 'between' })), say(from('/steps/stop/output'))),
    );
    expect((await upgrade(run)).ok).toBe(true);
    expect(await settled(run)).toBe(true);
    await signal(run);
    const { output, status, events } = await world.stands(run);
    expect([status, output, paid()]).toEqual(['succeeded', 'gone', before]);
    expect(events.some((event) => event.type === 'step_intended' && event.path === 'more')).toBe(true);
    // It is led by the new versions also when it is loaded anew, and evidence names them.
    expect(await choiceOf(run)).toMatchObject({ choice: 'none', changes: [] });
    expect(await upgrade(run)).toMatchObject({ ok: false, failure: { code: 'state_conflict' } });
  });

  it('stays where its journal does not fit, and is told which event does not', async () => {
    const run = await world.start('head');
    await world.stands(run, 'waiting_external');
    await newVersion('head', steps(step('pay', tool('pay', { amount: 2 })), wait, say('new')));
    const refused = await upgrade(run);
    expect(refused).toMatchObject({ ok: false, failure: { code: 'upgrade_refused' } });
    expect(await choiceOf(run)).toMatchObject({
      choice: 'finish',
      because: 'event 1: tool pay at pay, where the other version wants it with other arguments',
    });
    await newVersion('head', steps(pay, say('new')));
    expect(await choiceOf(run)).toMatchObject({
      choice: 'finish',
      because: 'event 3: a wait at stop, where the other version wants tool echo at say',
    });
    await signal(run);
    expect((await world.stands(run)).output).toBe('old');
  });

  it('moves with branches that wait, once nothing is under way', async () => {
    const run = await world.start('fan');
    await world.stands(run, 'waiting_external');
    await newVersion(
      'fan',
      steps(
        step('wide', {
          type: 'fanout',
          branches: [
            { key: 'quick', node: tool('echo', { say: 1 }) },
            { key: 'held', node: { type: 'wait', signal: 'go' } },
          ],
          merge: { policy: 'all' },
        }),
        say('new'),
      ),
    );
    expect((await upgrade(run)).ok).toBe(true);
    expect(await settled(run)).toBe(true);
    await signal(run);
    expect((await world.stands(run)).output).toBe('new');
  });

  it('lets a call under way end before it moves', async () => {
    const run = await world.start('busy');
    await until('the call to be under way', () => Promise.resolve(world.reached.some((one) => one.startsWith('slow'))));
    await newVersion('busy', steps(step('slow', tool('slow', { ms: 4_000 })), say('new')));
    expect((await upgrade(run)).ok).toBe(true);
    const { output, events } = await world.stands(run);
    expect(output).toBe('new');
    const order = events.map(({ type }) => type);
    expect(order.indexOf('upgrade_settled')).toBeGreaterThan(order.indexOf('step_settled'));
  });

  it('is moved only by who may, and not once it is over', async () => {
    const run = await world.start('fan');
    await world.stands(run, 'waiting_external');
    await world.scenario.activate(policy('p, user:*, {tenant}, run:*, run.upgrade, , deny'));
    try {
      await until('the refusal', async () => {
        const refused = await upgrade(run);
        return !refused.ok && refused.failure.code === 'policy_denied';
      });
    } finally {
      await world.scenario.activate(policy());
    }
    expect(await upgrade(run, 99)).toMatchObject({ ok: false, failure: { code: 'workflow_unknown' } });
    await signal(run);
    await world.stands(run);
    expect(await upgrade(run)).toMatchObject({ ok: false, failure: { code: 'state_conflict' } });
  });
});
