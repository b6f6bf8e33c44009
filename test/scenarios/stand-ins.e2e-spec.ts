import { standIns } from '@writ/policy';
import { until } from '../support/until';
import { openTill, paying, type Till } from './till';

describe('while somebody is away', () => {
  let till: Till;
  beforeAll(async () => {
    till = await openTill();
  });
  afterAll(() => till.close());
  beforeEach(async () => {
    till.paid.length = 0;
    await till.scenario.activate(paying({ payers: ['user:p1', 'user:p2'] }));
  });

  const names = (absent: string, deputy: string, ms = 60_000, by = absent) => {
    const { db, tenant } = till.scenario;
    const now = Date.now();
    const given = { tenant, absent, deputy, startsAt: now - 1, endsAt: now + ms, reason: 'on leave', by, now };
    return db.withTenant(tenant, (tx) => standIns.set(tx, given));
  };
  const ends = (id: string) => {
    const { db, tenant } = till.scenario;
    return db.withTenant(tenant, (tx) => standIns.end(tx, { tenant, id, reason: 'back', by: 'user:p1' }));
  };
  const asked = async (amount = 100) => {
    const run = await till.pay(amount);
    await till.lead(run, 'waiting_approval');
    return { run, approval: await till.asked(run) };
  };

  it('whoever stands in for them decides by their right, which the record says', async () => {
    const { run, approval } = await asked();
    expect(await till.vote('user:zoe', approval)).toMatchObject({ failure: { code: 'not_eligible' } });
    const named = await names('user:p1', 'user:zoe');
    expect(named.ok).toBe(true);
    const { tenant, engine, outsider } = till.scenario;
    const found = await engine.approvals.queries.get(tenant, approval, {
      reader: till.as('user:zoe'),
      now: Date.now(),
    });
    expect(found).toMatchObject({ barred: null, inPlaceOf: ['user:p1'] });
    expect(await till.vote('user:zoe', approval)).toMatchObject({ ok: true, value: { status: 'approved' } });
    await till.lead(run, 'succeeded');
    expect(till.paid).toHaveLength(1);
    const { rows } = await outsider.query<{ events: string }>(
      `select writ.audit_lines(u) as events from writ.audit_unit u where tenant = $1 and run = 'tenant' order by seq`,
      [tenant],
    );
    const events = rows.flatMap(({ events: text }) => text.split('\n').map((line) => JSON.parse(line) as object));
    expect(events).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ type: 'approval.stand_in_set', actor: 'user:p1' }),
        expect.objectContaining({
          type: 'approval.voted',
          actor: 'user:zoe',
          detail: expect.objectContaining({ in_place_of: 'user:p1' }) as object,
        }),
      ]),
    );
    if (named.ok) await ends(named.value.id);
  });

  it('a vote counts no more once they are back before its use', async () => {
    const { run, approval } = await asked();
    const named = await names('user:p1', 'user:zoe');
    expect(await till.vote('user:zoe', approval)).toMatchObject({ ok: true, value: { status: 'approved' } });
    expect(named.ok && (await ends(named.value.id))?.endedBy).toBe('user:p1');
    await till.leading(() =>
      until('the request to be withdrawn', async () => (await till.status(approval)).status === 'withdrawn'),
    );
    expect(await till.status(approval)).toEqual({ status: 'withdrawn', reason: 'voter_lost_right' });
    expect(till.paid).toEqual([]);
    await till.vote('user:p2', await till.asked(run));
    await till.lead(run, 'succeeded');
  });

  it('their right is one: the deputy and they themselves are not two people', async () => {
    await till.scenario.activate(paying({ payers: ['user:p1', 'user:p2'], values: { count: 2 } }));
    const { run, approval } = await asked();
    const named = await names('user:p1', 'user:zoe');
    expect(await till.vote('user:zoe', approval)).toMatchObject({ value: { status: 'pending' } });
    expect(await till.vote('user:p1', approval)).toMatchObject({ value: { status: 'pending' } });
    expect(await till.vote('user:p2', approval)).toMatchObject({ value: { status: 'approved' } });
    await till.lead(run, 'succeeded');
    if (named.ok) await ends(named.value.id);
  });

  it('nobody decides about their own business by it, nor hands it on, nor takes it for themselves', async () => {
    const { run, approval } = await asked();
    // Ann, for whom it is asked, in the place of somebody who may decide.
    await names('user:p1', 'user:ann');
    expect(await till.vote('user:ann', approval)).toMatchObject({ failure: { details: { reason: 'is_requester' } } });
    // Zoe stands in for Ann, and through her for nobody.
    await names('user:ann', 'user:zoe');
    expect(await till.vote('user:zoe', approval)).toMatchObject({ failure: { details: { reason: 'lacks_role' } } });
    expect(await names('user:p2', 'user:eve', 60_000, 'user:eve')).toMatchObject({
      failure: { code: 'stand_in_shape' },
    });
    expect(await names('user:p2', 'agent:clerk')).toMatchObject({ failure: { code: 'stand_in_shape' } });
    expect(await names('user:p2', 'user:eve', 93 * 86_400_000)).toMatchObject({ ok: false });
    await till.vote('user:p2', approval);
    await till.lead(run, 'succeeded');
  });

  it('it ends by itself', async () => {
    const { approval } = await asked();
    await names('user:p2', 'user:eve', 300);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await till.vote('user:eve', approval)).toMatchObject({ failure: { code: 'not_eligible' } });
  });
});
