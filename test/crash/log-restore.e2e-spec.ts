import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import {
  appendTenantEvent,
  chainLines,
  KeyRing,
  LogReader,
  LogWatch,
  OutsideCheckpoints,
  recoverLogs,
} from '@writ/audit';
import { type EmbeddedPostgres, openDatabase, runMigrations, startEmbeddedPostgres } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import { restoreInto } from '../support/dump';
import { Ledger, newTenant } from '../support/ledger';
import { logHome, type LogHome, openSequencer, type OpenSequencer, unsealedUnits } from '../support/log-world';
import { eventually, until } from '../support/until';
import { readNote, verifyLog } from '../support/verify-log';

/** A machine of the operator's: a server with its data folder, and the folder beside it. */
class Machine {
  cluster!: EmbeddedPostgres;
  ledger!: Ledger;
  sequencer: OpenSequencer | null = null;
  readonly folder = mkdtempSync(join(tmpdir(), 'writ-machine-'));

  constructor(readonly home: LogHome) {}

  async on(): Promise<this> {
    this.cluster = await startEmbeddedPostgres({ dir: this.folder, fsync: 'off' });
    await runMigrations(this.cluster.url);
    const { url } = this.cluster;
    this.ledger = await Ledger.open({ url, ownerUrl: url, drop: () => Promise.resolve() });
    return this;
  }

  async seal(): Promise<void> {
    this.sequencer = await openSequencer(this.cluster.url, this.home);
  }

  async off(): Promise<void> {
    await this.sequencer?.close();
    this.sequencer = null;
    await this.ledger.close();
    await this.cluster.stop();
  }

  async append(tenant: TenantId, times = 1): Promise<void> {
    for (let i = 0; i < times; i++) {
      await this.ledger.db.withTenant(tenant, (tx) =>
        appendTenantEvent(tx, tenant, { type: 'access.read', actor: 'user:somebody', action: 'audit.read' }),
      );
    }
  }

  allSealed(): Promise<void> {
    return until('everything to be sealed', async () => (await unsealedUnits(this.ledger.outsider)) === 0);
  }

  status(tenant: TenantId) {
    return this.ledger.db.withTenant(tenant, (tx) => new LogReader(tx, tenant).status());
  }

  async recover(reason: string) {
    const db = await openDatabase({ url: this.cluster.url, role: 'owner', allowUnsafeDurability: true });
    const { checkpoints, keyFile } = this.home;
    const outside = new OutsideCheckpoints(checkpoints);
    try {
      return await recoverLogs(db, { operator: 'user:op', reason, outside, ring: new KeyRing({ file: keyFile }) });
    } finally {
      await db.close();
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const kept = (home: LogHome, tenant: TenantId) =>
  readNote(readFileSync(join(home.checkpoints, `${tenant}.checkpoint`), 'utf8'));

describe('a database restored from an older backup', () => {
  it('[I9] is not signed where events were lost, says so, holds back their effects, and goes on under a new name', async () => {
    const home = logHome();
    const machine = await new Machine(home).on();
    const behind = machine.ledger.tenant;
    const level = await newTenant(machine.ledger.db);
    await machine.seal();
    await machine.append(behind, 20);
    await machine.append(level, 3);
    await machine.allSealed();
    await machine.off();
    const data = join(machine.folder, 'data');
    const backup = join(machine.folder, 'backup');
    execFileSync('cp', ['-a', data, backup]);

    await machine.on();
    await machine.seal();
    await machine.append(behind, 10);
    await machine.allSealed();
    await machine.off();
    expect(kept(home, behind).size).toBe(30);

    rmSync(data, { recursive: true });
    execFileSync('cp', ['-a', backup, data]);
    await machine.on();
    await machine.seal();
    await until('the log to refuse', async () => (await machine.status(behind)).state === 'refusing');
    expect((await machine.status(behind)).reason).toMatchObject({
      code: 'database_behind',
      details: { outside_size: 30, database_size: 20 },
    });
    await machine.append(behind, 5);
    await machine.append(level, 5);
    await until('the other log to be sealed', async () => (await machine.status(level)).size === 8);
    const refusing = await machine.status(behind);
    expect(refusing).toMatchObject({ state: 'refusing', size: 20, unsealed: 5 });
    expect(kept(home, behind).size).toBe(30);
    const watch = new LogWatch(machine.ledger.db);
    await watch.start();
    expect([watch.blocks(behind), watch.blocks(level)]).toEqual(['log_refusing', null]);
    await watch.stop();

    const opened = await machine.recover('restored the backup of Monday');
    expect(opened).toEqual([
      {
        tenant: behind,
        origin: `writ/${behind}/2`,
        generation: 2,
        because: 'database_behind',
        databaseSize: 20,
        outsideSize: 30,
      },
    ]);
    await machine.allSealed();
    const after = await machine.status(behind);
    expect(after).toMatchObject({ state: 'sealing', generation: 2, size: 26, reason: null });
    // What is kept is put in its place after what it is of is sealed.
    await eventually(() => expect(kept(home, behind).size).toBe(26));
    expect(readdirSync(home.checkpoints)).toContain(`${behind}.checkpoint.1-30`);
    await verifyLog(machine.ledger.outsider, { outside: home.checkpoints, allSealed: true });
    const lines = await machine.ledger.db.withTenant(behind, (tx) => chainLines(tx, behind, 'tenant'));
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({
      type: 'log.opened',
      actor: 'user:op',
      detail: {
        reason: 'restored the backup of Monday',
        because: 'database_behind',
        outside_origin: `writ/${behind}`,
        outside_size: 30,
        database_size: 20,
        generation: 2,
      },
    });
    // Nothing is left to recover, and asking again opens nothing.
    expect(await machine.recover('once more')).toEqual([]);
    await machine.append(behind);
    await machine.allSealed();
    await machine.off();
    machine.remove();
    home.remove();
  });

  it('[I9] is not signed on another server than before until somebody says that it takes its place', async () => {
    const home = logHome();
    const old = await new Machine(home).on();
    const { tenant } = old.ledger;
    await old.seal();
    await old.append(tenant, 12);
    await old.allSealed();
    await old.sequencer!.close();
    old.sequencer = null;
    // Recorded and not sealed when the dump is made; its transaction number is far ahead of the new server's.
    for (let i = 0; i < 300; i++) await old.ledger.outsider.query('select pg_current_xact_id()');
    await old.append(tenant, 2);
    const fresh = await new Machine(home).on();
    const into = new Client(fresh.cluster.url);
    await into.connect();
    await restoreInto(old.ledger.outsider, into);
    await into.end();
    await fresh.seal();
    await until('the logs to refuse', async () => (await fresh.status(tenant)).state === 'refusing');
    expect((await fresh.status(tenant)).reason?.code).toBe('log_elsewhere');
    await fresh.append(tenant);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await fresh.status(tenant)).toMatchObject({ size: 12, unsealed: 3 });

    const opened = await fresh.recover('moved to a new machine');
    expect(opened.map(({ origin, because }) => [origin, because])).toContainEqual([
      `writ/${tenant}/2`,
      'log_elsewhere',
    ]);
    await fresh.allSealed();
    expect(await fresh.status(tenant)).toMatchObject({ state: 'sealing', generation: 2, size: 16 });
    // Transaction numbers of the new server pass those of the old one's rows: they are not sealed again.
    for (let i = 0; i < 500; i++) await fresh.ledger.outsider.query('select pg_current_xact_id()');
    await fresh.append(tenant, 3);
    await fresh.allSealed();
    await eventually(() => expect(kept(home, tenant).size).toBe(19));
    await verifyLog(fresh.ledger.outsider, { outside: home.checkpoints, allSealed: true });
    for (const machine of [old, fresh]) {
      await machine.off();
      machine.remove();
    }
    home.remove();
  });
});
