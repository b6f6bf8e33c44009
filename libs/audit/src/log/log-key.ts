import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { signedBytes, verifierKey, type VerifierKey } from '@writ/verify';

/** What stands before the 32 bytes of an Ed25519 private key in its DER form, and how many before a public one (RFC 8410 §7, §4). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_BYTES = 12;
const MOST_ORIGINS = 1_000;

/** An Ed25519 key that signs checkpoints (RFC 8032). One key pair serves every log; each log names it by its own origin. */
export class LogKey {
  readonly publicKey: Uint8Array;
  readonly #private: KeyObject;
  /** Its key ids are hashes of the names, and the same few logs ask for theirs all the time. */
  readonly #verifiers = new Map<string, VerifierKey>();

  private constructor(readonly seed: Uint8Array) {
    const der = Buffer.concat([PKCS8, seed]);
    this.#private = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    this.publicKey = createPublicKey(this.#private).export({ format: 'der', type: 'spki' }).subarray(SPKI_BYTES);
  }

  /** From its 32 secret bytes; null for any other number of them. */
  static of(seed: Uint8Array): LogKey | null {
    return seed.length === 32 ? new LogKey(seed) : null;
  }

  static fresh(): LogKey {
    return new LogKey(randomBytes(32));
  }

  /** The key as verifiers of one log know it. */
  verifier(origin: string): VerifierKey {
    const known = this.#verifiers.get(origin) ?? verifierKey(origin, this.publicKey);
    if (this.#verifiers.size < MOST_ORIGINS) this.#verifiers.set(origin, known);
    return known;
  }

  /** Signature over a note's text. */
  sign(text: string): Uint8Array {
    return sign(null, signedBytes(text), this.#private);
  }
}
