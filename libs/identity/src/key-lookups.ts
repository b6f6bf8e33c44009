import type { Database } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import type { KeyRow } from './keys';

export type FoundKey = KeyRow & { readonly tenant: TenantId; readonly hash: string };

interface Waiting {
  readonly found: (row: FoundKey | undefined) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Keys by their hash. Requests that come while a look-up is on its way share the next one: 64 callers at once cost the
 * server a statement per round trip in place of 64.
 *
 * INVARIANT: nothing is remembered. The look-up that answers a request was sent after the request came, so a key that
 * was revoked before is seen as revoked.
 */
export class KeyLookups {
  private waiting = new Map<string, Waiting[]>();
  private onItsWay = false;

  constructor(private readonly database: Pick<Database, 'call'>) {}

  /** The row of the key with this hash; undefined when there is none. Throws what the database throws. */
  async find(hash: string): Promise<FoundKey | undefined> {
    return new Promise((found, failed) => {
      const others = this.waiting.get(hash);
      if (others) others.push({ found, failed });
      else this.waiting.set(hash, [{ found, failed }]);
      if (!this.onItsWay) void this.lookUp();
    });
  }

  private async lookUp(): Promise<void> {
    this.onItsWay = true;
    while (this.waiting.size > 0) {
      const asked = this.waiting;
      this.waiting = new Map();
      try {
        const rows = await this.database.call<FoundKey>('find_api_keys', [[...asked.keys()]]);
        const byHash = new Map(rows.map((row) => [row.hash, row]));
        for (const [hash, all] of asked) for (const { found } of all) found(byHash.get(hash));
      } catch (error) {
        for (const all of asked.values()) for (const { failed } of all) failed(error);
      }
    }
    this.onItsWay = false;
  }
}
