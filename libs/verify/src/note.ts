import { type Failure, ok, refuse, type Result, sha256Hex, toHex } from '@writ/kernel';
import { fromBase64, toBase64 } from './base64';
import { verifyEd25519 } from './ed25519';

/** Signature type bytes of C2SP signed-note; only Ed25519 is checked here, the others are told apart and listed. */
export const ED25519 = 0x01;

/** One signature line. The name and the key id together say which key; neither says it alone. */
export interface NoteSignature {
  readonly name: string;
  /** Eight hexadecimal characters. */
  readonly keyId: string;
  readonly signature: Uint8Array;
}

/** A signed note (C2SP signed-note). `text` ends with a newline and must not be believed before a key verified it. */
export interface Note {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** A key somebody trusts: what a vkey says. */
export interface VerifierKey {
  readonly name: string;
  readonly keyId: string;
  readonly type: number;
  readonly publicKey: Uint8Array;
}

// C2SP demands at least 16; a post-quantum signature takes 3.3 kilobytes of base64.
const MOST_SIGNATURES = 64;
const MOST_CHARACTERS = 512 * 1024;
const LINE = /^— (\S+) (\S+)$/u;
const NAME = /^[^\s+]+$/u;
// Of control characters a note may hold newlines only.
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;

const malformed = (what: string): { readonly ok: false; readonly failure: Failure } =>
  refuse({ code: 'note_malformed', class: 'permanent', message: `This is not a signed note: ${what}.` });

/** Reads a note; says nothing about who signed it. Fails with `note_malformed`. */
export function parseNote(note: string): Result<Note> {
  if (note.length > MOST_CHARACTERS) return malformed('it is longer than half a million characters');
  if (CONTROL.test(note) || !note.isWellFormed()) return malformed('it holds a control character or is no UTF-8');
  const cut = note.lastIndexOf('\n\n');
  if (cut < 0 || !note.endsWith('\n')) return malformed('it has no empty line before its signatures');
  const lines = note.slice(cut + 2, -1).split('\n');
  if (lines.length > MOST_SIGNATURES) return malformed(`it has more than ${MOST_SIGNATURES} signatures`);
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const [, name, encoded] = LINE.exec(line) ?? [];
    const bytes = encoded === undefined ? null : fromBase64(encoded);
    if (name === undefined || !NAME.test(name) || bytes === null || bytes.length < 5) {
      return malformed(`"${line.slice(0, 60)}" is no signature line`);
    }
    signatures.push({ name, keyId: toHex(bytes.subarray(0, 4)), signature: bytes.slice(4) });
  }
  return ok({ text: note.slice(0, cut + 1), signatures });
}

/** The note with these signatures; the other way round of `parseNote`. */
export function formatNote({ text, signatures }: Note): string {
  const lines = signatures.map(({ name, keyId, signature }) => {
    const bytes = new Uint8Array(4 + signature.length);
    for (let i = 0; i < 4; i++) bytes[i] = parseInt(keyId.slice(i * 2, i * 2 + 2), 16);
    bytes.set(signature, 4);
    return `— ${name} ${toBase64(bytes)}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/** What a signer knows of a note: the bytes every signature of type Ed25519 is over. */
export const signedBytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** SHA-256(name ‖ "\n" ‖ type ‖ public key), its first four bytes in hexadecimal. */
function keyIdOf(name: string, typed: Uint8Array): string {
  const prefix = new TextEncoder().encode(`${name}\n`);
  const bytes = new Uint8Array(prefix.length + typed.length);
  bytes.set(prefix);
  bytes.set(typed, prefix.length);
  return sha256Hex(bytes).slice(0, 8);
}

/** The verifier key of an Ed25519 public key (32 bytes, RFC 8032) under a name without spaces and plus signs. */
export function verifierKey(name: string, publicKey: Uint8Array): VerifierKey {
  if (!NAME.test(name)) throw new Error(`"${name}" cannot name a key: it holds a space or a plus sign`);
  return { name, keyId: keyIdOf(name, typed(ED25519, publicKey)), type: ED25519, publicKey };
}

function typed(type: number, publicKey: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + publicKey.length);
  bytes[0] = type;
  bytes.set(publicKey, 1);
  return bytes;
}

/** `<name>+<key id>+<base64(type ‖ public key)>`. */
export const formatVkey = ({ name, keyId, type, publicKey }: VerifierKey): string =>
  `${name}+${keyId}+${toBase64(typed(type, publicKey))}`;

/** Fails with `vkey_malformed`, also where the key id is not that of the key. Unknown types are read as they are. */
export function parseVkey(vkey: string): Result<VerifierKey> {
  const fail = (what: string): Result<VerifierKey> =>
    refuse({
      code: 'vkey_malformed',
      class: 'permanent',
      message: `"${vkey.slice(0, 80)}" is not a verifier key: ${what}.`,
      next: 'A verifier key looks like writ/<tenant>+<8 hexadecimal digits>+<base64>.',
    });
  const [, name, keyId, encoded] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/u.exec(vkey) ?? [];
  if (name === undefined || keyId === undefined || encoded === undefined) return fail('it has no three parts');
  if (!NAME.test(name)) return fail('its name holds a space');
  const bytes = fromBase64(encoded);
  if (bytes === null || bytes.length < 2) return fail('its last part is no base64');
  const type = bytes[0]!;
  if (type === ED25519 && bytes.length !== 33) return fail('an Ed25519 key has 32 bytes');
  if (type === ED25519 && keyIdOf(name, bytes) !== keyId) return fail('the key id is another key’s');
  return ok({ name, keyId, type, publicKey: bytes.slice(1) });
}

/** The key among `keys` that a signature claims to be by; name and id must both be its. */
export const signerOf = ({ name, keyId }: NoteSignature, keys: readonly VerifierKey[]): VerifierKey | undefined =>
  keys.find((key) => key.name === name && key.keyId === keyId);

export interface VerifiedNote {
  /** Keys whose signature holds; never empty. */
  readonly by: readonly VerifierKey[];
  /** Signatures of keys that are not known here, or of types that are not checked here. */
  readonly others: readonly NoteSignature[];
}

/**
 * Holds a note against known keys (C2SP signed-note): signatures of unknown keys are passed over, one of a known key
 * that does not hold refuses the note, and at least one must hold. Fails with `signature_wrong` or `key_unknown`.
 */
export async function verifyNote(note: Note, keys: readonly VerifierKey[]): Promise<Result<VerifiedNote>> {
  const by: VerifierKey[] = [];
  const others: NoteSignature[] = [];
  const message = signedBytes(note.text);
  for (const signature of note.signatures) {
    const key = signerOf(signature, keys);
    if (key?.type !== ED25519) {
      others.push(signature);
    } else if (await verifyEd25519(key.publicKey, message, signature.signature)) {
      by.push(key);
    } else {
      return refuse({
        code: 'signature_wrong',
        class: 'permanent',
        message: `The signature of ${key.name} (key ${key.keyId}) does not fit the text.`,
        details: { name: key.name, key_id: key.keyId },
      });
    }
  }
  if (by.length > 0) return ok({ by, others });
  const found = others.map(({ name, keyId }) => `${name} (key ${keyId})`).join(', ');
  return refuse({ code: 'key_unknown', class: 'permanent', message: `No known key signed it; signed by ${found}.` });
}
