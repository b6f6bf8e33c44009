import type { Tx } from '@writ/database';
import { type Failure, ok, refuse, type Result, type TenantId } from '@writ/kernel';
import { type Checkpoint, parseCheckpoint, parseNote, parseVkey, rootAt, verifyNote } from '@writ/verify';
import { type LogName, newestCheckpoint, readHead, readKeys } from './log-rows';
import { generationOf } from './origin';
import type { OutsideCheckpoints } from './outside';
import { StoredTiles } from './tiles';

const NEXT =
  'Bring the newest state of the database back; if it is lost, open the log anew: `writ audit recover --reason …`.';

const no = (code: string, message: string, details: Failure['details'] = {}): Result<null> =>
  refuse({ code, class: 'permanent', message, next: NEXT, details });

/**
 * Whether the log in the database is the one whose checkpoint is kept outside it, or goes on from it. A log that signed
 * past this check could show two histories under one name [I9].
 * Refuses with `outside_unreadable`, `database_behind` or `log_rewritten`.
 */
export async function checkOutside(tx: Tx, tenant: TenantId | '*', outside: OutsideCheckpoints): Promise<Result<null>> {
  let kept: string | null;
  try {
    kept = outside.read(tenant);
  } catch (error) {
    return no('outside_unreadable', `The checkpoint kept outside the database cannot be read: ${String(error)}.`);
  }
  const head = await readHead(tx, tenant);
  const generation = head?.generation ?? 1;
  const log = { tenant, generation };
  const whole = await checkTree(tx, log, head?.size ?? 0);
  if (!whole.ok || kept === null) return whole;
  const read = readKept(kept);
  if (!read.ok) return read;
  const said = { ...read.value, generation: generationOf(tenant, read.value.origin) };
  if (said.generation === null) {
    return no('outside_unreadable', `${outside.fileOf(tenant)} is a checkpoint of ${said.origin}, not of this log.`);
  }
  // The log was opened anew since, perhaps by another process with a folder of its own.
  if (said.generation < generation) return ok(null);
  const size = said.generation > generation ? 0 : (head?.size ?? 0);
  const seen = { outside_origin: said.origin, outside_size: said.size, database_size: size };
  if (size < said.size) {
    const message = `The checkpoint kept outside is of ${said.size} events of ${said.origin}, the database has sealed ${size}: it is older.`;
    return no('database_behind', message, seen);
  }
  const root = await rootAt(said.size, new StoredTiles(tx, log)).catch(() => null);
  if (root === null || !Buffer.from(root).equals(said.root)) {
    const message = `The database’s first ${said.size} events are not those of the checkpoint kept outside.`;
    return no('log_rewritten', message, seen);
  }
  return signedByLog(tx, log, kept);
}

/** The tiles must make the root of the newest checkpoint, and that must be of the log's own size. */
async function checkTree(tx: Tx, log: LogName, size: number): Promise<Result<null>> {
  const newest = await newestCheckpoint(tx, log);
  const root = await rootAt(size, new StoredTiles(tx, log)).catch(() => null);
  const right = newest ? root !== null && Buffer.from(root).equals(newest.root) : size === 0;
  if (right && (newest?.size ?? 0) === size) return ok(null);
  const message = `The log of ${size} events in the database is not the one of its newest checkpoint (${newest?.size ?? 0} events).`;
  return no('log_rewritten', message, { database_size: size, checkpoint_size: newest?.size ?? 0 });
}

function readKept(kept: string): Result<Checkpoint> {
  const note = parseNote(kept);
  const read = note.ok ? parseCheckpoint(note.value) : note;
  if (read.ok) return read;
  return refuse({
    code: 'outside_unreadable',
    class: 'permanent',
    message: `What is kept outside the database cannot be read as a checkpoint: ${read.failure.message}`,
    next: NEXT,
  });
}

/** What the kept checkpoint says, whoever signed it; null where there is none that can be read. */
export function keptCheckpoint(outside: OutsideCheckpoints, tenant: TenantId | '*'): Checkpoint | null {
  const kept = outside.read(tenant);
  const read = kept === null ? null : readKept(kept);
  return read?.ok ? read.value : null;
}

/** A kept checkpoint that no key of the log signed says nothing; where it came from has to be found out first. */
async function signedByLog(tx: Tx, log: LogName, kept: string): Promise<Result<null>> {
  const keys = (await readKeys(tx, log))
    .map(({ vkey }) => parseVkey(vkey))
    .flatMap((key) => (key.ok ? [key.value] : []));
  const note = parseNote(kept);
  const verified = note.ok ? await verifyNote(note.value, keys) : note;
  if (verified.ok) return ok(null);
  return no('outside_unreadable', `The checkpoint kept outside is not signed by this log: ${verified.failure.message}`);
}
