import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';

/** One thing that happened outside, for good: money that was paid, a message that was sent. */
export interface Effect {
  readonly kind: 'payment' | 'message';
  /** The caller's idempotency key. */
  readonly key: string;
  readonly order: string;
  readonly cents?: number;
  readonly text?: string;
}

/** One time somebody asked for it; several ask for one effect when an answer was lost. */
export interface Asked {
  readonly kind: 'asked';
  readonly what: string;
  readonly key: string;
  readonly order: string;
  readonly attempt: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

export type Entry = Effect | Asked;

/**
 * The shop's own book, a file of one JSON per line that only the shop writes. It knows nothing of runs, decisions or
 * workers, so what it counts is what really happened. An entry is on disk before it is answered.
 */
export class Ledger {
  readonly #file: number;
  readonly #effects = new Map<string, Effect>();

  constructor(path: string) {
    this.#file = openSync(path, 'a+');
    for (const entry of readLedger(path)) if (entry.kind !== 'asked') this.#effects.set(entry.key, entry);
  }

  asked(entry: Omit<Asked, 'kind' | 'at'>): void {
    this.#append({ kind: 'asked', ...entry, at: Date.now() });
  }

  /** Does it, unless it was done under this key before; true when it was done now. */
  once(effect: Effect): boolean {
    if (this.#effects.has(effect.key)) return false;
    this.#append(effect);
    this.#effects.set(effect.key, effect);
    return true;
  }

  close(): void {
    closeSync(this.#file);
  }

  #append(entry: Entry): void {
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
    fsyncSync(this.#file);
  }
}

/** What stands in a ledger's file; an entry still being written is left out. */
export function readLedger(path: string): Entry[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Entry);
}
