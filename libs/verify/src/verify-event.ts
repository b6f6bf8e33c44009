import { canonicalJson, isId, sha256Into, toHex } from '@writ/kernel';
import { isOriginOf, parseCheckpoint } from './checkpoint';
import { HASH_BYTES, leafHash, sameBytes } from './hashing';
import { parseNote, verifyNote } from './note';
import { verifyInclusion } from './proofs';
import { type Problem, Problems, quote, type Raised } from './report';
import type { TlogProof } from './tlog-proof';
import type { Trust, Verdict } from './verify-export';

/** What a proof of one event shows. */
export interface EventReport {
  readonly verdict: Verdict;
  readonly origin: string | null;
  readonly index: number;
  /** Leaves of the checkpoint it is proven under. */
  readonly size: number;
  readonly event: string | null;
  readonly run: string | null;
  readonly leaf_hash: string;
  readonly trust: { readonly by: 'key' | 'checkpoint' | 'nothing' };
  /** Keys that signed the checkpoint, known here or not: `<name> (key <id>)`. */
  readonly signed_by: readonly string[];
  readonly problems: readonly Problem[];
}

/**
 * Checks that an event, by its exact bytes, stands in a log: the leaf hash of its SHA-256 at the index of the proof, under
 * the root of a checkpoint that a known key signed, or that is itself held outside. Never throws for what the proof holds.
 */
export async function verifyEvent(raw: Uint8Array, proof: TlogProof, trust: Trust): Promise<EventReport> {
  const problems = new Problems();
  const entry = new Uint8Array(HASH_BYTES);
  sha256Into(raw, entry, 0);
  const leaf = leafHash(entry);
  const { event, fault } = readEvent(raw);
  const report = {
    origin: null,
    index: proof.index,
    size: 0,
    event: isId('event', event['id']) ? event['id'] : null,
    run: event['run'] === 'tenant' || isId('run', event['run']) ? event['run'] : null,
    leaf_hash: toHex(leaf),
    trust: { by: 'nothing' },
    signed_by: [],
  } as const;
  const raise = (raised: Raised): void => problems.add({ index: proof.index, event: report.event, ...raised });
  const done = (more: Partial<EventReport>, unknown = false): EventReport => {
    const found = problems.first();
    return {
      ...report,
      ...more,
      verdict: found.length > 0 ? 'broken' : unknown ? 'unknown_key' : 'intact',
      problems: found,
    };
  };
  if (fault !== null) raise({ fault: 'not_canonical', message: `This event is not canonical JSON: ${fault}.` });
  const note = parseNote(proof.checkpoint);
  const checkpoint = note.ok ? parseCheckpoint(note.value) : note;
  if (!note.ok || !checkpoint.ok) {
    raise({ fault: 'unreadable', message: checkpoint.ok ? '' : checkpoint.failure.message });
    return done({});
  }
  const { origin, size, root } = checkpoint.value;
  if (!isOriginOf(String(event['origin']), origin)) {
    const message = `The event names log ${quote(event['origin'])}, the checkpoint is of ${quote(origin)}.`;
    raise({ fault: 'foreign', message, expected: quote(event['origin']), found: quote(origin) });
  }
  if (!verifyInclusion({ index: proof.index, size, leafHash: leaf, proof: proof.proof, root })) {
    const message = `The event does not stand at index ${proof.index} under the checkpoint of ${size}.`;
    raise({ fault: 'altered', message, expected: toHex(root), found: toHex(leaf) });
  }
  const signedBy = note.value.signatures.map(({ name, keyId }) => `${name} (key ${keyId})`);
  const standing = { origin, size, signed_by: signedBy };
  const verified = await verifyNote(note.value, trust.keys);
  if (verified.ok) return done({ ...standing, trust: { by: 'key' } });
  if (verified.failure.code !== 'key_unknown') raise({ fault: 'signature', message: verified.failure.message });
  const held = (trust.checkpoints ?? []).some((text) => isSame(text, { origin, size, root }));
  return held ? done({ ...standing, trust: { by: 'checkpoint' } }) : done(standing, true);
}

function isSame(
  text: string,
  head: { readonly origin: string; readonly size: number; readonly root: Uint8Array },
): boolean {
  const note = parseNote(text);
  const read = note.ok ? parseCheckpoint(note.value) : note;
  if (!read.ok) return false;
  const { origin, size, root } = read.value;
  return origin === head.origin && size === head.size && sameBytes(root, head.root);
}

type Members = { readonly [name: string]: unknown };

function readEvent(raw: Uint8Array): { readonly event: Members; readonly fault: string | null } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(raw);
    const event: unknown = JSON.parse(text);
    if (typeof event !== 'object' || event === null) return { event: {}, fault: 'it is no object' };
    return { event: event as Members, fault: canonicalJson(event) === text ? null : 'it is written in another way' };
  } catch (error) {
    return { event: {}, fault: error instanceof SyntaxError ? 'it is no JSON' : (error as Error).message };
  }
}
