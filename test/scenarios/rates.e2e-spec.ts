import { readJournal } from '@writ/engine';
import { parseBundle, type PolicyBundle } from '@writ/policy';
import { openTill, paying, type Till } from './till';

/** Small payments are free, and one a day. */
function oneADay(): PolicyBundle {
  const { rules, conditions, obligations, attributes, limits } = paying();
  const rated = (rules as string).replace('small, allow, , free-pay', 'small, allow, one_a_day, free-pay');
  const one_a_day = { type: 'rate_limit', values: { most: 1, per_ms: 86_400_000, for_each: 'tenant' } };
  const all = { rules: rated, conditions, obligations: { ...obligations, one_a_day }, attributes, limits };
  const bundle = parseBundle(JSON.stringify(all));
  if (!bundle.ok) throw new Error(bundle.failure.message);
  return bundle.value;
}

describe('a run whose turn has not come', () => {
  let till: Till;
  beforeAll(async () => {
    till = await openTill();
    await till.scenario.activate(oneADay());
  });
  afterAll(() => till.close());

  it('waits on record, over a restart of whoever leads it, and goes on when its turn comes', async () => {
    const { outsider, tenant, db } = till.scenario;
    const first = await till.pay(1);
    await till.lead(first, 'succeeded');
    const run = await till.pay(2);
    await till.lead(run, 'paused');
    const row = async () => {
      const found = await outsider.query<{ wait: string; lease_owner: string | null; wake_at: Date | null }>(
        `select wait, lease_owner, wake_at from writ.run where id = $1`,
        [run],
      );
      return found.rows[0]!;
    };
    // Nobody holds it in memory: the process that led it is gone.
    const rest = await row();
    expect([JSON.parse(rest.wait), rest.lease_owner]).toEqual([
      { for: 'rate', step: 1, target: 'pay', obligation: 'one_a_day' },
      null,
    ]);
    expect(rest.wake_at).not.toBeNull();
    const waits = async () =>
      (await readJournal(db, tenant, run)).filter((event) => event.type === 'wait_started').length;
    expect(await waits()).toBe(1);
    const again = till.lead(run, 'succeeded');
    await outsider.query(`delete from writ.rate_bucket where tenant = $1`, [tenant]);
    await outsider.query(`update writ.run set wake_at = now() where id = $1`, [run]);
    await again;
    expect(till.paid).toEqual([
      { order: 'A', amount: 1 },
      { order: 'A', amount: 2 },
    ]);
  });

  it('is told from one that somebody stopped: in its list, on its timeline, and in the evidence', async () => {
    const { engine, tenant } = till.scenario;
    const run = await till.pay(3);
    await till.lead(run, 'paused');
    const timeline = await engine.queries.timeline(tenant, run, Date.now());
    expect(timeline?.segments.at(-1)).toMatchObject({ kind: 'throttled', to_ms: null });
    const { rows } = await till.scenario.outsider.query<{ events: string }>(
      `select writ.audit_lines(u) as events from writ.audit_unit u where tenant = $1 and run = $2 order by seq`,
      [tenant, run],
    );
    expect(rows.map(({ events }) => events).join('\n')).toContain('"detail":{"for":"rate"}');
  });
});
