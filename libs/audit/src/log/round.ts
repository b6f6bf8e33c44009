import type { Database, Tx } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import { growTiles } from '@writ/verify';
import type { LogFaults } from './faults';
import type { KeyRing } from './key-ring';
import { type Lease, renewLease } from './lease';
import { type Growth, type LogName, newestCheckpoint, type CheckpointRow } from './log-rows';
import { rescanUnits } from './rescan';
import {
  beginKey,
  cutSnapshot,
  type HeadRow,
  moveLease,
  placeUnits,
  type TileRow,
  writeHeads,
  writeTiles,
} from './round-rows';
import { readSigners, signCheckpoint, type Signers } from './signers';
import { leavesOf, StoredTiles } from './tiles';

/** Units one round seals at most, so that a backlog does not become one long transaction. */
const ROUND_UNITS = 20_000;

export interface RoundParts {
  readonly db: Database;
  readonly ring: KeyRing;
  readonly faults: LogFaults;
  readonly units?: number;
}

export interface Sealed extends LogName {
  readonly size: number;
  readonly note: string;
}

/** The log's tiles do not make the root it signed: the database was changed by its owner. */
export class TreeBroken extends Error {
  constructor(
    readonly log: LogName,
    readonly checkpoint: CheckpointRow | null,
  ) {
    super(`the tiles of ${log.tenant} do not make the root that was signed`);
    this.name = 'TreeBroken';
  }
}

/** A log this process has not held against what is kept outside yet. */
export class NotChecked extends Error {
  constructor(readonly tenants: readonly (TenantId | '*')[]) {
    super(`not checked yet: ${tenants.join(', ')}`);
    this.name = 'NotChecked';
  }
}

interface Held {
  readonly generation: number;
  readonly size: number;
  /** Partial tiles, level 0 first. */
  readonly edge: readonly Uint8Array[];
  readonly signers: Signers;
}

type Grown = ReadonlyMap<TenantId | '*', { readonly held: Held; readonly sealed: Sealed }>;

const MOST_HELD = 512;

/**
 * Rounds of one leadership: each is one transaction that gives new events their indices, writes tiles and heads, signs,
 * and moves the lease's snapshot on; or none of it. What a round needs of the round before is held in memory, since only
 * the holder of the lease changes it; the lease's epoch says that we still are.
 */
export class Rounds {
  readonly #held = new Map<TenantId | '*', Held>();
  /** Logs that were held against their outside checkpoint under this leadership. */
  readonly checked = new Set<TenantId | '*'>();

  constructor(
    private readonly parts: RoundParts,
    private readonly lease: Lease,
  ) {}

  /**
   * Seals what is visible now; answers the logs that grew. Throws `LeaseLost`, `NotChecked`, `TreeBroken`, `KeyMissing`,
   * with nothing written.
   */
  seal(): Promise<readonly Sealed[]> {
    return this.#commit(async (tx) => {
      const { last, now, at } = await renewLease(tx, this.lease);
      await this.parts.faults.at('leased');
      const { growths, upto } = await placeUnits(tx, last, this.parts.units ?? ROUND_UNITS);
      const strangers = growths.map(({ tenant }) => tenant).filter((tenant) => !this.checked.has(tenant));
      if (strangers.length > 0) throw new NotChecked(strangers);
      await this.parts.faults.at('placed');
      const grown = await this.#grow(tx, growths);
      const complete = upto === null;
      await moveLease(tx, { snapshot: complete ? now : cutSnapshot(now, upto), caughtUpAt: complete ? at : null });
      return grown;
    });
  }

  /** Seals a log further that is sealed anew from the evidence itself. Throws as `seal` does. */
  rescan(tenant: TenantId | '*'): Promise<readonly Sealed[]> {
    return this.#commit(async (tx) => {
      await renewLease(tx, this.lease);
      await this.parts.faults.at('leased');
      if (!this.checked.has(tenant)) throw new NotChecked([tenant]);
      const growth = await rescanUnits(tx, tenant, this.parts.units ?? ROUND_UNITS);
      await this.parts.faults.at('placed');
      return this.#grow(tx, growth && growth.entries.length > 0 ? [growth] : []);
    });
  }

  /** One transaction. What it leaves for the next is held once it is committed; after a failure nothing held is sure. */
  async #commit(work: (tx: Tx) => Promise<Grown>): Promise<readonly Sealed[]> {
    const { db, faults } = this.parts;
    try {
      const grown = await db.withTenant(
        '*',
        async (tx) => {
          const done = await work(tx);
          await faults.at('written');
          return done;
        },
        'REPEATABLE READ',
      );
      for (const [tenant, { held }] of grown) this.#keep(tenant, held);
      await faults.at('committed');
      return [...grown.values()].map(({ sealed }) => sealed);
    } catch (error) {
      this.#held.clear();
      throw error;
    }
  }

  /** Writes tiles, heads and checkpoints of logs that grew, in the transaction that gave the events their indices. */
  async #grow(tx: Tx, growths: readonly Growth[]): Promise<Grown> {
    const grown = new Map<TenantId | '*', { readonly held: Held; readonly sealed: Sealed }>();
    const tiles: TileRow[] = [];
    const heads: HeadRow[] = [];
    for (const growth of growths) {
      const before = await this.#before(tx, growth);
      const { size, root, edge, tiles: changed } = growTiles(before.edge, leavesOf(growth.entries));
      const { tenant, generation } = growth;
      for (const { root: whole, ...tile } of changed)
        if (whole) tiles.push({ tenant, generation, ...tile, root: whole });
      const note = signCheckpoint(before.signers, { size, root });
      heads.push({ tenant: growth.tenant, generation: growth.generation, before: growth.size, size, root, note });
      for (const key of before.signers.begins) await beginKey(tx, growth, { ...key, size });
      grown.set(tenant, {
        held: { generation, size, edge, signers: before.signers },
        sealed: { tenant, generation, size, note },
      });
    }
    await this.parts.faults.at('signed');
    await writeTiles(tx, tiles);
    await writeHeads(tx, heads);
    return grown;
  }

  async #before(tx: Tx, growth: Growth): Promise<Held> {
    const held = this.#held.get(growth.tenant);
    const fits = held?.size === growth.size && held.generation === growth.generation;
    // Keys begin and end with events of the tenant's stream, or right after one began.
    const settled = fits && !growth.announced && held.signers.begins.length === 0;
    const signers = settled ? held.signers : await readSigners(tx, growth, this.parts.ring);
    if (fits) return { ...held, signers };
    const edge = await new StoredTiles(tx, growth).edge(growth.size);
    const newest = await newestCheckpoint(tx, growth);
    const { size, root } = growTiles(edge, new Uint8Array(0));
    const right = newest ? Buffer.from(root).equals(newest.root) : growth.size === 0;
    if (size !== growth.size || (newest?.size ?? 0) !== size || !right) throw new TreeBroken(growth, newest);
    return { generation: growth.generation, size, edge, signers };
  }

  #keep(tenant: TenantId | '*', held: Held): void {
    this.#held.delete(tenant);
    this.#held.set(tenant, held);
    const [oldest] = this.#held.keys();
    if (this.#held.size > MOST_HELD && oldest !== undefined) this.#held.delete(oldest);
  }
}
