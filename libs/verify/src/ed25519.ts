import { toHex } from '@writ/kernel';

interface Subtle {
  importKey(
    format: 'raw',
    key: Uint8Array,
    algorithm: { readonly name: 'Ed25519' },
    extractable: boolean,
    usages: readonly ['verify'],
  ): Promise<object>;
  verify(
    algorithm: { readonly name: 'Ed25519' },
    key: object,
    signature: Uint8Array,
    data: Uint8Array,
  ): Promise<boolean>;
}

const ALGORITHM = { name: 'Ed25519' } as const;

/** Keys made ready: a log signs all its checkpoints with one or two. */
const ready = new Map<string, Promise<object>>();
const MOST_READY = 64;

function keyOf(subtle: Subtle, publicKey: Uint8Array): Promise<object> {
  const name = toHex(publicKey);
  let key = ready.get(name);
  if (key === undefined) {
    if (ready.size >= MOST_READY) ready.clear();
    key = subtle.importKey('raw', publicKey, ALGORITHM, false, ['verify']);
    ready.set(name, key);
  }
  return key;
}

/**
 * Whether an Ed25519 signature (RFC 8032) holds. WebCrypto, which Node and browsers share, so there is no second path
 * to keep equal. False for a key or signature of the wrong form; throws where the platform knows no Ed25519, since
 * "cannot say" must not look like "wrong".
 */
export async function verifyEd25519(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const subtle = (globalThis as unknown as { crypto?: { subtle?: Subtle } }).crypto?.subtle;
  if (!subtle) throw new Error('this page was not opened over https or localhost, so it cannot check signatures');
  try {
    return await subtle.verify(ALGORITHM, await keyOf(subtle, publicKey), signature, message);
  } catch (error) {
    const { name } = error as { name?: string };
    if (name === 'NotSupportedError')
      throw new Error('this browser does not know Ed25519 signatures', { cause: error });
    // A public key that is no point of the curve is refused at import.
    if (name === 'DataError' || name === 'OperationError') return false;
    throw error;
  }
}
