import { readdirSync, readFileSync } from 'node:fs';
import { copyFile, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TenantId } from '@writ/kernel';
import { logger } from '@writ/telemetry';
import { makePrivateFolder } from './private-folder';

const SUFFIX = '.checkpoint';
/** No tenant's id holds the sign, so the platform's file is nobody else's. */
const PLATFORM = '@platform';
/** A log that grows all the time has its file replaced this often, not with every checkpoint. */
const PAUSE_MS = 500;
const log = logger('audit.log');

const originLine = (note: string): string => note.split('\n', 1)[0] ?? '';
const sizeOf = (note: string): number => Number(note.split('\n', 2)[1]);
/** Generation and size of a checkpoint that is put aside: `1-48213`. */
const stampOf = (note: string): string =>
  `${/\/(\d+)$/.exec(originLine(note))?.[1] ?? '1'}-${note.split('\n', 2)[1] ?? ''}`;
const nameOf = (tenant: TenantId | '*'): string => `${tenant === '*' ? PLATFORM : tenant}${SUFFIX}`;

/**
 * The newest checkpoint of each log in a folder outside the database, one file a log: what shows that a database was
 * restored from an older backup, or rewritten by its owner. Files are replaced whole and flushed to disk; a reader sees
 * the old one or the new one.
 */
export class OutsideCheckpoints {
  readonly #due = new Map<TenantId | '*', string>();
  #writing: Promise<void> | null = null;
  #closed = false;

  constructor(readonly folder: string) {
    try {
      makePrivateFolder(folder);
    } catch (error) {
      const why = (error as Error).message;
      throw new Error(`there is no place for the logs’ checkpoints (${why}); name another with WRIT_CHECKPOINT_DIR`, {
        cause: error,
      });
    }
  }

  /** The logs that have a checkpoint here. */
  tenants(): (TenantId | '*')[] {
    return readdirSync(this.folder)
      .filter((name) => name.endsWith(SUFFIX))
      .map((name) => name.slice(0, -SUFFIX.length))
      .map((name) => (name === PLATFORM ? '*' : (name as TenantId)));
  }

  fileOf(tenant: TenantId | '*'): string {
    return join(this.folder, nameOf(tenant));
  }

  /** The signed note that is kept, or null where there is none. Throws when the file cannot be read. */
  read(tenant: TenantId | '*'): string | null {
    const due = this.#due.get(tenant);
    if (due !== undefined) return due;
    try {
      return readFileSync(this.fileOf(tenant), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** Keeps a checkpoint that is committed, within half a second or so; of several for one log only the newest is written. */
  put(tenant: TenantId | '*', note: string): void {
    this.#due.set(tenant, note);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
  }

  /** Resolves when everything that was put is on disk. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#due.size > 0) {
      const due = [...this.#due];
      try {
        for (const [tenant, note] of due) await this.#replace(tenant, note);
        // The new names are durable once their folder is.
        const folder = await open(this.folder, 'r');
        await folder.sync().finally(() => folder.close());
        for (const [tenant, note] of due) if (this.#due.get(tenant) === note) this.#due.delete(tenant);
      } catch (error) {
        log.error({ folder: this.folder, error: String(error) }, 'a checkpoint cannot be kept outside');
        if (this.#closed) return;
      }
      if (!this.#closed) await sleep(PAUSE_MS, undefined, { ref: false });
    }
  }

  async #replace(tenant: TenantId | '*', note: string): Promise<void> {
    const file = this.fileOf(tenant);
    const before = await readFile(file, 'utf8').catch(() => null);
    const same = before !== null && originLine(before) === originLine(note);
    // Somebody who has taken the lease over meanwhile may have kept a newer one.
    if (same && sizeOf(before) > sizeOf(note)) return;
    const draft = `${file}.${process.pid}`;
    const handle = await open(draft, 'w', 0o600);
    try {
      await handle.writeFile(note);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // A log that was opened anew: what was signed before it stays beside, as evidence of what was lost.
    // It is copied, not moved: at no moment is there no newest one.
    if (before !== null && !same) await copyFile(file, `${file}.${stampOf(before)}`);
    await rename(draft, file);
  }
}
