import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KeyRing, LogWatch, OutsideCheckpoints, Sequencer } from '@writ/audit';
import { type Database, openDatabase } from '@writ/database';

export interface Sealing {
  readonly watch: LogWatch;
  close(): Promise<void>;
}

/** A sequencer as a worker has it, with its keys and outside checkpoints in a folder of its own. */
export async function openSealing(url: string, writer: Database): Promise<Sealing> {
  const folder = mkdtempSync(join(tmpdir(), 'writ-bench-log-'));
  const db = await openDatabase({ url, role: 'sequencer', poolSize: 2 });
  const ring = new KeyRing({ file: join(folder, 'key') });
  const sequencer = new Sequencer({ db, ring, outside: new OutsideCheckpoints(join(folder, 'checkpoints')) });
  sequencer.start();
  const watch = new LogWatch(writer, { lookMs: 250 });
  await watch.start();
  // What the set-up recorded waits since then; effects would wait with it.
  for (let tries = 0; watch.lagMs > 1_000 && tries < 100; tries++) await sleep(100);
  return {
    watch,
    async close() {
      await watch.stop();
      await sequencer.close();
      await db.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
