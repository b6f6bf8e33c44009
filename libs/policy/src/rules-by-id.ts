interface Known {
  readonly rule: { readonly rid: string };
}

/** Slots at first; twice as many whenever half of them are taken. */
const FEWEST = 512;

/** Drawn anew in each process: nobody can write ids that all fall into one slot. */
const [SEED = 0] = globalThis.crypto.getRandomValues(new Int32Array(1));

/**
 * Rules in the order in which they were added, each id once. A `Map` would do, at twice the price: it is built for
 * each policy anew, grows eight times on the way, and nobody asks it anything afterwards.
 */
export class RulesById<R extends Known> {
  readonly all: R[] = [];
  readonly #hashes: number[] = [];
  /** Hash → number of a rule and one, by open addressing; a power of two, at most half full. */
  #slots = new Int32Array(FEWEST);

  /** The rule held under this one's id; null where there was none, and this one now is. */
  add(rule: R): R | null {
    const { rid } = rule.rule;
    const hash = hashOf(rid);
    const slot = this.#find(hash, rid);
    const held = this.#slots[slot]!;
    if (held !== 0) return this.all[held - 1]!;
    this.#hashes.push(hash);
    this.#slots[slot] = this.all.push(rule);
    if (this.all.length * 2 > this.#slots.length) this.#grow();
    return null;
  }

  /** The slot of an id, or the free one where it belongs. */
  #find(hash: number, rid: string): number {
    const slots = this.#slots;
    let slot = hash & (slots.length - 1);
    for (let held = slots[slot]!; held !== 0; held = slots[slot]!) {
      if (this.#hashes[held - 1] === hash && this.all[held - 1]!.rule.rid === rid) break;
      slot = (slot + 1) & (slots.length - 1);
    }
    return slot;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    for (let i = 0; i < this.#hashes.length; i++) {
      let slot = this.#hashes[i]! & (slots.length - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = i + 1;
    }
    this.#slots = slots;
  }
}

function hashOf(rid: string): number {
  let hash = SEED;
  for (let i = 0; i < rid.length; i++) hash = Math.imul(hash ^ rid.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}
