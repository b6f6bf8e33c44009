import { createInterface } from 'node:readline';
import type { Principal, RunId, TenantId } from '@writ/kernel';
import { type Child, spawnChild } from './crash-world';

export interface StarterSetup {
  readonly url: string;
  readonly redis: string;
}

export interface StartOrder {
  readonly id: number;
  readonly tenant: TenantId;
  readonly caller: Principal;
  readonly workflow: string;
  readonly count: number;
  /** Starts under way at once, where no pace is set. */
  readonly abreast: number;
  /** Milliseconds from one start to the next, however long each takes; null for no pace. */
  readonly eachMs: number | null;
}

/** Epoch milliseconds: when a run was asked for, and when that was answered. */
export interface StartedRuns {
  readonly id: number;
  readonly runs: readonly { readonly run: RunId; readonly asked: number; readonly durable: number }[];
}

/** A process of the built tree that takes the starts of all tenants. */
export class Starter {
  #orders = 0;
  readonly #waiting = new Map<number, PromiseWithResolvers<StartedRuns['runs']>>();

  private constructor(private readonly child: Child) {
    createInterface({ input: child.process.stdout! }).on('line', (line) => {
      const { id, runs } = JSON.parse(line) as StartedRuns;
      this.#waiting.get(id)?.resolve(runs);
      this.#waiting.delete(id);
    });
    child.process.once('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the starter is gone'));
    });
  }

  static async open(setup: StarterSetup): Promise<Starter> {
    return new Starter(
      await spawnChild('test/support/starter-process.js', { WRIT_STARTER_SETUP: JSON.stringify(setup) }),
    );
  }

  start(order: Omit<StartOrder, 'id'>): Promise<StartedRuns['runs']> {
    const id = ++this.#orders;
    const started = Promise.withResolvers<StartedRuns['runs']>();
    // Whoever asked may have failed at something else and not look here any more.
    started.promise.catch(() => undefined);
    this.#waiting.set(id, started);
    this.child.process.stdin!.write(`${JSON.stringify({ ...order, id })}\n`);
    return started.promise;
  }

  close(): Promise<void> {
    return this.child.kill('SIGKILL');
  }
}
