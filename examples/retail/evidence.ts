import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exportLog, KeyRing, LogReader, OutsideCheckpoints, Sequencer } from '@writ/audit';
import { openDatabase } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import { Closing } from './closing';

/** The log of one pass of this example, sealed while the runs go on. */
export interface Evidence {
  /**
   * Waits until everything recorded so far is under a signed checkpoint, and writes the tenant's whole log to a file that
   * can be checked without the database. Answers the verifier key to check it with.
   */
  exportTo(file: string): Promise<string>;
  close(): Promise<void>;
}

const PATIENCE_MS = 60_000;

/** Seals the logs of a database, with a key and outside checkpoints of its own in a temporary folder. */
export async function openEvidence(options: {
  readonly ownerUrl: string;
  readonly tenant: TenantId;
  readonly unsafeDurability?: boolean;
}): Promise<Evidence> {
  const { ownerUrl, tenant } = options;
  const closing = new Closing();
  const folder = closing.add(await mkdtemp(join(tmpdir(), 'writ-retail-log-')), (dir) =>
    rm(dir, { recursive: true, force: true }),
  );
  const allowUnsafeDurability = options.unsafeDurability ?? false;
  const db = closing.add(
    await openDatabase({ url: ownerUrl, role: 'sequencer', poolSize: 2, allowUnsafeDurability }),
    (one) => one.close(),
  );
  const ring = new KeyRing({ file: join(folder, 'key') });
  const outside = new OutsideCheckpoints(join(folder, 'checkpoints'));
  const sequencer = closing.add(new Sequencer({ db, ring, outside }), (one) => one.close());
  sequencer.start();
  const reader = closing.add(await openDatabase({ url: ownerUrl, role: 'reader', allowUnsafeDurability }), (one) =>
    one.close(),
  );

  const sealed = async (): Promise<string> => {
    for (const until = Date.now() + PATIENCE_MS; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const { state, unsealed, checkpoint, keys } = await reader.withTenant(tenant, (tx) =>
        new LogReader(tx, tenant).status(),
      );
      const key = keys.at(-1);
      if (checkpoint && unsealed === 0 && key) return key.vkey;
      if (Date.now() > until) throw new Error(`the log is ${state}: ${unsealed} events are not sealed yet`);
    }
  };
  return {
    async exportTo(file) {
      const vkey = await sealed();
      const lines = await exportLog(reader, tenant, { policies: true, now: Date.now() });
      if (!lines) throw new Error('nothing is sealed');
      await pipeline(Readable.from(lines), createWriteStream(file));
      return vkey;
    },
    close: () => closing.run(),
  };
}
