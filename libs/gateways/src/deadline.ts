import type { CallLimits } from './types';

/** Why a call was cut short by this side. */
export type Cut = 'timeout' | 'cancelled';

/**
 * One call's limits as one abort signal that remembers its cause. `dispose` must be called when the call ends, or its
 * timer keeps the process alive.
 */
export class Deadline {
  /** Made when somebody asks for the signal: most functions never do. */
  private controller: AbortController | null = null;
  private racing: readonly (() => void)[] = [];
  private readonly timer: NodeJS.Timeout;
  private readonly onAbort = (): void => this.end('cancelled');
  private why: Cut | null = null;

  constructor(private readonly limits: CallLimits) {
    this.timer = setTimeout(() => this.end('timeout'), limits.timeoutMs);
    if (limits.signal.aborted) this.end('cancelled');
    else limits.signal.addEventListener('abort', this.onAbort, { once: true });
  }

  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.why !== null) this.controller.abort();
    return this.controller.signal;
  }

  /** Null while the call may go on. */
  get cut(): Cut | null {
    return this.why;
  }

  /** Rejects when the limits are reached before `work` settles; `work` itself is left to end by its own signal. */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const cut = (): void => reject(new CutShort());
      if (this.why !== null) cut();
      // To settle it twice does nothing, so it need not be taken out again.
      else this.racing = [...this.racing, cut];
      work.then(resolve, reject);
    });
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.limits.signal.removeEventListener('abort', this.onAbort);
  }

  private end(why: Cut): void {
    this.why ??= why;
    for (const cut of this.racing) cut();
    this.controller?.abort();
  }
}

/** Thrown inside this room when a deadline cuts a call; never leaves it. */
export class CutShort extends Error {
  override readonly name = 'CutShort';
}
