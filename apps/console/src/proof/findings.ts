import type { ResponseOf } from '@writ/contract';
import { canonicalJson, sha256Hex, toHex } from '@writ/kernel';
import { fromBase64, isOriginOf, parseCheckpoint, parseNote, verifyConsistency, verifyInclusion } from '@writ/verify';
import { pathOf, type PathStep } from './path';
import { type SeenHead, seenHead } from './trust';

export type SealedEvent = ResponseOf<'getAuditEvent'>;
export type EventProof = ResponseOf<'getAuditProof'>;

/** - holds   - broken: it is not what it claims   - open: could not be said here, and `said` tells why */
export type Standing = 'holds' | 'broken' | 'open';

/** One part of a check, and how it stands. */
export interface Finding {
  readonly of: 'bytes' | 'path' | 'signature' | 'history';
  readonly standing: Standing;
  readonly said: string;
  /** Offset of the first byte that differs, and both hashes in hexadecimal (or both values). */
  readonly byte?: number;
  readonly expected?: string;
  readonly found?: string;
}

/** Offset of the first byte in which two texts differ. */
function firstDifference(a: string, b: string): number {
  const encoder = new TextEncoder();
  return byteOf(encoder.encode(a), encoder.encode(b));
}

function byteOf(a: Uint8Array, b: Uint8Array): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  return at;
}

const withoutView = ({ view: _view, ...members }: { readonly [member: string]: unknown }): object => members;

export type Listed = { readonly [member: string]: unknown } | null;

/** The event's bytes against the fingerprint given for them, and against what the list showed. */
export function bytesFinding(event: SealedEvent, entry: string, listed: Listed): Finding {
  const shown = listed === null ? event.raw : canonicalJson(withoutView(listed));
  if (shown !== event.raw) {
    const said = 'The event in the list and the event in the log are not the same.';
    const byte = firstDifference(event.raw, shown);
    return { of: 'bytes', standing: 'broken', said, byte, expected: entry, found: sha256Hex(shown) };
  }
  if (entry !== event.hash) {
    const said = 'The bytes of the event do not have the fingerprint the log holds for them.';
    const byte = firstDifference(event.hash, entry) >> 1;
    return { of: 'bytes', standing: 'broken', said, byte, expected: event.hash, found: entry };
  }
  return { of: 'bytes', standing: 'holds', said: `Its ${event.raw.length} bytes have this fingerprint.`, found: entry };
}

interface PathInput {
  readonly proof: EventProof;
  readonly leaf: Uint8Array;
  readonly base: string;
  readonly index: number;
}

export interface PathFinding {
  readonly finding: Finding;
  readonly path: readonly PathStep[];
  /** Null unless everything about the path holds. */
  readonly head: { readonly origin: string; readonly size: number; readonly root: Uint8Array } | null;
}

/** The way from the event up to the root that the checkpoint names. */
export function pathFinding({ proof, leaf, base, index }: PathInput): PathFinding {
  const fail = (said: string, more: Partial<Finding> = {}): PathFinding => ({
    finding: { of: 'path', standing: 'broken', said, ...more },
    path: [],
    head: null,
  });
  const note = parseNote(proof.checkpoint);
  const head = note.ok ? parseCheckpoint(note.value) : note;
  if (!head.ok) return fail(head.failure.message);
  const { origin, size, root } = head.value;
  if (!isOriginOf(base, origin)) {
    return fail('The checkpoint is that of another log.', { expected: base, found: origin });
  }
  if (proof.size !== size) {
    return fail('The proof is for another tree than the one that is signed.', {
      expected: `${size}`,
      found: `${proof.size}`,
    });
  }
  if (proof.index !== index) {
    return fail('The proof is for another place in the log.', { expected: String(index), found: String(proof.index) });
  }
  const siblings = proof.proof.map(fromBase64).filter((hash) => hash !== null);
  if (siblings.length !== proof.proof.length) return fail('The proof holds something that is no hash.');
  const path = pathOf({ index, size, leaf, proof: siblings });
  if (!path) return fail('The proof does not have the length of the way from this event to the root.');
  if (!verifyInclusion({ index, size, leafHash: leaf, proof: siblings, root })) {
    const top = path.at(-1)?.result ?? leaf;
    const said = 'The way up from this event does not end at the signed root.';
    return { ...fail(said, { byte: byteOf(root, top), expected: toHex(root), found: toHex(top) }), path };
  }
  const said = `${path.length} steps lead from event ${index} to the root of a tree of ${size}.`;
  return { finding: { of: 'path', standing: 'holds', said, found: toHex(root) }, path, head: head.value };
}

interface HistoryInput {
  readonly consistency: (from: number, to: number) => Promise<ResponseOf<'getAuditConsistency'>>;
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** Whether the tree shown now and the tree this browser saw before are one log. */
export async function historyFinding(input: HistoryInput): Promise<{ finding: Finding; head: SeenHead | null }> {
  const { consistency, origin, size, root } = input;
  const head = seenHead(origin);
  if (!head) {
    const said = 'No earlier head of this log was seen here; this one is what the next check compares with.';
    return { head: null, finding: { of: 'history', standing: 'holds', said } };
  }
  const seen = { size: head.size, root: fromBase64(head.root) ?? new Uint8Array(0) };
  const [older, newer] = seen.size <= size ? [seen, { size, root }] : [{ size, root }, seen];
  const answer = older.size === newer.size ? null : await consistency(older.size, newer.size);
  const holds = verifyConsistency({
    first: older.size,
    second: newer.size,
    firstRoot: older.root,
    secondRoot: newer.root,
    proof: (answer?.proof ?? []).map((hash) => fromBase64(hash) ?? new Uint8Array(0)),
  });
  if (holds) {
    const said = `The head of ${head.size} events that this browser saw before is the beginning of this tree.`;
    return { head, finding: { of: 'history', standing: 'holds', said } };
  }
  const said = `This is not the log this browser saw before: the head of ${head.size} events does not fit this one of ${size}.`;
  const differ = { byte: byteOf(seen.root, root), expected: toHex(seen.root), found: toHex(root) };
  return { head, finding: { of: 'history', standing: 'broken', said, ...differ } };
}
