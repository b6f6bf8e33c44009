import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres, type Unit } from '@writ/database';
import { checkLedger, Ledger, openWriter } from '../support/ledger';
import { creating, following } from '../support/units';
import { until } from '../support/until';

const RUNS = 40;
const RESTARTS = process.env['WRIT_SOAK'] === '1' ? 20 : 3;

jest.setTimeout(300_000);

/** A durable server of its own, stopped as an operator stops one (fast shutdown) and started again on its own port. */
describe('the database restarted under load', () => {
  const shared = process.env['WRIT_TEST_CLUSTER'];
  let dir: string;
  let server: EmbeddedPostgres;
  let ledger: Ledger;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'writ-restart-'));
    server = await startEmbeddedPostgres({ dir });
    process.env['WRIT_TEST_CLUSTER'] = server.url;
    ledger = await Ledger.open();
  });

  afterAll(async () => {
    process.env['WRIT_TEST_CLUSTER'] = shared;
    await ledger?.db.close();
    await server?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it(`[I2] ${RESTARTS} times, in order: what was answered is there, nothing is there twice, and every sender is answered`, async () => {
    ledger.outsider.on('error', () => undefined);
    const writer = await openWriter(ledger.fresh.url, 2);
    const answered = new Set<string>();
    const sent = new Set<string>();
    const odd: string[] = [];
    let over = false;

    const advance = async (): Promise<void> => {
      let unit: Unit = creating(ledger.tenant);
      while (!over) {
        sent.add(unit.id);
        const outcome = await writer.commit(unit);
        if (outcome.kind === 'refused') {
          odd.push(`${unit.run} ${unit.seq}: ${outcome.reason}`);
          return;
        }
        answered.add(unit.id);
        unit = unit.seq < 20 ? following(unit) : creating(ledger.tenant);
      }
    };
    const all = Promise.all(Array.from({ length: RUNS }, advance));

    for (let restart = 0; restart < RESTARTS; restart += 1) {
      const before = answered.size;
      await until('units to flow', () => answered.size > before + 200);
      const { pid, url } = server;
      process.kill(pid, 'SIGINT');
      await sleep(restart * 20);
      await until('the server to be gone', () => !alive(pid));
      server = await startEmbeddedPostgres({ dir });
      expect(server).toMatchObject({ attached: false, url });
    }
    const before = answered.size;
    await until('units to flow again', () => answered.size > before + 200);
    over = true;
    await all;
    const { reconnects } = writer.stats();
    await writer.close();

    expect(odd).toEqual([]);
    expect(answered).toEqual(sent);
    expect(reconnects).toBeGreaterThanOrEqual(RESTARTS);
    const outsider = new Client(ledger.fresh.url);
    await outsider.connect();
    try {
      const written = await checkLedger(outsider);
      expect([...answered].filter((unit) => !written.has(unit))).toEqual([]);
    } finally {
      await outsider.end();
    }
  });
});

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
