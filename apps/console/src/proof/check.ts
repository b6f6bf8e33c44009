import type { ResponseOf } from '@writ/contract';
import { sha256Hex } from '@writ/kernel';
import { leafHash, toBase64, type VerifierKey } from '@writ/verify';
import {
  bytesFinding,
  type EventProof,
  type Finding,
  historyFinding,
  type Listed,
  pathFinding,
  type SealedEvent,
} from './findings';
import type { PathStep } from './path';
import { signatureFinding } from './signature';
import { rememberHead, type SeenHead } from './trust';

/** What a check asks the server for; every answer is held against the others. */
export interface Source {
  event(): Promise<SealedEvent>;
  proof(): Promise<EventProof>;
  consistency(from: number, to: number): Promise<ResponseOf<'getAuditConsistency'>>;
  namedKeys(): Promise<readonly string[]>;
}

/**
 * - proven: everything holds, under a key that was pinned in this browser by another way than this page
 * - unpinned: everything holds but that nobody here vouches for the key   - open: something could not be checked here
 * - broken: something is not what it claims                               - unsealed: no checkpoint covers it yet
 */
export type Verdict = 'proven' | 'unpinned' | 'open' | 'broken' | 'unsealed';

export interface Checked {
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  readonly raw: string;
  readonly index: number | null;
  readonly size: number | null;
  /** SHA-256 of the bytes, hexadecimal: the log's entry. */
  readonly entry: string;
  readonly leaf: Uint8Array;
  readonly path: readonly PathStep[];
  /** The signed note, as it was issued. */
  readonly checkpoint: string | null;
  readonly signedBy: readonly VerifierKey[];
  readonly offeredKey: string | null;
  readonly cosigners: number;
  readonly head: SeenHead | null;
}

export interface CheckInput {
  readonly source: Source;
  /** Base of the log's origin: `writ/<tenant>`. */
  readonly base: string;
  /** The event as the list showed it, so that list and log cannot say two things; null when no list did. */
  readonly listed: Listed;
}

/** Checks one event in this browser: its bytes, its place in the tree, who signed the tree, what was seen before. */
export async function checkEvent({ source, base, listed }: CheckInput): Promise<Checked> {
  const event = await source.event();
  const entry = sha256Hex(event.raw);
  const leaf = leafHash(fromHex(entry));
  const bytes = bytesFinding(event, entry, listed);
  const begun = {
    raw: event.raw,
    index: event.index,
    size: null,
    entry,
    leaf,
    path: [],
    checkpoint: null,
    signedBy: [],
    offeredKey: null,
    cosigners: 0,
    head: null,
  };
  if (event.index === null) {
    return { ...begun, verdict: bytes.standing === 'broken' ? 'broken' : 'unsealed', findings: [bytes] };
  }
  const proof = await source.proof();
  const { finding, path, head } = pathFinding({ proof, leaf, base, index: event.index });
  const signature = await signatureFinding(proof.checkpoint, base, () => source.namedKeys());
  const held = [bytes, finding, signature.finding];
  const sound = head !== null && held.every((one) => one.standing !== 'broken');
  const history = sound
    ? await historyFinding({ ...head, consistency: (from, to) => source.consistency(from, to) })
    : null;
  const findings = history ? [...held, history.finding] : held;
  const verdict = verdictOf(findings, signature.offered !== null);
  // A head that nobody vouches for is not remembered: it would make the honest one look like a fork later.
  if (verdict === 'proven' && head) {
    rememberHead({ ...head, root: toBase64(head.root), text: proof.checkpoint, at: Date.now() });
  }
  return {
    ...begun,
    verdict,
    findings,
    size: proof.size,
    path,
    checkpoint: proof.checkpoint,
    signedBy: signature.by,
    offeredKey: signature.offered,
    cosigners: signature.others,
    head: history?.head ?? null,
  };
}

function verdictOf(findings: readonly Finding[], offered: boolean): Verdict {
  if (findings.some((one) => one.standing === 'broken')) return 'broken';
  const open = findings.filter((one) => one.standing === 'open');
  if (open.length === 0) return 'proven';
  return offered && open.every((one) => one.of === 'signature') ? 'unpinned' : 'open';
}

const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from({ length: hex.length / 2 }, (_, i) => parseInt(hex.slice(i * 2, i * 2 + 2), 16));
