import { canonicalJson, sha256Hex } from '@writ/kernel';
import { type AuditDraft, UnitPacking } from './packed';

/** Where a chain stands: how many events it has, and the hash the next one must name. */
export interface ChainHead {
  readonly seq: number;
  /** SHA-256 (hex) of the last event's bytes; 64 zeros before the first. */
  readonly hash: string;
}

export const GENESIS: ChainHead = { seq: 0, hash: '0'.repeat(64) };

export interface ChainLink {
  /** The events' exact hashed bytes, a canonical JSON each: it holds no raw newline. */
  readonly lines: readonly string[];
  /** The same events as a unit of them lies in `writ.audit_unit`. */
  readonly packed: string;
  /** SHA-256 of each line, 32 bytes each, in order. */
  readonly hashes: Uint8Array;
  readonly head: ChainHead;
}

/**
 * Gives drafts their places in a chain. Pure: the caller keeps the new head only when the link is committed.
 * INVARIANT (I9): `run_seq` is gap-free and each event names its predecessor's hash, inside its own.
 */
export function extendChain(head: ChainHead, drafts: readonly AuditDraft[]): ChainLink {
  const hashes = Buffer.allocUnsafe(drafts.length * 32);
  const lines: string[] = [];
  let { seq, hash } = head;
  const unit = new UnitPacking(drafts, hash);
  for (const draft of drafts) {
    const line = unit.add(draft, { seq, prev: hash });
    hash = sha256Hex(line);
    hashes.write(hash, lines.length * 32, 'hex');
    lines.push(line);
    seq += 1;
  }
  return { lines, packed: unit.text(), hashes, head: { seq, hash } };
}

export type ChainFault = 'unreadable' | 'altered' | 'missing' | 'reordered' | 'not_canonical';

export type ChainCheck =
  | { readonly ok: true; readonly head: ChainHead }
  | { readonly ok: false; readonly index: number; readonly fault: ChainFault; readonly detail: string };

/** Checks that lines are one unbroken chain from `from`; names the first event that is not. */
export function checkChain(lines: readonly string[], from: ChainHead = GENESIS): ChainCheck {
  let { seq, hash } = from;
  for (const [index, line] of lines.entries()) {
    const bad = (fault: ChainFault, detail: string): ChainCheck => ({ ok: false, index, fault, detail });
    let event: { run_seq?: unknown; prev?: unknown };
    try {
      event = JSON.parse(line) as { run_seq?: unknown; prev?: unknown };
    } catch {
      return bad('unreadable', 'the line is not JSON');
    }
    if (canonicalJson(event) !== line) return bad('not_canonical', 'the stored bytes are not the canonical form');
    if (event.run_seq !== seq) {
      const found = Number(event.run_seq);
      return bad(found > seq ? 'missing' : 'reordered', `expected sequence ${seq}, found ${String(event.run_seq)}`);
    }
    if (event.prev !== hash) return bad('altered', `expected predecessor ${hash}, found ${String(event.prev)}`);
    hash = sha256Hex(line);
    seq += 1;
  }
  return { ok: true, head: { seq, hash } };
}
