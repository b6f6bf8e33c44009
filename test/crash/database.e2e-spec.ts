import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runMigrations, startEmbeddedPostgres } from '@writ/database';
import type { RunId } from '@writ/kernel';
import { checkRun } from '../support/check-run';
import { crashPolicy, payOrNote } from '../support/crash-documents';
import { effectsOf, startCounter, startWorkerProcess, until } from '../support/crash-world';
import { logHome, openSequencer, unsealedUnits } from '../support/log-world';
import { startRelay } from '../support/relay';
import { openScenario } from '../support/scenario';
import { verifyLog } from '../support/verify-log';

const portOf = (url: string): number => Number(new URL(url).port);

describe('the database', () => {
  it('[I2] [I8] killed and restarted while runs are led, and cut off twice: every run ends, each effect once', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'writ-restart-'));
    const relay = await startRelay();
    // With fsync on: what was acknowledged must be there after the crash.
    let cluster = await startEmbeddedPostgres({ dir, maxConnections: 100 });
    relay.point(portOf(cluster.url));
    const through = new URL(cluster.url);
    through.port = String(relay.port);
    await runMigrations(through.href);
    const scenario = await openScenario({ documents: payOrNote, policy: crashPolicy, ownerUrl: through.href });
    const counter = await startCounter();
    const setup = { url: through.href, counter: counter.ready };
    const workers = await Promise.all([startWorkerProcess(setup), startWorkerProcess(setup)]);
    const home = logHome();
    const sealing = await openSequencer(through.href, home);
    scenario.outsider.on('error', () => undefined);
    const runs: RunId[] = [];
    const start = async (count: number): Promise<void> => {
      const { tenant, caller } = scenario;
      for (let i = 0; i < count; i++) {
        const started = await scenario.engine.commands.start({ tenant, caller, workflow: 'note_five', input: { i } });
        if (!started.ok) throw new Error(started.failure.message);
        runs.push(started.value.run);
      }
    };
    await start(15);
    process.kill(cluster.pid, 'SIGKILL');
    relay.point(null);
    relay.cut();
    await new Promise((resolve) => setTimeout(resolve, 300));
    cluster = await startEmbeddedPostgres({ dir, maxConnections: 100 });
    relay.point(portOf(cluster.url));
    await until('the engine to answer again', async () =>
      start(15).then(
        () => true,
        () => false,
      ),
    );
    relay.cut();
    await new Promise((resolve) => setTimeout(resolve, 200));
    relay.cut();
    const outsider = await scenario.reconnect();
    await until('every run to end', async () => {
      const { rows } = await outsider.query<{ n: number }>(
        `select count(*)::int n from writ.run where finished_at is null`,
      );
      return rows[0]?.n === 0;
    });
    const effects = await effectsOf(counter.ready);
    for (const run of runs) {
      expect((await checkRun(outsider, run)).status).toBe('succeeded');
      for (let step = 1; step <= 5; step++) expect(effects[`${run}.${step}`]?.effects).toBe(1);
    }
    await Promise.all([...workers, counter].map((child) => child.kill('SIGKILL')));
    await until('every event to be sealed', async () => (await unsealedUnits(outsider)) === 0);
    await sealing.close();
    await verifyLog(outsider, { outside: home.checkpoints, allSealed: true });
    home.remove();
    await scenario.close();
    await relay.close();
    await cluster.stop();
    rmSync(dir, { recursive: true, force: true });
  });
});
