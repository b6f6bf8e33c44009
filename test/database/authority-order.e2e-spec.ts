import { Client } from 'pg';
import { raiseAuthority, type Tx } from '@writ/database';
import { newId, type RunId, type TenantId } from '@writ/kernel';
import { activatePolicy, revokeDelegation, setStop } from '@writ/policy';
import { Ledger, newTenant } from '../support/ledger';
import { following } from '../support/units';
import { until } from '../support/until';

let ledger: Ledger;
beforeEach(async () => {
  ledger = await Ledger.open();
});
afterEach(() => ledger?.close());

describe('a change of authority and a commit that meet', () => {
  async function holdingUp(client: Client, work: () => Promise<void>): Promise<void> {
    await client.connect();
    try {
      await work();
    } finally {
      await client.end();
    }
  }
  const waitingForLock = async (n: number): Promise<void> =>
    until(`${n} that wait for a lock`, async () => {
      const { rows } = await ledger.outsider.query<{ n: number }>(
        `select count(*)::int n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return rows[0]!.n === n;
    });

  it('[I3] a unit sent while a change is being made waits for it, and is refused under the epoch before', async () => {
    const run = await ledger.run();
    const changer = new Client(ledger.fresh.url);
    await holdingUp(changer, async () => {
      await changer.query('begin');
      await changer.query('select pg_advisory_xact_lock(writ.authority_lock())');
      await changer.query('update writ.authority_head set epoch = epoch + 1 where tenant = $1', [ledger.tenant]);
      const outcome = ledger.commit(following(run));
      await waitingForLock(1);
      await changer.query('commit');
      expect(await outcome).toEqual({ kind: 'refused', reason: 'authority' });
    });
  });

  it('[I3] a change that is taken back refuses nothing: the unit that waited for it is committed', async () => {
    const run = await ledger.run();
    const changer = new Client(ledger.fresh.url);
    await holdingUp(changer, async () => {
      await changer.query('begin');
      await changer.query('select pg_advisory_xact_lock(writ.authority_lock())');
      await changer.query('update writ.authority_head set epoch = epoch + 1 where tenant = $1', [ledger.tenant]);
      const outcome = ledger.commit(following(run));
      await waitingForLock(1);
      await changer.query('rollback');
      expect((await outcome).kind).toBe('committed');
    });
  });

  it('[I3] a change waits for the commits under way, and none of a later hour slips past it while it waits', async () => {
    const [held, other] = [await ledger.run(), await ledger.run()];
    const holder = new Client(ledger.fresh.url);
    await holdingUp(holder, async () => {
      await holder.query('begin');
      await holder.query('select from writ.run where id = $1 for update', [held.run]);
      // This commit has the authority lock, shared, and waits for its run's row.
      const early = ledger.commit(following(held));
      await waitingForLock(1);
      const change = ledger.raise(ledger.tenant);
      await waitingForLock(2);
      await holder.query('rollback');
      expect((await early).kind).toBe('committed');
      expect(await change).toBe(2);
      expect(await ledger.commit(following(other))).toEqual({ kind: 'refused', reason: 'authority' });
    });
  });

  const POLICY = {
    rules: 'p, user:*, {tenant}, workflow:*, run.start, , allow',
    conditions: {},
    obligations: {},
    attributes: {},
    limits: { handoff_depth: 10 },
  };
  const CHANGES: readonly (readonly [
    what: string,
    change: (tx: Tx, tenant: TenantId, run: RunId) => Promise<unknown>,
  ])[] = [
    ['another policy', (tx, tenant) => activatePolicy(tx, { tenant, bundle: POLICY, author: 'user:x' })],
    [
      'a delegation taken back',
      (tx, tenant, run) =>
        revokeDelegation(tx, { tenant, run, delegation: newId('delegation'), reason: 'x', author: 'user:x' }),
    ],
    [
      'a stop that ends runs',
      (tx, tenant, run) =>
        setStop(tx, { tenant, scope: 'run', target: run, mode: 'terminate', reason: 'x', author: 'user:x' }),
    ],
  ];
  it.each(CHANGES)('%s and a commit of a run that it makes due never wait for one another', async (_what, change) => {
    const { tenant } = ledger;
    const { run } = await ledger.run();
    await ledger.outsider.query(
      `update writ.run set lease_owner = null, status = 'waiting_approval', wait = '{"for":"approval"}',
              wake_at = now() + interval '1 day' where id = $1`,
      [run],
    );
    const committer = new Client(ledger.fresh.url);
    await holdingUp(committer, async () => {
      // In the order of every commit: the lock of authority, shared, and then the row.
      await committer.query('begin');
      await committer.query('select pg_advisory_xact_lock_shared(writ.authority_lock())');
      const changed = ledger.db.withTenant(tenant, (tx) => change(tx, tenant, run));
      await waitingForLock(1);
      await committer.query(`select from writ.run where id = $1 for update`, [run]);
      await committer.query('commit');
      await changed;
    });
    const { rows } = await ledger.outsider.query<{ due: boolean }>(
      `select wake_at <= now() as due from writ.run where id = $1`,
      [run],
    );
    expect(rows).toEqual([{ due: true }]);
  });

  it('[I3] an epoch never goes down, and nobody raises another tenant’s', async () => {
    const stranger = await newTenant(ledger.db);
    await expect(ledger.db.withTenant(stranger, (tx) => raiseAuthority(tx, ledger.tenant))).rejects.toThrow(
      /not visible/,
    );
    await expect(
      ledger.outsider.query('update writ.authority_head set epoch = 0 where tenant = $1', [ledger.tenant]),
    ).rejects.toMatchObject({ code: '23514' });
    await ledger.raise(ledger.tenant);
    await expect(
      ledger.outsider.query('update writ.authority_head set epoch = 1 where tenant = $1', [ledger.tenant]),
    ).rejects.toMatchObject({ code: '23514' });
  });
});
