import type { Database, Tx } from '@writ/database';
import type { RunId, TenantId } from '@writ/kernel';
import { cover, ExportWriter, growTiles } from '@writ/verify';
import { type ExportedEvent, exportedEvents } from './export-events';
import { type CheckpointRow, checkpointsFrom, type LogName, newestCheckpoint, readHead, readKeys } from './log-rows';
import { logStatus } from './status';
import { HASH_BYTES, StoredTiles, TILE_WIDTH } from './tiles';

/** What of the log is shown; everything else stands in the export as hashes, so that the tree can still be rebuilt. */
export interface ExportWish {
  readonly run?: RunId | 'tenant';
  /** Indices, both inclusive. */
  readonly first?: number;
  readonly last?: number;
  readonly shows?: (event: { readonly index: number; readonly raw: string }) => boolean;
  /** Whether policy documents go along: they say who may do what. */
  readonly policies: boolean;
  /** Epoch milliseconds. */
  readonly now: number;
}

const PAGE_CHECKPOINTS = 200;

/**
 * The export of a tenant's log up to its newest checkpoint (docs/reference/export-format.md), piece by piece. Each piece
 * is read in a transaction of its own: what is sealed does not change, so together they are still one log. Null while
 * nothing is sealed.
 */
export async function exportLog(
  db: Database,
  tenant: TenantId,
  wish: ExportWish,
): Promise<AsyncGenerator<string> | null> {
  const begun = await db.withTenant(tenant, async (tx) => {
    const head = await readHead(tx, tenant);
    const log = { tenant, generation: head?.generation ?? 1 };
    const newest = await newestCheckpoint(tx, log);
    if (!newest) return null;
    const keys = await readKeys(tx, log);
    const status = await logStatus(tx, tenant);
    return { log, newest, keys, status, policies: wish.policies ? await policiesOf(tx, tenant) : [] };
  });
  if (!begun) return null;
  const { log, newest, keys, status, policies } = begun;
  const writer = new ExportWriter();
  const header = writer.header({
    origin: status.origin,
    tenant,
    generation: log.generation,
    keys: keys.filter(({ fromSize }) => fromSize !== null && fromSize <= newest.size).map(({ vkey }) => vkey),
    size: newest.size,
    unsealed: status.unsealed,
    made_at: new Date(wish.now).toISOString(),
  });
  const announced = keys.flatMap(({ announcedSeq }) => (announcedSeq === null ? [] : [announcedSeq]));
  const exporter = new Exporter({ db, log, newest, writer, wish, announced });
  return (async function* () {
    yield header;
    for (const { digest, body } of policies) yield writer.policy(digest, body);
    yield* exporter.body();
    yield writer.end();
  })();
}

async function policiesOf(tx: Tx, tenant: TenantId): Promise<{ readonly digest: string; readonly body: string }[]> {
  return tx.query(`SELECT digest, body FROM writ.policy_bundle WHERE tenant = $1 ORDER BY created_at, digest`, [
    tenant,
  ]);
}

interface Parts {
  readonly db: Database;
  readonly log: LogName;
  readonly newest: CheckpointRow;
  readonly writer: ExportWriter;
  readonly wish: ExportWish;
  /** Sequences, in the tenant's stream, of units that announce keys: they are shown whatever was wished. */
  readonly announced: readonly number[];
}

class Exporter {
  /** Indices written so far. */
  #at = 0;
  /** Checkpoints read and not yet written, smallest first. */
  #ahead: CheckpointRow[] = [];

  constructor(private readonly parts: Parts) {}

  async *body(): AsyncGenerator<string> {
    const { newest, writer } = this.parts;
    let due = await this.#nextCheckpoint(this.#whole ? 1 : null);
    for await (const shown of this.#shown()) {
      while (due && due.size <= shown.index) {
        yield* this.#stand(due);
        due = await this.#nextCheckpoint(this.#whole ? due.size + 1 : null);
      }
      yield* this.#gapTo(shown.index);
      yield writer.event(shown.raw, shown.leaf);
      this.#at = shown.index + 1;
      due ??= await this.#nextCheckpoint(this.#at);
    }
    for (; due && due.size < newest.size; due = await this.#nextCheckpoint(this.#whole ? due.size + 1 : null)) {
      yield* this.#stand(due);
    }
    yield* this.#stand(newest);
  }

  get #whole(): boolean {
    const { run, first, last, shows } = this.parts.wish;
    return run === undefined && first === undefined && last === undefined && shows === undefined;
  }

  /** The smallest checkpoint of at least a size. An export of everything asks for one after the other: read by the page. */
  async #nextCheckpoint(size: number | null): Promise<CheckpointRow | null> {
    if (size === null) return null;
    if (this.#ahead[0]?.size !== undefined && this.#ahead[0].size < size) this.#ahead.shift();
    const known = this.#ahead[0];
    if (known && known.size <= this.parts.newest.size && this.#whole) return known;
    const limit = this.#whole ? PAGE_CHECKPOINTS : 1;
    this.#ahead = await this.#read((tx) => checkpointsFrom(tx, this.parts.log, { size, limit }));
    const [found] = this.#ahead;
    return found && found.size <= this.parts.newest.size ? found : null;
  }

  async *#stand(checkpoint: CheckpointRow): AsyncGenerator<string> {
    yield* this.#gapTo(checkpoint.size);
    yield this.parts.writer.checkpoint(checkpoint.text);
  }

  async *#gapTo(to: number): AsyncGenerator<string> {
    if (to <= this.#at) return;
    const range = { start: this.#at, end: to };
    const roots = await this.#read((tx) => subtreeRoots(new StoredTiles(tx, this.parts.log), range));
    yield this.parts.writer.gap(to, roots);
    this.#at = to;
  }

  #shown(): AsyncGenerator<ExportedEvent> {
    const { log, newest, wish, announced } = this.parts;
    const { run, first = 0, last = newest.size - 1, shows } = wish;
    return exportedEvents((fn) => this.#read(fn), {
      log,
      size: newest.size,
      first,
      last: Math.min(last, newest.size - 1),
      announced,
      ...(run !== undefined && { run }),
      ...(shows && { shows }),
    });
  }

  #read<T>(fn: (tx: Tx) => Promise<T>): Promise<T> {
    return this.parts.db.withTenant(this.parts.log.tenant, fn);
  }
}

/** Roots of the complete subtrees that make up a range, left to right: what an export has in place of its events. */
async function subtreeRoots(
  tiles: StoredTiles,
  range: { readonly start: number; readonly end: number },
): Promise<Uint8Array[]> {
  const roots: Uint8Array[] = [];
  for (const { height, index } of cover(range)) {
    const level = Math.floor(height / 8);
    const count = 2 ** (height % 8);
    const first = index * count;
    const from = first % TILE_WIDTH;
    const hashes = await tiles.read({ level, index: Math.floor(first / TILE_WIDTH), width: from + count });
    roots.push(growTiles([], hashes.slice(from * HASH_BYTES, (from + count) * HASH_BYTES)).root);
  }
  return roots;
}
