import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  announceKey,
  appendTenantEvent,
  exportLog,
  KeyRing,
  LogReader,
  OutsideCheckpoints,
  recoverLogs,
} from '@writ/audit';
import { openDatabase } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import { parseVkey, verifyExport } from '@writ/verify';
import { Ledger, newTenant } from '../support/ledger';
import { logHome, type LogHome, openSequencer, type OpenSequencer, unsealedUnits } from '../support/log-world';
import { until } from '../support/until';
import { readNote, verifyLog } from '../support/verify-log';

let ledger: Ledger;
let home: LogHome;
let open: OpenSequencer | null = null;

beforeEach(async () => {
  ledger = await Ledger.open();
  home = logHome();
});

afterEach(async () => {
  await stop();
  await ledger.close();
  home.remove();
});

const start = async (): Promise<void> => void (open = await openSequencer(ledger.fresh.url, home));

async function stop(): Promise<void> {
  await open?.close();
  open = null;
}

async function append(times: number, tenant: TenantId = ledger.tenant): Promise<void> {
  for (let i = 0; i < times; i++) {
    await ledger.db.withTenant(tenant, (tx) =>
      appendTenantEvent(tx, tenant, { type: 'access.read', actor: 'user:somebody', action: 'audit.read' }),
    );
  }
}

const sealed = (): Promise<void> => until('all to be sealed', async () => (await unsealedUnits(ledger.outsider)) === 0);
const whole = async () => {
  await sealed();
  return verifyLog(ledger.outsider, { outside: home.checkpoints, allSealed: true });
};
const status = (tenant: TenantId = ledger.tenant) =>
  ledger.db.withTenant(tenant, (tx) => new LogReader(tx, tenant).status());
const refuses = async (code: string, tenant: TenantId = ledger.tenant): Promise<void> =>
  until(`the log to refuse with ${code}`, async () => (await status(tenant)).reason?.code === code);
const fileOf = (tenant: TenantId = ledger.tenant): string => join(home.checkpoints, `${tenant}.checkpoint`);

async function asOwner<T>(work: (db: Awaited<ReturnType<typeof openDatabase>>) => Promise<T>): Promise<T> {
  const db = await openDatabase({ url: ledger.fresh.url, role: 'owner', allowUnsafeDurability: true });
  return work(db).finally(() => db.close());
}

const recover = (ring = new KeyRing({ file: home.keyFile })) =>
  asOwner((db) =>
    recoverLogs(db, {
      operator: 'user:op',
      reason: 'a drill',
      outside: new OutsideCheckpoints(home.checkpoints),
      ring,
    }),
  );

/** As the owner, who may switch off what keeps him from his own slips. */
async function forge(table: string, text: string): Promise<void> {
  await ledger.outsider.query(`alter table writ.${table} disable trigger all`);
  await ledger.outsider.query(text);
  await ledger.outsider.query(`alter table writ.${table} enable trigger all`);
}

describe('a log whose key is not at hand', () => {
  it('[I9] is not signed with another, says which is missing, and goes on without a loss when it is back', async () => {
    await start();
    await append(3);
    await whole();
    await stop();
    renameSync(home.keyFile, `${home.keyFile}.away`);
    await start();
    await append(2);
    await refuses('log_key_missing');
    const { reason, size } = await status();
    expect(reason?.message).toContain(home.keyFile);
    expect(size).toBe(3);
    renameSync(`${home.keyFile}.away`, home.keyFile);
    await until('it to be signed again', async () => (await status()).state === 'sealing');
    expect((await whole()).find(({ tenant }) => tenant === ledger.tenant)).toMatchObject({ size: 5, generation: 1 });
  });

  it('[I9] is opened anew with a new key when the old one is lost', async () => {
    await start();
    await append(3);
    await whole();
    await stop();
    renameSync(home.keyFile, `${home.keyFile}.lost`);
    expect(await recover()).toMatchObject([{ because: 'log_key_missing', generation: 2 }]);
    await start();
    expect((await whole()).find(({ tenant }) => tenant === ledger.tenant)).toMatchObject({ size: 4, generation: 2 });
  });

  it.each([
    ['', 'holds no key'],
    ['# only words\n', 'holds no key'],
    ['ed25519 AAAA\n', 'key 1 is none'],
    [`ed25519 ${Buffer.alloc(31).toString('base64')}\n`, 'key 1 is none'],
  ])('a key file that holds %j is named at the start', (text, why) => {
    writeFileSync(home.keyFile, text, { mode: 0o600 });
    expect(() => new KeyRing({ file: home.keyFile }).keys()).toThrow(why);
  });
});

describe('a new key', () => {
  it('[I9] is announced in the log, signs with the old one the checkpoint that seals it, and then alone', async () => {
    const ring = new KeyRing({ file: home.keyFile });
    await start();
    await append(3);
    await whole();
    const fresh = ring.add();
    const announced = await asOwner((db) => announceKey(db, ring, 'user:op'));
    const mine = announced.find(({ tenant }) => tenant === ledger.tenant)!;
    expect(mine.newKey).toContain(fresh.verifier(`writ/${ledger.tenant}`).keyId);
    expect(await asOwner((db) => announceKey(db, ring, 'user:op'))).toEqual([]);
    await sealed();
    await append(2);
    await whole();
    const { rows } = await ledger.outsider.query<{ text: string; size: string }>(
      `select text, size from writ.log_checkpoint where tenant = $1 order by size`,
      [ledger.tenant],
    );
    const signers = new Map(
      rows.map(({ text, size }) => [Number(size), readNote(text).signatures.map(({ keyId }) => keyId)]),
    );
    const newId = mine.newKey.split('+')[1]!;
    for (const [size, keys] of signers) {
      expect([size, keys]).toEqual([size, size < 4 ? [mine.oldKey] : size === 4 ? [mine.oldKey, newId] : [newId]]);
    }
    const { keys } = await status();
    expect(keys.map(({ keyId, fromSize, untilSize }) => [keyId, fromSize, untilSize])).toEqual([
      [mine.oldKey, expect.any(Number), 4],
      [newId, 4, null],
    ]);
  });
});

describe('a log opened anew after its key was rotated', () => {
  it('[I9] verifies under its new name, whatever was announced under the old one', async () => {
    const ring = new KeyRing({ file: home.keyFile });
    await start();
    await append(3);
    await whole();
    ring.add();
    await asOwner((db) => announceKey(db, ring, 'user:op'));
    await append(2);
    await whole();
    await stop();
    writeFileSync(fileOf(), readFileSync(fileOf(), 'utf8').replace('\n6\n', '\n60\n'));
    expect(await recover()).toMatchObject([{ generation: 2, because: 'database_behind', outsideSize: 60 }]);
    await start();
    await sealed();
    await until('the new log to be kept outside', () => readNote(readFileSync(fileOf(), 'utf8')).origin.endsWith('/2'));
    await whole();
    const check = async () => {
      const lines = await exportLog(ledger.db, ledger.tenant, { policies: false, now: Date.now() });
      const { keys } = await status();
      const [first] = keys.map(({ vkey }) => parseVkey(vkey));
      if (!first?.ok) throw new Error('the log has no key');
      return verifyExport(lines!, { trust: { keys: [first.value] } });
    };
    const report = await check();
    expect([report.verdict, report.problems, report.generation, report.events]).toEqual(['intact', [], 2, 7]);
    ring.add();
    await asOwner((db) => announceKey(db, ring, 'user:op'));
    await append(2);
    await whole();
    const later = await check();
    expect([later.verdict, later.problems, later.events, later.keys.length]).toEqual(['intact', [], 10, 2]);
  });
});

describe('a checkpoint outside that does not fit', () => {
  it.each<[string, (kept: string, other: string) => string, string]>([
    ['cannot be read', () => 'nonsense', 'outside_unreadable'],
    ['is another log’s', (_kept, other) => other, 'outside_unreadable'],
    ['is of more events than there are', (kept) => kept.replace('\n4\n', '\n9\n'), 'database_behind'],
    [
      'has another root',
      (kept) => kept.replace(/\n4\n[\w+/]/, (text) => `\n4\n${text.endsWith('A') ? 'B' : 'A'}`),
      'log_rewritten',
    ],
    [
      'is of a later generation',
      (kept) => kept.replace('\n4\n', '/2\n4\n').replace(/^(\S+)\n?\/2/, '$1/2'),
      'database_behind',
    ],
    [
      'is signed by nobody known',
      (kept) => `${kept.slice(0, kept.lastIndexOf('\n\n') + 2)}— x AAAAAAA=\n`,
      'outside_unreadable',
    ],
  ])(
    '[I9] that %s stops this log alone, until it does',
    async (_what, change, code) => {
      const other = await newTenant(ledger.db);
      await start();
      await append(4);
      await append(2, other);
      await whole();
      await stop();
      const kept = readFileSync(fileOf(), 'utf8');
      writeFileSync(fileOf(), change(kept, readFileSync(fileOf(other), 'utf8')));
      await start();
      await refuses(code);
      await append(3);
      await append(3, other);
      await until('the other log to go on', async () => (await status(other)).size === 5);
      expect(await status()).toMatchObject({ size: 4, unsealed: 3, state: 'refusing' });
      writeFileSync(fileOf(), kept);
      expect((await whole()).find(({ tenant }) => tenant === ledger.tenant)).toMatchObject({ size: 7 });
    },
    400_000,
  );

  it('that is gone is begun anew: there is nothing to hold the log against', async () => {
    await start();
    await append(2);
    await whole();
    await stop();
    renameSync(fileOf(), `${fileOf()}.gone`);
    await start();
    await append(1);
    await whole();
  });
});

describe('a database that its owner changed', () => {
  const drop = `writ.log_span where first_index + count > 300`;
  it.each<[string, string, string]>([
    ['a hash of a full tile', 'log_tile', `update writ.log_tile set root = sha256(root)`],
    ['the newest checkpoint', 'log_checkpoint', `update writ.log_checkpoint set root = sha256(root) where size = 301`],
    ['the end of the log', 'log_span', `delete from ${drop}`],
    ['an event at its end', 'audit_unit', `update writ.audit_unit set hashes = sha256(hashes) where seq = 300`],
    ['the newest checkpoint, taken away', 'log_checkpoint', `delete from writ.log_checkpoint where size = 301`],
  ])(
    '[I9] in %s is not signed over',
    async (_what, table, text) => {
      await start();
      await append(301);
      await whole();
      await stop();
      await forge(table, text);
      await append(1);
      await start();
      await refuses('log_rewritten');
      expect(await status()).toMatchObject({ size: 301, unsealed: expect.any(Number) as number });
      const newest = await ledger.outsider.query<{ size: string }>('select max(size) as size from writ.log_checkpoint');
      expect(Number(newest.rows[0]!.size)).toBeLessThanOrEqual(301);
    },
    400_000,
  );
});
