/** Something with a place of its own: places count up by one, without a gap. */
export interface Sequenced {
  readonly sequence: number;
}

/** Items kept for those who are up to date; whoever is further behind reads the store. */
export const MOST_KEPT = 256;
/** Items given at once, so that a follower who is far behind is served piece by piece. */
export const MOST_AT_ONCE = 200;

/** Something that grows, as far as this process has seen it, and those who follow it. */
export class Topic<T extends Sequenced> {
  readonly followers = new Set<Follower<T>>();
  /** The newest items seen, up to `head`. */
  #tail: T[] = [];
  /** Sequence of the next item not seen yet; 0 until something was. */
  #head = 0;
  #over = false;

  /** `read` answers the stored items from a sequence on, at most about `MOST_AT_ONCE`. */
  constructor(readonly read: (from: number) => Promise<readonly T[]>) {}

  get head(): number {
    return this.#head;
  }

  /** Nothing comes after `head`. */
  get over(): boolean {
    return this.#over;
  }

  /** Items in order that follow `head`, or, for a topic not seen before, the newest there are. */
  take(news: readonly T[], over: boolean): void {
    this.#tail.push(...news);
    this.#tail.splice(0, Math.max(0, this.#tail.length - MOST_KEPT));
    this.#head = (news.at(-1)?.sequence ?? this.#head - 1) + 1;
    this.#over ||= over;
    if (news.length > 0 || over) for (const follower of this.followers) follower.wake();
  }

  /** Held items from a sequence on; null when they reach back less far. */
  held(from: number): readonly T[] | null {
    const first = this.#tail[0]?.sequence;
    if (first === undefined || from < first) return null;
    return this.#tail.slice(from - first, from - first + MOST_AT_ONCE);
  }
}

/**
 * One follower's place in a topic. It is asked for items and pushes none, so one who reads slowly holds a number and
 * nothing else, and misses nothing. INVARIANT: items come by sequence, each once, without a gap.
 */
export class Follower<T extends Sequenced> {
  #wake: (() => void) | null = null;
  #closed = false;

  constructor(
    private readonly topic: Topic<T>,
    private after: number,
    private readonly left: () => void,
  ) {
    topic.followers.add(this);
  }

  /**
   * The next items: at once when there are any, otherwise the first that come within `waitMs`, or none. Null at the end,
   * once all was given.
   */
  async next(waitMs: number): Promise<readonly T[] | null> {
    const deadline = performance.now() + waitMs;
    for (;;) {
      const items = await this.#available();
      const last = items.at(-1);
      if (last) {
        this.after = last.sequence;
        return items;
      }
      // Something may have come while the store was read. From here to the waiting nothing else runs.
      if (this.after + 1 < this.topic.head) continue;
      if (this.topic.over) return null;
      const left = deadline - performance.now();
      if (left <= 0 || this.#closed) return [];
      await this.#news(left);
    }
  }

  /** Something may have come: whoever waits looks again. */
  wake(): void {
    this.#wake?.();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.topic.followers.delete(this);
    this.wake();
    this.left();
  }

  async #available(): Promise<readonly T[]> {
    const from = this.after + 1;
    if (this.topic.head > 0 && from >= this.topic.head) return [];
    return this.topic.held(from) ?? this.topic.read(from);
  }

  #news(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }
}
