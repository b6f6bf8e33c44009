import { newId, type RunId } from '@writ/kernel';
import type { TriggersApi } from '@writ/engine';
import { until } from '../support/crash-world';
import { openDesk, type Desk, policy } from './desk';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
  const rules = [
    'p, service:*, {tenant}, workflow:*, run.start, , allow',
    'p, service:*, {tenant}, class:harmless, tool.invoke, , allow',
  ].join('\n');
  await desk.scenario.activate({ ...policy, rules: `${policy.rules}\n${rules}` });
});
afterAll(() => desk.close());

type NewTrigger = Parameters<TriggersApi['create']>[1]['trigger'];
type Trigger = NonNullable<Awaited<ReturnType<TriggersApi['get']>>>;

let names = 0;
async function made(more: Partial<NewTrigger> = {}): Promise<Trigger> {
  const { tenant, db } = desk.scenario;
  const trigger: NewTrigger = {
    name: `every_second_${++names}`,
    roles: [],
    start: { workflow: 'look_twice', input: { due: { $from: '/input/due_at' } } },
    schedule: { cron: '* * * * * *', timeZone: 'UTC', missed: 'all' },
    ...more,
  };
  const done = await db.withTenant(tenant, (tx) =>
    desk.engine.triggers.create(tx, { tenant, trigger, by: desk.as('user:boss') }),
  );
  if (!done.ok) throw new Error(done.failure.message);
  return done.value.trigger;
}

const firingsOf = async (trigger: Trigger) =>
  (await desk.engine.triggers.firings(desk.scenario.tenant, trigger.id, { limit: 100 }))!.data;

/** Looks as another process would: its own lease, its own eyes. */
const lookElsewhere = (): Promise<void> => desk.engine.triggers.clockFor(newId('worker')).look();

const rewind = (trigger: Trigger, to: string): Promise<unknown> =>
  desk.scenario.outsider.query(`update writ.trigger set next_at = ${to}, lease_until = null where id = $1`, [
    trigger.id,
  ]);

const pause = (trigger: Trigger) => {
  const { tenant, db } = desk.scenario;
  return db.withTenant(tenant, (tx) =>
    desk.engine.triggers.pause(tx, { tenant, id: trigger.id, by: desk.as('user:boss'), reason: 'enough' }),
  );
};

describe('a schedule', () => {
  it('fires by itself, each time once, as a run of its own principal', async () => {
    const trigger = await made();
    const firings = await until('three firings', async () => {
      const found = await firingsOf(trigger);
      return found.length >= 3 ? found : null;
    });
    await pause(trigger);
    expect(new Set(firings.map(({ key }) => key)).size).toBe(firings.length);
    for (const { run, key, outcome } of firings) {
      expect(outcome).toBe('started');
      const { events } = await desk.stands(run as RunId, 'succeeded');
      expect(events[0]).toMatchObject({ initiator: { id: trigger.principal, kind: 'service' }, input: { due: key } });
    }
  });

  it('[I12] is one run per time over many processes that all see it due', async () => {
    const trigger = await made({ schedule: { cron: '0 0 1 1 *', timeZone: 'UTC', missed: 'once' } });
    const began = Math.floor(Date.now() / 1000);
    for (let round = 1; round <= 5; round++) {
      await rewind(trigger, `to_timestamp(${began - round})`);
      await Promise.all(Array.from({ length: 8 }, () => lookElsewhere()));
    }
    const firings = await until('five firings', async () => {
      const found = await firingsOf(trigger);
      return found.length >= 5 ? found : null;
    });
    const { rows } = await desk.scenario.outsider.query(`select id from writ.run where initiator = $1`, [
      trigger.principal,
    ]);
    expect(rows).toHaveLength(firings.length);
    await pause(trigger);
  });

  it('[I12] is one run when its process dies between the start of the run and the record of the firing', async () => {
    const trigger = await made({ schedule: { cron: '0 0 1 1 *', timeZone: 'UTC', missed: 'once' } });
    const { outsider } = desk.scenario;
    await outsider.query(`alter table writ.trigger_firing rename to trigger_firing_gone`);
    await rewind(trigger, `clock_timestamp() - interval '2 seconds'`);
    await lookElsewhere();
    await until('the run to be started', async () => {
      const { rows } = await outsider.query(`select id from writ.run where initiator = $1`, [trigger.principal]);
      return rows.length > 0 ? true : null;
    });
    await outsider.query(`alter table writ.trigger_firing_gone rename to trigger_firing`);
    await outsider.query(`update writ.trigger set lease_until = clock_timestamp() where id = $1`, [trigger.id]);
    const [firing] = await until('the firing', async () => {
      const found = await firingsOf(trigger);
      return found.length > 0 ? found : null;
    });
    expect(firing).toMatchObject({ outcome: 'started' });
    const { rows } = await desk.scenario.outsider.query(`select id from writ.run where initiator = $1`, [
      trigger.principal,
    ]);
    expect(rows).toHaveLength(1);
    await pause(trigger);
  });

  it('after a long sleep fires the latest missed time alone, and says which it left', async () => {
    const trigger = await made({ schedule: { cron: '0 * * * *', timeZone: 'UTC', missed: 'once' } });
    await rewind(trigger, `date_trunc('hour', clock_timestamp()) - interval '5 hours'`);
    const found = await until('the firings', async () => {
      const all = await firingsOf(trigger);
      return all.some(({ outcome }) => outcome === 'started') ? all : null;
    });
    const started = found.filter(({ outcome }) => outcome === 'started').length;
    expect(found.filter(({ outcome }) => outcome === 'missed')).toHaveLength(1);
    // Two when the full hour is less than a minute ago: that one is on time.
    expect([1, 2]).toContain(started);
    const shown = await desk.engine.triggers.get(desk.scenario.tenant, trigger.id);
    expect(shown!.nextAt).toBeGreaterThan(Date.now());
    await pause(trigger);
  });

  it('that is refused says why, and goes on', async () => {
    const { outsider } = desk.scenario;
    const trigger = await made({ start: { workflow: 'no_such_workflow', input: {} } });
    const firings = await until('two refusals', async () => {
      const found = await firingsOf(trigger);
      return found.length >= 2 ? found : null;
    });
    await pause(trigger);
    expect(firings.every(({ outcome, code }) => outcome === 'refused' && code === 'workflow_unknown')).toBe(true);
    expect((await outsider.query(`select 1 from writ.run where initiator = $1`, [trigger.principal])).rows).toEqual([]);
  });

  it('[I11] of another tenant is not found, whatever its id', async () => {
    const trigger = await made();
    await pause(trigger);
    const stranger = newId('tenant');
    const { triggers } = desk.engine;
    expect(await triggers.get(stranger, trigger.id)).toBeNull();
    expect(await triggers.firings(stranger, trigger.id, { limit: 1 })).toBeNull();
  });
});
