import { type Checkpoint } from './checkpoint';
import {
  ED25519,
  formatVkey,
  type Note,
  type NoteSignature,
  parseVkey,
  signedBytes,
  signerOf,
  type VerifierKey,
} from './note';
import { verifyEd25519 } from './ed25519';
import { type Problems, quote } from './report';

/** A key's turn: it signs the checkpoints from this size on, until the next key's turn begins. */
interface Turn {
  readonly key: VerifierKey;
  readonly from: number;
  /** Checkpoints it signed, of which the signature holds. */
  signed: number;
  /** Whether a checkpoint of its turn has been seen. */
  begun: boolean;
}

export interface KeyUse {
  readonly vkey: string;
  readonly key_id: string;
  /** Smallest checkpoint it signs. */
  readonly from: number;
  /** Checkpoints here that it signed. */
  readonly checkpoints: number;
  /** Whether whoever checks knew it beforehand. */
  readonly trusted: boolean;
}

/** `writ/<tenant>`, without the generation. */
const logOf = (name: string): string => name.split('/').slice(0, 2).join('/');

const isSame = (a: VerifierKey, b: VerifierKey): boolean => formatVkey(a) === formatVkey(b);

/**
 * Whose turn it is to sign. A rotation event ends one key's turn and names the next: every checkpoint that covers it is
 * signed by the new key, and the first of them by both, so that whoever trusts the old key can trust the new one, and a
 * stolen old key signs nothing after it.
 */
export class Succession {
  readonly #turns: Turn[];
  readonly #others = new Map<string, NoteSignature & { count: number }>();

  constructor(
    first: VerifierKey,
    private readonly trusted: readonly VerifierKey[],
    private readonly problems: Problems,
  ) {
    this.#turns = [{ key: first, from: 0, signed: 0, begun: false }];
  }

  /** The event at `index` hands over from one key to the next. */
  rotate(index: number, detail: unknown, place: { readonly byte: number | null; readonly event: string | null }): void {
    const { old_key: old, new_key: vkey } = (detail ?? {}) as { old_key?: unknown; new_key?: unknown };
    const current = this.#turns.at(-1)!.key;
    const next = typeof vkey === 'string' ? parseVkey(vkey) : null;
    const fault = (message: string): void => this.problems.add({ fault: 'key', message, index, ...place });
    if (!next?.ok) return fault(`The rotation names no new key: ${quote(vkey)}.`);
    // A log that was opened anew holds the events of the one before; what they announce is not about its own keys.
    if (next.value.name !== current.name && logOf(next.value.name) === logOf(current.name)) return;
    if (old !== current.keyId) {
      return fault(`The rotation ends the turn of key ${quote(old)}, and it was the turn of ${current.keyId}.`);
    }
    if (next.value.name !== current.name) return fault(`The new key is named ${quote(next.value.name)}.`);
    this.#turns.push({ key: next.value, from: index + 1, signed: 0, begun: false });
  }

  /** Checks who signed a checkpoint. The turn is settled now, the signatures when the promise is. */
  check(note: Note, { size }: Checkpoint, byte: number | null): Promise<void> {
    const at = this.#turns.findLastIndex(({ from }) => from <= size);
    const turn = this.#turns[at]!;
    const due = turn.begun || at === 0 ? [turn] : [this.#turns[at - 1]!, turn];
    turn.begun = true;
    return this.#verify({ note, size, byte, due });
  }

  async #verify(what: {
    readonly note: Note;
    readonly size: number;
    readonly byte: number | null;
    readonly due: readonly Turn[];
  }): Promise<void> {
    const { note, size, byte, due } = what;
    const index = size - 1;
    const message = signedBytes(note.text);
    const known = this.#turns.map(({ key }) => key);
    const signers = new Set<Turn>();
    for (const signature of note.signatures) {
      const key = signerOf(signature, known);
      const turn = this.#turns.find((one) => one.key === key);
      if (key?.type !== ED25519 || turn === undefined) {
        this.#list(signature);
      } else if (await verifyEd25519(key.publicKey, message, signature.signature)) {
        signers.add(turn);
      } else {
        const fault = `The signature of key ${key.keyId} does not fit the checkpoint of ${size}.`;
        this.problems.add({ fault: 'signature', message: fault, index, byte, expected: key.keyId });
      }
    }
    for (const turn of signers) turn.signed += 1;
    for (const { key } of due.filter((turn) => !signers.has(turn))) {
      const ids = note.signatures.map(({ keyId }) => keyId);
      if (ids.includes(key.keyId)) continue;
      const fault = `The checkpoint of ${size} is not signed by key ${key.keyId}, whose turn it is.`;
      this.problems.add({ fault: 'key', message: fault, index, byte, expected: key.keyId, found: ids.join(' ') });
    }
  }

  #list(signature: NoteSignature): void {
    const id = `${signature.name} ${signature.keyId}`;
    const held = this.#others.get(id);
    if (held) held.count += 1;
    else if (this.#others.size < 100) this.#others.set(id, { ...signature, count: 1 });
  }

  /** Whether a key that was known beforehand signed a checkpoint here. */
  get vouched(): boolean {
    return this.#turns.some(({ key, signed }) => signed > 0 && this.trusted.some((one) => isSame(one, key)));
  }

  keys(): KeyUse[] {
    return this.#turns.map(({ key, from, signed }) => ({
      vkey: formatVkey(key),
      key_id: key.keyId,
      from,
      checkpoints: signed,
      trusted: this.trusted.some((one) => isSame(one, key)),
    }));
  }

  /** Signatures of keys nobody here knows: witnesses, other algorithms. */
  others(): { readonly name: string; readonly key_id: string; readonly kind: string; readonly checkpoints: number }[] {
    return [...this.#others.values()].map(({ name, keyId, signature, count }) => ({
      name,
      key_id: keyId,
      kind: KINDS.get(signature.length) ?? 'unknown',
      checkpoints: count,
    }));
  }
}

/** What a signature of an unknown key may be, by its length: with 8 bytes of time before it, a cosignature. */
const KINDS = new Map([
  [64, 'Ed25519'],
  [72, 'Ed25519 cosignature'],
  [2_428, 'ML-DSA-44 cosignature'],
]);
