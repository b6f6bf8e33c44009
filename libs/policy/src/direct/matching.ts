import { type Matcher, matcher } from '../casbin';
import { directMatcher } from './direct-matcher';
import type { Sample } from './sample';

/** One hearing in about a thousand is looked at again; a prime, or it would be the same stage's each time. */
const EVERY = 997;

/** Whoever holds matchers against Casbin, in a thread of its own. */
export interface Checker {
  /** True once there was a disagreement, anywhere in this process, and for as long as it lives. */
  readonly frozen: boolean;
  /** Whether our matcher agrees with Casbin over requests made up from a policy; null when that could not be found out. */
  prove(body: string): Promise<boolean | null>;
  /** Asks a hearing again; a disagreement freezes. */
  again(body: string, sample: Sample): void;
}

/**
 * How one snapshot matches rules: by Casbin, until our own matcher was held against it over this very policy; then by
 * ours, for as long as every thousandth hearing, asked again, is answered alike. INVARIANT: which of the two is asked
 * changes no answer; where it would, Casbin's stands.
 */
export class Matching {
  #matcher: Matcher = matcher();
  #heard = 0;
  #checker: Checker | null = null;
  #state: 'casbin' | 'asked' | 'direct' | 'unproven' = 'casbin';

  constructor(private readonly body: string) {}

  get matcher(): Matcher {
    return this.#matcher;
  }

  /** How rules are matched now. */
  get by(): 'casbin' | 'direct' {
    return this.#state === 'direct' && this.#checker?.frozen !== true ? 'direct' : 'casbin';
  }

  /** From now on the snapshot may come to match by itself. Only the first to say so counts. */
  watch(checker: Checker): void {
    this.#checker ??= checker;
  }

  /** Counts one hearing; true when it is one to look at again. */
  isDue(): boolean {
    this.#heard += 1;
    return this.#heard % EVERY === 0 && this.#checker !== null;
  }

  look(sample: Sample): void {
    const checker = this.#checker;
    if (checker === null || checker.frozen) return;
    if (this.#state === 'direct') checker.again(this.body, sample);
    if (this.#state !== 'casbin') return;
    this.#state = 'asked';
    void checker.prove(this.body).then((agrees) => {
      this.#state = agrees === true ? 'direct' : 'unproven';
      if (agrees !== true) return;
      const casbin = this.#matcher;
      this.#matcher = (question) => (checker.frozen ? casbin : directMatcher)(question);
    });
  }
}
