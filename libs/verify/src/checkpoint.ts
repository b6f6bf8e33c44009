import { ok, refuse, type Result } from '@writ/kernel';
import { fromBase64, toBase64 } from './base64';
import { HASH_BYTES } from './hashing';
import { type Note, parseNote, type VerifiedNote, type VerifierKey, verifyNote } from './note';

/** A Merkle tree head (C2SP tlog-checkpoint): what the log says of itself at one size. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** The text a log signs. */
export const formatCheckpoint = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${toBase64(root)}\n`;

const SIZE = /^(?:0|[1-9]\d{0,15})$/;

/** Reads a note's text as a checkpoint; extension lines are passed over. Fails with `checkpoint_malformed`. */
export function parseCheckpoint({ text }: Note): Result<Checkpoint> {
  const fail = (what: string): Result<Checkpoint> =>
    refuse({ code: 'checkpoint_malformed', class: 'permanent', message: `This is not a checkpoint: ${what}.` });
  const [origin, size, encoded, ...rest] = text.slice(0, -1).split('\n');
  if (!origin || size === undefined || encoded === undefined) return fail('it has fewer than three lines');
  if (!SIZE.test(size) || !Number.isSafeInteger(Number(size))) return fail(`"${size.slice(0, 30)}" is no tree size`);
  const root = fromBase64(encoded);
  if (root?.length !== HASH_BYTES) return fail('its third line is no root hash');
  if (rest.includes('')) return fail('it has an empty extension line');
  return ok({ origin, size: Number(size), root });
}

export interface OpenedCheckpoint extends Checkpoint, VerifiedNote {}

/** A checkpoint that a known key signed. Fails with the codes of `parseNote`, `parseCheckpoint` and `verifyNote`. */
export async function openCheckpoint(signed: string, keys: readonly VerifierKey[]): Promise<Result<OpenedCheckpoint>> {
  const note = parseNote(signed);
  if (!note.ok) return note;
  const checkpoint = parseCheckpoint(note.value);
  if (!checkpoint.ok) return checkpoint;
  const verified = await verifyNote(note.value, keys);
  return verified.ok ? ok({ ...checkpoint.value, ...verified.value }) : verified;
}

/** Whether a checkpoint's origin is that log's: its base, or a later generation of it, `<base>/<n>` with n ≥ 2. */
export function isOriginOf(base: string, origin: string): boolean {
  if (origin === base) return true;
  return origin.startsWith(`${base}/`) && /^(?:[2-9]|[1-9]\d+)$/.test(origin.slice(base.length + 1));
}
