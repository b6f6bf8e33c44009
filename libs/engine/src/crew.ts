import type { AdvanceEnd, Moved } from './advance-end';
import { isFree } from './effects';
import { LateMap, LateSet } from './late';
import type { RunState } from './state';

type Work = (signal: AbortSignal) => Promise<Moved>;

interface Begun {
  readonly branch: string;
  readonly work: Work;
}

/**
 * The branches of one run that this process has under way, and those it leaves alone until something happens. Each
 * branch has one owner: it is never begun while it is under way.
 */
export class Crew {
  readonly #busy = new Map<string, AbortController>();
  readonly #parked = new LateMap<string, number>();
  /** Of a call that is over and was not aborted: the next one's. */
  #spare: AbortController | null = null;
  #wake: (() => void) | null = null;
  #fault: { readonly error: unknown } | null = null;
  #end: AdvanceEnd | null = null;
  readonly #watchers = new LateSet<() => void>();
  #asked = false;
  #heard = false;
  /** The calls that were under way when the run was to end. */
  #closing: ReadonlyMap<string, AbortController> | null = null;

  get idle(): boolean {
    return this.#busy.size === 0;
  }

  get size(): number {
    return this.#busy.size;
  }

  /** How leading the run came to its end, as a branch found; nothing new is begun after it. */
  get end(): AdvanceEnd | null {
    return this.#end;
  }

  /** Whether a branch may be begun now (epoch milliseconds). */
  free(branch: string, now: number): boolean {
    if (this.#busy.has(branch)) return false;
    return now >= (this.#parked.get(branch) ?? 0);
  }

  /** Leaves a branch alone until a time, unless something happens before. */
  park(branch: string, until: number): void {
    this.#parked.set(branch, until);
  }

  unpark(): void {
    this.#parked.clear();
  }

  /** The next time a branch that is left alone is looked at again. */
  parkedUntil(): number | null {
    return this.#parked.size === 0 ? null : Math.min(...this.#parked.values());
  }

  run(branch: string, work: Work): Promise<Moved> {
    return this.#lead({ branch, work }, this.#enter(branch));
  }

  /**
   * Begins branches beside the others. All of them count as under way before the first is led: what they put on record
   * in this turn of the event loop shares a unit.
   */
  begin(branches: readonly Begun[]): void {
    const controllers = branches.map(({ branch }) => this.#enter(branch));
    branches.forEach((begun, i) => {
      this.#lead(begun, controllers[i]!).then(
        (moved) => {
          if (moved) this.stop(moved);
          else this.nudge();
        },
        (error: unknown) => {
          this.#fault ??= { error };
          this.nudge();
        },
      );
    });
  }

  #enter(branch: string): AbortController {
    const abort = this.#spare ?? new AbortController();
    this.#spare = null;
    this.#busy.set(branch, abort);
    this.#parked.delete(branch);
    return abort;
  }

  async #lead({ branch, work }: Begun, abort: AbortController): Promise<Moved> {
    try {
      return await work(abort.signal);
    } finally {
      this.#busy.delete(branch);
      // Once a run is to end, a controller says which call it is of: what is begun then has one of its own.
      if (this.#closing === null && !abort.signal.aborted) this.#spare = abort;
    }
  }

  /** Leading the run is over: nothing new is begun, and the branches under way come home. */
  stop(end: AdvanceEnd): void {
    this.#end ??= end;
    this.nudge();
  }

  /** Resolves when a branch has moved, mail has come, or `ms` have passed. Throws what a branch threw, once all are home. */
  async changed(ms: number | null): Promise<void> {
    if (this.#fault && this.idle) throw this.#fault.error;
    if (this.#asked) {
      this.#asked = false;
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (ms !== null) timer = setTimeout(resolve, Math.max(0, Math.min(ms, LONGEST_MS)));
    });
    clearTimeout(timer);
    this.#wake = null;
    // What comes of several calls in one turn of the event loop is looked at together: each look plans every branch.
    if (!this.idle) await new Promise((resolve) => setImmediate(resolve));
    this.#asked = false;
    if (this.#fault && this.idle) throw this.#fault.error;
  }

  /** True once: whoever leads a run asks, before it first goes back to rest, whether it knows what everybody else does. */
  mayBeDeaf(): boolean {
    const first = !this.#heard;
    this.#heard = true;
    return first;
  }

  get failed(): boolean {
    return this.#fault !== null;
  }

  nudge(): void {
    this.#wake?.();
    this.tell();
  }

  /** Told whenever something may have moved, until what it returns is called. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  tell(): void {
    for (const watcher of this.#watchers) watcher();
  }

  /** There is something new to plan, which no branch of this run has brought: the next look comes at once. */
  ask(): void {
    this.#asked = true;
    this.#wake?.();
  }

  /**
   * The run is to end. Of the calls under way now, those that may be repeated are aborted at once; the others are let
   * finish for `patienceMs` and then aborted too: nobody knows their outcome then. What is begun later (to undo what was
   * done) is left alone. The first call starts the time.
   */
  close(state: RunState, patienceMs: number): void {
    this.#closing ??= this.#closeAfter(patienceMs);
    this.#spare = null;
    for (const [path, controller] of this.#closing) {
      if (this.#busy.get(path) === controller && isFreeAt(state, path)) controller.abort();
    }
  }

  #closeAfter(patienceMs: number): ReadonlyMap<string, AbortController> {
    const calls = new Map(this.#busy);
    const giveUp = (): void => {
      for (const [path, controller] of calls) if (this.#busy.get(path) === controller) controller.abort();
    };
    if (calls.size > 0) setTimeout(giveUp, patienceMs).unref();
    return calls;
  }

  /** Aborts the calls under way that may be repeated or whose outcome nobody needs: of one branch, or of all. */
  abort(state: RunState, only?: (branch: string) => boolean): void {
    for (const [path, controller] of this.#busy) {
      if (only && !only(path)) continue;
      // A call that must not be repeated is let finish: aborting it would only lose its outcome.
      if (isFreeAt(state, path)) controller.abort();
    }
  }
}

function isFreeAt(state: RunState, path: string): boolean {
  const branch = state.branches.get(path);
  const intent = (branch?.reading ?? branch?.open)?.intent;
  return intent !== undefined && isFree(intent);
}

/** Node's timers cannot wait longer. */
const LONGEST_MS = 2 ** 31 - 1;
