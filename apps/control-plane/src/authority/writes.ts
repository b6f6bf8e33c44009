import type { Database, Tx } from '@writ/database';
import { canonicalJson, digestOf, type Failure, ok, refuse, type Result } from '@writ/kernel';
import { recordDecisionIn } from '@writ/engine';
import type { AuthorityStore } from '@writ/policy';
import { callerOf } from '../frame/call';
import type { AnyCall } from '../frame/state';
import type { Ask, Decided, Gate } from './gate';
import { authorityMoved } from './current-authority';
import type { Answered, Answers, KeptCall } from './answers';

export interface Write<T> {
  readonly asks: readonly Ask[];
  readonly act: (tx: Tx) => Promise<Result<T>>;
  /** What a repeat is answered: the answer without what is shown only once. */
  readonly forRepeat?: (answer: T) => T;
  /** Do everything, answer it, and take it all back. */
  readonly rehearse?: boolean;
}

/** Carries the answer of a rehearsal out of its transaction, which it thereby rolls back. */
class Rehearsed extends Error {
  constructor(readonly answer: unknown) {
    super('rehearsed');
  }
}

/** Given up as a whole: the transaction rolls back, and the refusal is the answer. */
class GivenUp extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

class Moved extends Error {}

/** SQLSTATEs of a transaction that lost against another one and may simply be done again. */
const AGAIN = new Set(['40001', '40P01']);

/** An administrator who changes the policy all the time cannot keep others from writing for ever. */
const MAX_DECISIONS = 5;
const RESTLESS: Failure = {
  code: 'unavailable',
  class: 'transient',
  message: `the policy changed ${MAX_DECISIONS} times while this was decided`,
  next: 'Try again in a moment; nothing was changed.',
};

/**
 * Writes through the API. With an `Idempotency-Key` the act and its kept answer are one transaction: a crash leaves
 * both or neither, and of concurrent repeats one acts while the others are told to wait [I12]. Refusals are not kept,
 * because nothing happened; the same key may be used once the reason is gone.
 */
export class Writes {
  constructor(
    private readonly database: Database,
    private readonly authority: AuthorityStore,
    private readonly gate: Gate,
    private readonly answers: Answers,
  ) {}

  /**
   * Decides, then acts in one transaction.
   * INVARIANT (I3): the act commits only while the authority it was decided under is current; otherwise it is decided again.
   */
  async once<T>(call: AnyCall, write: Write<T>): Promise<Result<T>> {
    const { tenant } = callerOf(call).principal;
    for (let round = 1; ; round++) {
      const decided = await this.gate.ask(call, ...write.asks);
      if (!decided.ok) return decided;
      try {
        const work = { call, decided: decided.value, write };
        return ok(await this.database.withTenant(tenant, (tx) => this.acting(tx, work)));
      } catch (error) {
        if (error instanceof Rehearsed) return ok(error.answer as T);
        if (error instanceof GivenUp) return refuse(error.failure);
        const again = error instanceof Moved || AGAIN.has(String((error as { code?: unknown }).code));
        if (!again) throw error;
        if (round === MAX_DECISIONS) return refuse(RESTLESS);
        await this.authority.refresh(tenant);
      }
    }
  }

  private async acting<T>(
    tx: Tx,
    work: {
      readonly call: AnyCall;
      readonly decided: readonly Decided[];
      readonly write: Write<T>;
    },
  ): Promise<T> {
    const { call, decided, write } = work;
    const { tenant } = callerOf(call).principal;
    const kept = keptCall(call);
    if (kept) {
      const earlier = await this.answers.claim(tx, kept);
      if (!earlier.ok) throw new GivenUp(earlier.failure);
      if (earlier.value) return replay<T>(call, earlier.value);
    }
    if (await authorityMoved(tx, tenant, decided)) throw new Moved();
    // What is allowed is evidence as much as what is refused: by which rule, and in the transaction it allowed (I2).
    for (const one of decided) await recordDecisionIn(tx, one);
    const done = await write.act(tx);
    if (!done.ok) throw new GivenUp(done.failure);
    if (write.rehearse) throw new Rehearsed(done.value);
    if (kept) await this.answers.keep(tx, kept, write.forRepeat ? write.forRepeat(done.value) : done.value);
    return done.value;
  }

  /**
   * For commands that decide and deduplicate by themselves, in a transaction of their own: a repeat gets the first
   * answer, and where two run at once the answer kept first is the answer of both.
   */
  async told<T>(call: AnyCall, command: () => Promise<Result<T>>): Promise<Result<T>> {
    const kept = keptCall(call);
    if (!kept) return command();
    const { tenant } = kept;
    const earlier = await this.database.withTenant(tenant, (tx) => this.answers.find(tx, kept));
    if (!earlier.ok) return earlier;
    if (earlier.value) return ok(replay<T>(call, earlier.value));
    const done = await command();
    if (!done.ok) return done;
    const first = await this.database.withTenant(tenant, (tx) => this.answers.keepFirst(tx, kept, done.value));
    if (!first.ok) return first;
    return first.value ? ok(replay<T>(call, first.value)) : done;
  }
}

function replay<T>(call: AnyCall, earlier: Answered): T {
  call.state.replayed = true;
  return JSON.parse(earlier.body) as T;
}

function keptCall(call: AnyCall): KeptCall | null {
  if (call.idempotencyKey === null) return null;
  const { tenant, id } = callerOf(call).principal;
  const { params, body } = call;
  return {
    tenant,
    principal: id,
    route: call.operation,
    key: call.idempotencyKey,
    requestDigest: digestOf(canonicalJson({ params, body, if_match: call.ifMatch })),
  };
}
