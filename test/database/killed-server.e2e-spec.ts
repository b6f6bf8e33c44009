import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { type EmbeddedPostgres, openDatabase, runMigrations, startEmbeddedPostgres, type Unit } from '@writ/database';
import { openWriter, checkLedger, newTenant } from '../support/ledger';
import { type Relay, startRelay } from '../support/relay';
import { creating, following } from '../support/units';
import { until } from '../support/until';

const KILLS = process.env['WRIT_SOAK'] === '1' ? 50 : 3;
const RUNS = 32;
const portOf = (url: string): number => Number(new URL(url).port);

/** A durable cluster of this suite's own, behind one address: after a crash the server comes back on another port. */
let dir: string;
let relay: Relay;
let cluster: EmbeddedPostgres;
let url: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'writ-killed-'));
  relay = await startRelay();
  await restart();
  const address = new URL(cluster.url);
  address.port = String(relay.port);
  url = address.href;
  await runMigrations(url);
});

afterAll(async () => {
  await relay?.close();
  await cluster?.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function restart(): Promise<void> {
  cluster = await startEmbeddedPostgres({ dir, maxConnections: 50 });
  relay.point(portOf(cluster.url));
}

async function kill(): Promise<void> {
  process.kill(cluster.pid, 'SIGKILL');
  relay.point(null);
  relay.cut();
}

describe('the server killed under load', () => {
  it(`[I2] ${KILLS} times: no acknowledged unit is lost, none is applied twice, and every sender goes on`, async () => {
    const db = await openDatabase({ url, role: 'writer' });
    const tenant = await newTenant(db);
    await db.close();
    const writer = await openWriter(url, 2);
    const acknowledged: Unit[] = [];
    let stopping = false;
    const lead = async (): Promise<void> => {
      let unit = creating(tenant);
      while (!stopping) {
        const outcome = await writer.commit(unit);
        if (outcome.kind !== 'committed') throw new Error(`refused as ${outcome.reason}`);
        acknowledged.push(unit);
        unit = following(unit);
      }
    };
    const leading = Array.from({ length: RUNS }, lead);
    const more = async (count: number): Promise<void> => {
      const enough = acknowledged.length + count;
      await Promise.race([until('units to be committed', () => acknowledged.length >= enough, 60_000), ...leading]);
    };
    for (let killed = 0; killed < KILLS; killed += 1) {
      await more(200);
      await kill();
      await restart();
    }
    await more(200);
    stopping = true;
    await Promise.all(leading);
    await writer.close();

    const outsider = new Client(url);
    await outsider.connect();
    const written = await checkLedger(outsider);
    await outsider.end();
    expect(acknowledged.filter(({ id }) => !written.has(id))).toEqual([]);
    // All that is written was acknowledged in the end: a unit whose answer was lost was sent until it was answered.
    expect(written.size).toBe(acknowledged.length);
    expect(writer.stats().reconnects).toBeGreaterThanOrEqual(KILLS);
  }, 600_000);

  it('[I2] what was never answered is not said to be committed, however long the server is away', async () => {
    const db = await openDatabase({ url, role: 'writer' });
    const tenant = await newTenant(db);
    await db.close();
    const writer = await openWriter(url);
    await kill();
    let answered = false;
    const outcome = writer.commit(creating(tenant)).finally(() => (answered = true));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(answered).toBe(false);
    await restart();
    expect((await outcome).kind).toBe('committed');
    await writer.close();
  });
});
