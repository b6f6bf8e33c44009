import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  KeyRing,
  type LogFaultPoint,
  type LogFaults,
  OutsideCheckpoints,
  Sequencer,
  type SequencerOptions,
} from '@writ/audit';
import { type Database, openDatabase } from '@writ/database';
import type { Outsider } from './check-run';
import { type Child, spawnChild } from './crash-world';

/** Keys and outside checkpoints of one log's world: the folder that a machine keeps beside its database. */
export interface LogHome {
  readonly folder: string;
  readonly keyFile: string;
  readonly checkpoints: string;
  remove(): void;
}

export function logHome(): LogHome {
  const folder = mkdtempSync(join(tmpdir(), 'writ-log-'));
  chmodSync(folder, 0o700);
  return {
    folder,
    keyFile: join(folder, 'key'),
    checkpoints: join(folder, 'checkpoints'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface SequencerSetup {
  readonly url: string;
  readonly keyFile: string;
  readonly checkpoints: string;
  readonly units?: number;
  /** Where it strikes itself, the how many-th time it comes there, and how. */
  readonly fault?: { readonly point: LogFaultPoint; readonly time: number; readonly signal: 'SIGKILL' | 'SIGSTOP' };
}

export const startSequencerProcess = (
  url: string,
  home: LogHome,
  more: Pick<SequencerSetup, 'units' | 'fault'> = {},
): Promise<Child> =>
  spawnChild('test/support/sequencer-process.js', {
    WRIT_CRASH_SETUP: JSON.stringify({ url, keyFile: home.keyFile, checkpoints: home.checkpoints, ...more }),
  });

export interface OpenSequencer {
  readonly sequencer: Sequencer;
  readonly db: Database;
  close(): Promise<void>;
}

export async function openSequencer(
  url: string,
  home: LogHome,
  more: { readonly options?: Partial<SequencerOptions>; readonly faults?: LogFaults; readonly units?: number } = {},
): Promise<OpenSequencer> {
  const db = await openDatabase({
    url,
    role: 'sequencer',
    poolSize: 2,
    allowUnsafeDurability: true,
    idleInTransactionMs: 2_000,
  });
  const sequencer = new Sequencer({
    db,
    ring: new KeyRing({ file: home.keyFile }),
    outside: new OutsideCheckpoints(home.checkpoints),
    options: { lookMs: 20, roundMs: 40, beatMs: 200, standByMs: 50, asideMs: 200, ...more.options },
    ...(more.faults && { faults: more.faults }),
    ...(more.units !== undefined && { units: more.units }),
  });
  sequencer.start();
  return {
    sequencer,
    db,
    async close() {
      await sequencer.close();
      await db.close();
    },
  };
}

/** Units of any tenant that stand in no log of their tenant's present generation. */
export async function unsealedUnits(db: Outsider): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    `select count(*)::int as n from writ.audit_unit u left join writ.log_head h on h.tenant = u.tenant
      where not exists (select from writ.log_span l where l.tenant = u.tenant
                           and l.generation = coalesce(h.generation, 1) and l.run = u.run
                           and l.seq <= u.seq and l.seq + l.count > u.seq)`,
  );
  return rows[0]!.n;
}
