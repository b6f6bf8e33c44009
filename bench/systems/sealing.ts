import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  const watch = new LogWatch(writer);
  await watch.start();
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
