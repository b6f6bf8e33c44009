import { ok, refuse, type Result } from '@writ/kernel';
import { fromBase64, toBase64 } from './base64';
import { HASH_BYTES } from './hashing';

/** A self-contained proof that an entry is in a log (C2SP tlog-proof). */
export interface TlogProof {
  readonly index: number;
  /** Leaf's sibling first. */
  readonly proof: readonly Uint8Array[];
  /** The signed checkpoint, as it was issued. */
  readonly checkpoint: string;
  /** Not authenticated; ours holds the event's exact bytes, so that the file alone shows what is proven. */
  readonly extra?: Uint8Array;
}

const HEADER = 'c2sp.org/tlog-proof@v1';

export function formatTlogProof({ index, proof, checkpoint, extra }: TlogProof): string {
  const lines = [HEADER, ...(extra ? [`extra ${toBase64(extra)}`] : []), `index ${index}`];
  return `${[...lines, ...proof.map(toBase64)].join('\n')}\n\n${checkpoint}`;
}

/** Fails with `proof_malformed`. */
export function parseTlogProof(text: string): Result<TlogProof> {
  const fail = (what: string): Result<TlogProof> =>
    refuse({ code: 'proof_malformed', class: 'permanent', message: `This is not a proof of a log: ${what}.` });
  const cut = text.indexOf('\n\n');
  const lines = text.slice(0, Math.max(cut, 0)).split('\n');
  if (lines.shift() !== HEADER) return fail(`its first line is not ${HEADER}`);
  const spoken = lines[0]?.startsWith('extra ') ? lines.shift() : undefined;
  const extra = spoken === undefined ? undefined : fromBase64(spoken.slice('extra '.length));
  if (extra === null) return fail('its extra data is no base64');
  const index = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '')?.[1];
  if (index === undefined || !Number.isSafeInteger(Number(index))) return fail('it names no index');
  const proof: Uint8Array[] = [];
  for (const line of lines) {
    const hash = fromBase64(line);
    if (hash?.length !== HASH_BYTES) return fail(`"${line.slice(0, 60)}" is no hash`);
    proof.push(hash);
  }
  // A path longer than this would belong to a tree larger than any index can name.
  if (proof.length > 64) return fail('it has more than 64 hashes');
  const checkpoint = text.slice(cut + 2);
  return ok({ index: Number(index), proof, checkpoint, ...(extra && { extra }) });
}
