import type { Database } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import type { KeyRow } from './keys';

export type FoundKey = KeyRow & { readonly tenant: TenantId; readonly hash: string };

interface Waiting {
  readonly found: (row: FoundKey | undefined) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Keys by their hash. Requests that come in one turn of the event loop share a look-up, and those that come while it is on
 * its way share the next one: 64 callers at once cost the server a statement per round trip in place of 64. It leaves at
 * the end of the turn, not at the first of its requests: that one would go alone, and the rest wait a round trip longer.
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
      if (!this.onItsWay) this.lookUpSoon();
    });
  }

  private lookUpSoon(): void {
    this.onItsWay = true;
    setImmediate(() => void this.lookUp());
  }

  private async lookUp(): Promise<void> {
    const asked = this.waiting;
    this.waiting = new Map();
    try {
      const rows = await this.database.call<FoundKey>('find_api_keys', [[...asked.keys()]]);
      const byHash = new Map(rows.map((row) => [row.hash, row]));
      for (const [hash, all] of asked) for (const { found } of all) found(byHash.get(hash));
    } catch (error) {
      for (const all of asked.values()) for (const { failed } of all) failed(error);
    }
    if (this.waiting.size > 0) this.lookUpSoon();
    else this.onItsWay = false;
  }
}
