import { type Clock, type Failure, ok, refuse, type Result } from '@writ/kernel';

const WINDOW_MS = 60_000;
/** Keys hold 256 random bits, so nobody guesses one; the limits bound what trying costs us. */
const MOST = { failures: 10, attempts: 120 };
const MOST_ADDRESSES = 10_000;

interface Counted {
  since: number;
  attempts: number;
  failures: number;
}

/** Attempts to log in per client address, in windows of a minute. */
export class LoginLimit {
  readonly #counted = new Map<string, Counted>();

  constructor(private readonly clock: Clock) {}

  /** Counts an attempt. Refuses `rate_limited`. */
  attempt(address: string): Result<null> {
    const now = this.clock.now();
    const known = this.#counted.get(address);
    const counted = known && now - known.since < WINDOW_MS ? known : { since: now, attempts: 0, failures: 0 };
    this.#counted.delete(address);
    this.#counted.set(address, counted);
    for (const [oldest] of this.#counted) {
      if (this.#counted.size <= MOST_ADDRESSES) break;
      this.#counted.delete(oldest);
    }
    if (counted.failures >= MOST.failures || counted.attempts >= MOST.attempts) {
      return refuse(tooMany(Math.ceil((counted.since + WINDOW_MS - now) / 1000)));
    }
    counted.attempts += 1;
    return ok(null);
  }

  failed(address: string): void {
    const counted = this.#counted.get(address);
    if (counted) counted.failures += 1;
  }
}

const tooMany = (seconds: number): Failure => ({
  code: 'rate_limited',
  class: 'transient',
  message: 'too many attempts to log in from this address',
  next: 'Wait a minute. Programs send their API key with each request and need no session.',
  details: { retry_after_s: Math.max(1, seconds) },
});
