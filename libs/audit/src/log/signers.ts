import type { Tx } from '@writ/database';
import type { Failure } from '@writ/kernel';
import { type Checkpoint, formatCheckpoint, formatNote, formatVkey } from '@writ/verify';
import type { KeyRing } from './key-ring';
import type { LogKey } from './log-key';
import { type LogName, readKeys } from './log-rows';
import { logOrigin } from './origin';

/** The key that the log must be signed with is not here. */
export class KeyMissing extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
    this.name = 'KeyMissing';
  }
}

/** Who signs the next checkpoint of a log: its key, and with it the one that takes over. */
export interface Signers {
  readonly origin: string;
  readonly keys: readonly LogKey[];
  /** Rows of `log_key` that sign for the first time: to be inserted, or given their first size. */
  readonly begins: readonly { readonly keyId: string; readonly vkey: string; readonly known: boolean }[];
}

/**
 * Reads which keys sign. A key that was announced signs as soon as the event that announces it is sealed; the checkpoint
 * that seals it carries both signatures, so whoever trusts the old key learns the new one from it.
 * Throws `KeyMissing` when the private half of one is not at hand.
 */
export async function readSigners(tx: Tx, log: LogName, ring: KeyRing): Promise<Signers> {
  const origin = logOrigin(log);
  const rows = await readKeys(tx, log);
  if (rows.length === 0) {
    const key = ring.newest();
    const { keyId } = key.verifier(origin);
    return { origin, keys: [key], begins: [{ keyId, vkey: formatVkey(key.verifier(origin)), known: false }] };
  }
  const active = rows.findLast((row) => row.fromSize !== null);
  const sealed = await sealedSequence(tx, log);
  const begins = rows.filter((row) => row.fromSize === null && (row.announcedSeq ?? -1) <= sealed);
  const keys = [...(active ? [active] : []), ...begins].map(({ keyId }) => found(ring, origin, keyId));
  return { origin, keys, begins: begins.map(({ keyId, vkey }) => ({ keyId, vkey, known: true })) };
}

/** Sequence of the newest event of the tenant's stream that is in the log. */
async function sealedSequence(tx: Tx, log: LogName): Promise<number> {
  const [row] = await tx.query<{ seq: number }>(
    `SELECT seq + count - 1 AS seq FROM writ.log_span WHERE tenant = $1 AND run = 'tenant' AND generation = $2
      ORDER BY log_span.seq DESC LIMIT 1`,
    [log.tenant, log.generation],
  );
  return row?.seq ?? -1;
}

function found(ring: KeyRing, origin: string, keyId: string): LogKey {
  const key = ring.find(origin, keyId);
  if (key) return key;
  throw new KeyMissing({
    code: 'log_key_missing',
    class: 'permanent',
    message: `The log ${origin} is signed with key ${keyId}, which ${ring.place} does not hold.`,
    next: 'Give this process the key file of the others; if the key is lost, open the log anew: `writ audit recover`.',
    details: { origin, key_id: keyId },
  });
}

/** The signed note of a checkpoint. */
export function signCheckpoint({ origin, keys }: Signers, head: Omit<Checkpoint, 'origin'>): string {
  const text = formatCheckpoint({ origin, ...head });
  const signatures = keys.map((key) => {
    const { name, keyId } = key.verifier(origin);
    return { name, keyId, signature: key.sign(text) };
  });
  return formatNote({ text, signatures });
}
