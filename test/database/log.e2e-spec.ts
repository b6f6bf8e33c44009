import { Client } from 'pg';
import { appendTenantEvent, KeyRing } from '@writ/audit';
import { newId, type TenantId } from '@writ/kernel';
import { emptyDatabase } from '../support/database';
import { Ledger, newTenant } from '../support/ledger';
import { logHome, type LogHome, openSequencer, type OpenSequencer, unsealedUnits } from '../support/log-world';
import { seeded } from '../support/seeded';
import { following } from '../support/units';
import { until } from '../support/until';
import { type CheckedLog, verifyLog } from '../support/verify-log';

const SOAK = process.env['WRIT_SOAK'] === '1';
const HELD_MS = SOAK ? 30_000 : 3_000;

let ledger: Ledger;
let home: LogHome;
const open: OpenSequencer[] = [];

beforeEach(async () => {
  ledger = await Ledger.open();
  home = logHome();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
  await ledger.close();
  home.remove();
});

async function start(more: Parameters<typeof openSequencer>[2] = {}): Promise<OpenSequencer> {
  const one = await openSequencer(ledger.fresh.url, home, more);
  open.push(one);
  return one;
}

const sealed = (): Promise<void> =>
  until('every unit to be sealed', async () => (await unsealedUnits(ledger.outsider)) === 0);

/** Within a second, where the machine does nothing else. */
async function sealedSoon(): Promise<void> {
  const began = performance.now();
  await sealed();
  if (SOAK) expect(performance.now() - began).toBeLessThan(1_000);
}

async function whole(tenant: TenantId = ledger.tenant): Promise<CheckedLog> {
  await sealed();
  const logs = await verifyLog(ledger.outsider, { outside: home.checkpoints, allSealed: true });
  return logs.find((log) => log.tenant === tenant)!;
}

const event = { type: 'access.read', actor: 'user:somebody', action: 'audit.read' } as const;
const append = (tenant: TenantId = ledger.tenant): Promise<void> =>
  ledger.db.withTenant(tenant, (tx) => appendTenantEvent(tx, tenant, event));

/** A transaction of the owner's that stays open until it is ended. */
async function transaction(url = ledger.fresh.url): Promise<Client> {
  const client = new Client(url);
  client.on('error', () => undefined);
  await client.connect();
  await client.query('begin');
  return client;
}

const insertUnit = (client: Client, tenant: TenantId, unit: { readonly run: string; readonly seq: number }) =>
  client.query(
    `insert into writ.audit_unit (tenant, run, seq, unit, events, hashes)
     values ($1, $2, $3, $4, $5::text, sha256($5::text::bytea))`,
    [tenant, unit.run, unit.seq, newId('unit'), `event ${unit.run} ${unit.seq}`],
  );

async function checkpoints(): Promise<number> {
  const { rows } = await ledger.outsider.query<{ n: number }>(`select count(*)::int as n from writ.log_checkpoint`);
  return rows[0]!.n;
}

describe('the log', () => {
  it('[I9] seals every event once, in contiguous order, over more tiles than one', async () => {
    await start();
    let units = await Promise.all(Array.from({ length: 40 }, () => ledger.run()));
    for (let step = 0; step < 20; step++) units = await Promise.all(units.map((unit) => ledger.put(following(unit))));
    for (let i = 0; i < 5; i++) await append();
    expect(await whole()).toMatchObject({ size: 40 * 21 + 5, unsealed: 0 });
  });

  it('a checkpoint follows an event within a second, a busy log is signed a few times a second, an idle one never', async () => {
    const roundMs = 250;
    await start({ options: { lookMs: 100, roundMs, beatMs: 1_000 } });
    await append();
    await sealedSoon();
    const idle = await checkpoints();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await checkpoints()).toBe(idle);
    const began = Date.now();
    while (Date.now() < began + 2_000) await append();
    await sealedSoon();
    expect((await checkpoints()) - idle).toBeLessThanOrEqual(Math.ceil((Date.now() - began) / roundMs) + 2);
    await whole();
  });

  it(
    `[I9] an insert held open for ${HELD_MS / 1000} s delays itself and nothing else, and is sealed when it commits`,
    async () => {
      await start();
      const [held, elsewhere] = [await transaction(), await transaction()];
      const tenant = await newTenant(ledger.db);
      await insertUnit(held, tenant, { run: 'run_held', seq: 0 });
      // One in another database holds back the oldest visible transaction of the whole server.
      const other = await emptyDatabase();
      const foreign = await transaction(other.url);
      await foreign.query('create table t (x int)');
      const end = Date.now() + HELD_MS;
      for (let i = 0; Date.now() < end; i++) {
        await append();
        await sealedSoon();
        if (i % 10 === 0) await verifyLog(ledger.outsider, { outside: home.checkpoints });
      }
      expect(await unsealedUnits(ledger.outsider)).toBe(0);
      await held.query('commit');
      await sealedSoon();
      await elsewhere.query('rollback');
      expect(await whole(tenant)).toMatchObject({ size: 1 });
      for (const client of [held, elsewhere, foreign]) await client.end();
      await other.drop();
    },
    HELD_MS + 180_000,
  );

  it.each([5, 20_000])(
    '[I9] whatever the order in which transactions begin, commit and give up, in rounds of %i units: nothing is lost',
    async (most) => {
      const random = seeded('concurrent inserts');
      await start({ units: most });
      const tenants = [ledger.tenant, await newTenant(ledger.db)];
      const clients = await Promise.all(Array.from({ length: 12 }, () => transaction()));
      let committed = 0;
      await Promise.all(
        clients.map(async (client, n) => {
          for (let round = 0; round < 25; round++) {
            const units = 1 + Math.floor(random() * 4);
            const tenant = tenants[Math.floor(random() * 2)]!;
            for (let seq = 0; seq < units; seq++) await insertUnit(client, tenant, { run: `run_${n}_${round}`, seq });
            await new Promise((resolve) => setTimeout(resolve, random() * random() * 60));
            const kept = random() < 0.8;
            await client.query(kept ? 'commit' : 'rollback');
            if (kept) committed += units;
            await client.query('begin');
          }
          await client.query('rollback');
          await client.end();
        }),
      );
      const sizes = [await whole(tenants[0]), await whole(tenants[1])].map(({ size }) => size);
      const streams = sizes[0]! + sizes[1]!;
      expect(streams).toBe(committed);
    },
    400_000,
  );

  it('[I9] a stream is sealed in its order, also where a later event’s transaction is the older one', async () => {
    const { tenant } = ledger;
    await append();
    // It has its number before the others, and its turn at the stream after them.
    const late = await transaction();
    await late.query('create temporary table first (x int)');
    await late.query('insert into first values (1)');
    for (let i = 0; i < 12; i++) await append();
    await ledger.db.withTenant(tenant, async (tx) => {
      await tx.query('SELECT 1');
    });
    const { rows } = await late.query<{ next_seq: number }>(
      `update writ.tenant_stream set next_seq = next_seq + 1 where tenant = $1 returning next_seq - 1 as next_seq`,
      [tenant],
    );
    await insertUnit(late, tenant, { run: 'tenant', seq: rows[0]!.next_seq });
    await late.query('commit');
    await late.end();
    await start({ units: 2 });
    expect(await whole()).toMatchObject({ size: 14 });
  });

  it('[I9] a log that refuses keeps no other waiting, however much of it is passed over', async () => {
    const other = await newTenant(ledger.db);
    await append(other);
    const sequencer = await start({ units: 4 });
    await whole(other);
    await sequencer.close();
    open.length = 0;
    await ledger.outsider.query(
      `update writ.log_head set state = 'refusing', refusal = '{"code":"x"}' where tenant = $1`,
      [other],
    );
    // Kept outside: a checkpoint that cannot be read, so the refusal stands.
    const { writeFileSync, readFileSync, rmSync } = await import('node:fs');
    const file = `${home.checkpoints}/${other}.checkpoint`;
    const kept = readFileSync(file, 'utf8');
    writeFileSync(file, 'nonsense');
    for (let i = 0; i < 30; i++) await append(other);
    await append();
    await start({ units: 4 });
    await until('the tenant behind it to be sealed', async () => (await unsealedUnits(ledger.outsider)) === 30);
    writeFileSync(file, kept);
    expect(await whole(other)).toMatchObject({ size: 31 });
    rmSync(file);
  });
});

describe('the lease of the log', () => {
  it('[I9] one of several leads; when it goes, another leads at once', async () => {
    const three = [await start(), await start(), await start()];
    await until('one to lead', () => three.some(({ sequencer }) => sequencer.leading));
    expect(three.filter(({ sequencer }) => sequencer.leading)).toHaveLength(1);
    const leader = three.find(({ sequencer }) => sequencer.leading)!;
    await append();
    await leader.close();
    open.splice(open.indexOf(leader), 1);
    await until('another to lead', () => three.some((one) => one !== leader && one.sequencer.leading));
    await append();
    await whole();
  });

  it('what was written until the end is sealed before the leader goes', async () => {
    const only = await start({ options: { lookMs: 60_000 } });
    await until('it to lead', () => only.sequencer.leading);
    await append();
    await only.close();
    open.length = 0;
    expect(await unsealedUnits(ledger.outsider)).toBe(0);
  });

  it('a round outside its lease, or in a snapshot per statement, is refused by the database', async () => {
    const { db } = await start();
    await expect(db.platform((tx) => tx.query(`SELECT * FROM writ.seal_units('1:1:', 10)`))).rejects.toMatchObject({
      code: '25000',
    });
    await expect(
      ledger.outsider.query(
        `insert into writ.log_span (tenant, generation, first_index, run, seq, count) values ($1, 1, 7, 'r', 0, 1)`,
        [ledger.tenant],
      ),
    ).rejects.toMatchObject({ code: '23514' });
    await append();
    await sealed();
    await expect(
      ledger.outsider.query(`update writ.log_head set size = size - 1 where tenant = $1`, [ledger.tenant]),
    ).rejects.toMatchObject({ code: '23514' });
  });
});

describe('the keys of the log', () => {
  it('of processes that start at once on one folder, all use the same key', async () => {
    const rings = await Promise.all(
      Array.from({ length: 8 }, async () => {
        await Promise.resolve();
        return new KeyRing({ file: home.keyFile }).newest().verifier('x').keyId;
      }),
    );
    expect(new Set(rings).size).toBe(1);
  });
});
