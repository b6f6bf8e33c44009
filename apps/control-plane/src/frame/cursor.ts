import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Caller } from '@writ/identity';
import { canonicalJson, digestOf, type Failure, type Json, ok, refuse, type Result } from '@writ/kernel';

/** What a cursor continues: it is good for this list, of this tenant, with this filter, and for nothing else. */
export interface ListIdentity {
  readonly tenant: string;
  readonly operation: string;
  /** Everything that narrows the list: path parameters and query, without `limit` and `cursor`. */
  readonly filter: Json;
}

const MAC_BYTES = 16;

const failure = (code: string, message: string): Failure => ({
  code,
  class: 'permanent',
  message,
  next: 'Start the list again without a cursor.',
});

/**
 * Opaque, signed cursors: `<payload>.<HMAC-SHA-256, 128 bits>`, base64url. The payload holds where the list goes on and
 * the digest of what it lists. Stable under inserts because it names the last item, never an offset.
 */
export class Cursors {
  constructor(private readonly secret: Uint8Array) {}

  sign(list: ListIdentity, after: string): string {
    const payload = Buffer.from(canonicalJson([digestOf(canonicalJson(list)), after])).toString('base64url');
    return `${payload}.${this.mac(payload)}`;
  }

  /** Refuses `invalid_cursor` (not made here, or altered) and `cursor_mismatch` (made for another list or filter). */
  read(list: ListIdentity, cursor: string): Result<string> {
    const [payload = '', mac = '', ...rest] = cursor.split('.');
    // The text is compared, not what it decodes to: base64url has more than one spelling of the same bytes.
    const [given, expected] = [Buffer.from(mac), Buffer.from(this.mac(payload))];
    const right = rest.length === 0 && given.length === expected.length && timingSafeEqual(given, expected);
    if (!right) return refuse(failure('invalid_cursor', 'the cursor was not issued here, or was altered'));
    const [digest, after] = JSON.parse(Buffer.from(payload, 'base64url').toString()) as [string, string];
    if (digest !== digestOf(canonicalJson(list))) {
      return refuse(failure('cursor_mismatch', 'the cursor was issued for another list or another filter'));
    }
    return ok(after);
  }

  private mac(payload: string): string {
    return createHmac('sha256', this.secret).update(payload).digest().subarray(0, MAC_BYTES).toString('base64url');
  }
}

/** The list a cursor of this request belongs to. */
export function listIdentity(
  caller: Caller | null,
  operation: string,
  parts: { readonly params: unknown; readonly query: unknown },
): ListIdentity {
  const { limit: _limit, cursor: _cursor, ...filter } = (parts.query ?? {}) as { [name: string]: Json };
  const tenant = caller?.principal.tenant ?? '';
  return { tenant, operation, filter: { path: (parts.params ?? {}) as Json, query: filter } };
}
