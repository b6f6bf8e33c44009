import { toHex } from '@writ/kernel';
import { HASH_BYTES, type Hashes, sameBytes } from './hashing';
import type { Problems, Raised } from './report';
import { Tree } from './tree';

/** What stands between events, by the index it stands at. */
export type Item =
  | { readonly kind: 'subtree'; readonly index: number; readonly height: number; readonly hash: Uint8Array }
  | { readonly kind: 'root'; readonly index: number; readonly claim: RootClaim };

/** Somebody says what the root is at a size. */
export interface RootClaim {
  readonly size: number;
  readonly root: Uint8Array;
  /** In the file, or held by whoever checks. */
  readonly outside: boolean;
  readonly byte: number | null;
}

/** What the events since the last step say they are, and what the log says they are, when these two differ. */
export interface Rival {
  readonly leaves: Hashes;
  /** Which events differ, should the log's word hold. */
  readonly suspects: readonly Raised[];
  /** What is wrong should the events' word hold. */
  readonly otherwise: Raised;
}

/** One way the log may have been: a tree, null once it no longer fits. */
class World {
  constructor(public tree: Tree | null) {}

  /** Grows by the leaves, with the items where they stand; answers the root at each item, null once it did not fit. */
  grow({ bytes, count }: Hashes, items: readonly Item[]): readonly (Uint8Array | null)[] {
    const { tree } = this;
    if (tree === null) return items.map(() => null);
    const roots: (Uint8Array | null)[] = [];
    let next = 0;
    for (const item of items) {
      while (tree.size < item.index && next < count) tree.appendAt(bytes, HASH_BYTES * next++);
      if (tree.size !== item.index) this.tree = null;
      roots.push(this.tree === null ? null : tree.root());
      if (this.tree !== null && item.kind === 'subtree') tree.appendSubtree(item.height, item.hash);
    }
    while (next < count) tree.appendAt(bytes, HASH_BYTES * next++);
    return roots;
  }
}

/**
 * The tree of an export, rebuilt once from the left, and held against every root that somebody claims for it.
 *
 * Where event lines and the log's own leaf hashes differ, both histories are followed until a checkpoint says which of
 * them was signed: that names the changed line, whichever side it is on.
 */
export class Roots {
  #main = new World(new Tree());
  #rival: World | null = null;
  #held: Rival[] = [];
  /** Checkpoints that fit neither history, since the last that did. */
  #failing: Failed[] = [];
  #good = 0;
  /** Size of the largest checkpoint held outside that fits. */
  #vouched = 0;
  #lost = false;

  constructor(private readonly problems: Problems) {}

  /** Leaves up to here, by the log's word where lines and log differ; null once the lines lead nowhere. */
  get size(): number | null {
    return this.#lost ? null : (this.#rival?.tree?.size ?? this.#main.tree?.size ?? null);
  }

  /** Whether the lines led nowhere: it has been said, and no root is compared any more. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Leaves under the newest checkpoint whose root came out. */
  get good(): number {
    return this.#good;
  }

  /** Adds leaf hashes with the items among them; `rival` where the log says they are others. */
  grow(leaves: Hashes, items: readonly Item[], rival?: Rival): void {
    if (this.#lost) return;
    const first = this.#main;
    if (rival) {
      this.#rival ??= new World(this.#main.tree?.copy() ?? null);
      this.#held.push(rival);
    }
    const mine = this.#main.grow(leaves, items);
    const theirs = this.#rival?.grow(rival?.leaves ?? leaves, items) ?? null;
    if (this.#main.tree === null && (this.#rival?.tree ?? null) === null) return this.#lose(items, mine);
    for (const [i, item] of items.entries()) {
      if (item.kind === 'root') this.#judge(item.claim, (world) => (world === first ? mine : theirs)?.[i] ?? null);
    }
  }

  #judge(claim: RootClaim, rootOf: (world: World) => Uint8Array | null): void {
    const worlds = this.#rival === null ? [this.#main] : [this.#main, this.#rival];
    const fitting = worlds.filter((world) => {
      const root = rootOf(world);
      return root !== null && sameBytes(root, claim.root);
    });
    if (fitting[0]) this.#confirm(claim);
    // One root for both: they part only after it.
    if (fitting.length === worlds.length) return;
    if (fitting[0]) return this.#settle(fitting[0]);
    const failed = { claim, found: rootOf(this.#main) };
    // A root of the same size has come out already: then it is this one that is wrong.
    if (claim.size <= this.#good && !claim.outside) this.problems.add(this.#notTheRoot(failed, this.#good));
    else this.#failing.push(failed);
  }

  #confirm(claim: RootClaim): void {
    for (const failed of this.#failing) this.problems.add(this.#notTheRoot(failed, claim.size));
    this.#failing = [];
    this.#good = claim.size;
    if (claim.outside) this.#vouched = claim.size;
  }

  #settle(winner: World): void {
    this.#resolve(winner === this.#rival);
    this.#main = winner;
    this.#rival = null;
  }

  #resolve(logIsRight: boolean): void {
    for (const { suspects, otherwise } of this.#held) {
      for (const raised of logIsRight ? suspects : [otherwise]) this.problems.add(raised);
    }
    this.#held = [];
  }

  /** Neither history fits the indices that the lines name: something was taken out or put in. */
  #lose(items: readonly Item[], roots: readonly (Uint8Array | null)[]): void {
    this.#lost = true;
    this.#resolve(true);
    const at = items[roots.indexOf(null)];
    const byte = at?.kind === 'root' ? at.claim.byte : null;
    const message = `A line speaks of index ${at?.index ?? 0}, and the lines before it do not lead there.`;
    this.problems.add({ fault: 'order', message, index: this.#good, ...(byte !== null && { byte }) });
  }

  #notTheRoot(failed: Failed, good: number): Raised {
    if (failed.claim.outside) return this.#otherLog(failed);
    const { size, byte } = failed.claim;
    const message = `The checkpoint of ${size} names another root than its events have; a checkpoint of ${good} fits them.`;
    return { fault: 'checkpoint', message, index: size - 1, byte, ...hashes(failed) };
  }

  /** Whatever checkpoints the file has of that history, they are in doubt with it: only what was held outside is not. */
  #otherLog(failed: Failed): Raised {
    const { size } = failed.claim;
    const message = `The checkpoint kept outside, of ${size}, was issued for another history of this log.`;
    return { fault: 'outside', message, index: this.#vouched, through: size - 1, ...hashes(failed) };
  }

  /** After the last line. */
  finish(): void {
    for (const failed of this.#failing) if (failed.claim.outside) this.problems.add(this.#otherLog(failed));
    const first = this.#failing.find(({ claim }) => !claim.outside);
    if (first) {
      const { size, byte } = first.claim;
      const message = `The events from index ${this.#good} on do not make the root of the checkpoint of ${size}.`;
      const range = { index: this.#good, through: size - 1, byte };
      this.problems.add({ fault: 'root', message, ...range, ...hashes(first) });
    }
    this.#resolve(true);
  }
}

interface Failed {
  readonly claim: RootClaim;
  readonly found: Uint8Array | null;
}

const hashes = ({ claim, found }: Failed) => ({ expected: toHex(claim.root), found: found && toHex(found) });
