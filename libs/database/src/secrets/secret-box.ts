import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync } from 'node:crypto';
import { randomBytes } from '@writ/kernel';
import { DatabaseFault } from '../fault';
import { roleUrl } from '../session/roles';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FORM = /^enc:([0-9a-f]{8}):([A-Za-z0-9_-]+)$/;

interface Key {
  readonly id: string;
  readonly bytes: Buffer;
}

/** The key of a secret, and its name: a digest of the key, of which nobody learns it. */
function keyOf(secret: string): Key {
  const bytes = Buffer.from(hkdfSync('sha256', secret, '', 'writ stored secrets', 32));
  return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 8), bytes };
}

/**
 * Secrets that have to be known again, such as those webhooks are signed with, as they are kept: `enc:<key>:<text>`,
 * where the text is nonce, ciphertext and tag in base64url. The key is outside the database, so a copy of the database
 * signs nothing; and an encrypted one is its own row's, so it is nothing anywhere else.
 */
export class SecretBox {
  readonly #keys: readonly Key[];

  /** Secrets that keys are derived from: the one that encrypts, and those before it that still decrypt. */
  constructor(newest: string, before: readonly string[] = []) {
    this.#keys = [newest, ...before].map(keyOf);
  }

  /** What everything stands behind that is encrypted with the newest key. */
  get mark(): string {
    return `enc:${this.#keys[0]!.id}:`;
  }

  /** `about`: whose secret it is, such as `trigger/<tenant>/<id>`. */
  encrypt(text: string, about: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#keys[0]!.bytes, nonce).setAAD(Buffer.from(about));
    const body = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return this.mark + body.toString('base64url');
  }

  /**
   * The secret behind what is kept; what was kept before anything was encrypted is the secret itself. Throws
   * `secret_unreadable` for another key's, another row's, and what was altered.
   */
  decrypt(kept: string, about: string): string {
    if (!kept.startsWith('enc:')) return kept;
    const [, id, body64 = ''] = FORM.exec(kept) ?? [];
    const key = this.#keys.find((one) => one.id === id);
    if (!key) throw unreadable(about, `it is encrypted with the key ${id ?? 'of nobody'}, which is not here`);
    const body = Buffer.from(body64, 'base64url');
    try {
      const decipher = createDecipheriv(CIPHER, key.bytes, body.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(about))
        .setAuthTag(body.subarray(-TAG_BYTES));
      const text = decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES));
      return Buffer.concat([text, decipher.final()]).toString('utf8');
    } catch (cause) {
      throw unreadable(about, 'it was altered, or belongs to another row', cause);
    }
  }
}

const unreadable = (about: string, why: string, cause?: unknown): DatabaseFault =>
  new DatabaseFault(
    {
      code: 'secret_unreadable',
      class: 'permanent',
      message: `The stored secret of ${about} cannot be decrypted: ${why}.`,
      next: 'Name the secret before in WRIT_SECRET_BEFORE, or rotate this one.',
    },
    { cause },
  );

/**
 * The keys of a deployment follow from the writer's password, which every process that needs them has, and which itself
 * follows from WRIT_SECRET or the owner's password. WRIT_SECRET_BEFORE: what that was before, separated by commas; also a
 * password of the writer's that was named outright.
 */
export function secretBoxOf(adminUrl: string, env: NodeJS.ProcessEnv = process.env): SecretBox {
  const newest = decodeURIComponent(new URL(roleUrl(adminUrl, 'writer')).password);
  if (newest === '')
    throw new DatabaseFault({
      code: 'no_role_secret',
      class: 'permanent',
      message:
        'There is nothing to derive the key of stored secrets from: the address of the writer holds no password.',
      next: 'Put a password into WRIT_WRITER_URL.',
    });
  const before = (env['WRIT_SECRET_BEFORE'] ?? '').split(',').filter((secret) => secret !== '');
  return new SecretBox(
    newest,
    before.flatMap((secret) => [createHmac('sha256', secret).update('writ_writer').digest('hex'), secret]),
  );
}
