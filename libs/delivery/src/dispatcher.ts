import { appendTenantEvent } from '@writ/audit';
import type { Database, Tx } from '@writ/database';
import type { EgressGuard } from '@writ/gateways';
import { type Clock, type EventId, type SubscriptionId, systemClock, type TenantId, type WorkerId } from '@writ/kernel';
import { logger } from '@writ/telemetry';
import { leaveAside, nextAgain, putAside, settleAgain } from './dead-letters';
import { headersOf, messageOf, type StreamEvent } from './message';
import {
  advance,
  claim,
  dueSubscriptions,
  type Held,
  holdOn,
  letGo,
  noteDelivery,
  readStream,
  secretOf,
  setBack,
  setStatus,
} from './rows';
import { send, type Sent } from './send';
import { wants } from './types';

export interface DispatcherOptions {
  /** Milliseconds between two looks. */
  readonly lookMs?: number;
  /** Milliseconds after the first failed try; it doubles with each. */
  readonly firstDelayMs?: number;
  /** A message that nobody took for so long disables its subscription. */
  readonly giveUpMs?: number;
  /** A message about something so long ago is no news: it is put aside, not sent. */
  readonly tooOldMs?: number;
  /** So many tries until a message is put aside that the other side refuses as it is. */
  readonly refusals?: number;
  readonly timeoutMs?: number;
}

const DAY_MS = 86_400_000;
const DEFAULTS = {
  lookMs: 1_000,
  firstDelayMs: 5_000,
  giveUpMs: 3 * DAY_MS,
  tooOldMs: 7 * DAY_MS,
  refusals: 10,
  timeoutMs: 10_000,
} as const;
/** Answers that say of the message itself, and not of the other side’s state, that it will not be taken. */
const NEVER_TAKEN: ReadonlySet<number> = new Set([400, 413, 414, 415, 422]);
const LONGEST_DELAY_MS = 6 * 3_600_000;
const AT_ONCE = 16;
/** Units of the stream read at a time. */
const UNITS = 100;
/** Longer than one try takes, so that a hold outlives it. */
const LEASE_MS = 30_000;
const log = logger('delivery');

type Seen = { readonly seq: number; readonly event: StreamEvent & { readonly id: EventId } };

/**
 * Tells subscriptions what happens in their tenants' streams, in any number of processes: each is held by one of them at a
 * time, by its row and the database's clock. In order and at least once: what was sent and not noted, because its sender
 * died, is sent again under the same id. One that takes nothing holds up no other, and no run ever waits for any. A message
 * that is refused as it is, again and again, or that is too old when its turn comes, is put aside as a dead letter.
 */
export class Dispatcher {
  readonly #options: Required<DispatcherOptions>;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #stopping = false;

  constructor(
    private readonly db: Database,
    private readonly guard: EgressGuard,
    private readonly worker: WorkerId,
    options: DispatcherOptions = {},
    private readonly clock: Clock = systemClock,
  ) {
    this.#options = { ...DEFAULTS, ...options };
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#looking ??= this.look()
        .catch((error: unknown) => log.warn({ error }, 'looking for what is to be told failed; it is done again'))
        .finally(() => {
          this.#looking = null;
        });
    }, this.#options.lookMs);
  }

  /** Waits for the messages under way; the rest is left to others. */
  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#stopping = true;
    await this.#looking;
  }

  /** Tells what is due now. */
  async look(): Promise<void> {
    const due = await dueSubscriptions(this.db, AT_ONCE);
    await Promise.all(
      due.map(({ tenant, id }) =>
        this.#tell({ tenant, id, worker: this.worker }).catch((error: unknown) =>
          log.warn(
            { subscription: id, error },
            'a subscription could not be told; its hold runs out and it is tried again',
          ),
        ),
      ),
    );
  }

  async #tell(key: Key): Promise<void> {
    const { tenant } = key;
    const held = await this.db.withTenant(tenant, (tx) => claim(tx, key, LEASE_MS));
    if (!held) return;
    if (held.redeliver && !(await this.#tellAgain(key, held))) return;
    const seen = await this.db.withTenant(tenant, (tx) => readStream(tx, { tenant, from: held.nextSeq, units: UNITS }));
    let told = held.nextSeq;
    let { failures } = held;
    for (const one of seen) {
      if (this.#stopping) break;
      if (!isFor(key.id, held.types, one.event)) {
        told = one.seq + 1;
        continue;
      }
      const end = await this.#send(key, held, { one, attempt: failures + 1 });
      if (end === 'later') return;
      failures = 0;
      told = one.seq + 1;
      const kept = await this.#go(key, told, end === 'taken');
      if (!kept) return;
    }
    if (told !== held.nextSeq && failures === 0 && !(await this.#go(key, told, false))) return;
    await this.db.withTenant(tenant, (tx) => letGo(tx, key));
  }

  #go(key: Key, nextSeq: number, sent: boolean): Promise<boolean> {
    return this.db.withTenant(key.tenant, (tx) => advance(tx, key, { nextSeq, sent, leaseMs: LEASE_MS }));
  }

  /** What somebody wants sent again, oldest first, once each. False when the hold was lost. */
  async #tellAgain(key: Key, held: Held): Promise<boolean> {
    const { tenant } = key;
    while (!this.#stopping) {
      const next = await this.db.withTenant(tenant, (tx) => nextAgain(tx, key));
      if (!next) return true;
      const { seq, attempts } = next;
      const [one] = await this.db.withTenant(tenant, (tx) => readStream(tx, { tenant, from: seq, units: 1 }));
      const tried = await this.#post(key, held, one!.event);
      const kept = await this.db.withTenant(tenant, async (tx) => {
        await note(tx, key, { event: one!.event, attempt: attempts + 1, tried });
        await settleAgain(tx, key, { seq, error: tried.error });
        // Nobody is there: the others stay aside too.
        if (tried.sent.kind === 'failed') await leaveAside(tx, key);
        return holdOn(tx, key, LEASE_MS);
      });
      if (!kept) return false;
    }
    return true;
  }

  /** One try, and everything about it noted; or none, of what is too old to be news. */
  async #send(
    key: Key,
    held: Held,
    { one, attempt }: { readonly one: Seen; readonly attempt: number },
  ): Promise<'taken' | 'aside' | 'later'> {
    const { event, seq } = one;
    const { tenant } = key;
    const aside = (tx: Tx, attempts: number, error: string): Promise<void> =>
      putAside(tx, key, { seq, event: event.id, type: event.type, attempts, error });
    if (this.clock.now() - Date.parse(event.time) > this.#options.tooOldMs) {
      await this.db.withTenant(tenant, (tx) => aside(tx, attempt - 1, 'too_old'));
      return 'aside';
    }
    const tried = await this.#post(key, held, event);
    return this.db.withTenant(tenant, async (tx): Promise<'taken' | 'aside' | 'later'> => {
      await note(tx, key, { event, attempt, tried });
      if (tried.error === null) return 'taken';
      if (tried.status !== null && NEVER_TAKEN.has(tried.status) && attempt >= this.#options.refusals) {
        await aside(tx, attempt, tried.error);
        return 'aside';
      }
      const gone = tried.status === 410;
      if (!gone && held.failingFor < this.#options.giveUpMs) {
        await setBack(tx, key, this.#delay(attempt, tried.sent));
        return 'later';
      }
      const reason = gone ? 'it answered that it is gone' : `nobody took a message in time (${tried.error})`;
      await letGo(tx, key);
      if (await setStatus(tx, key, { status: 'disabled', reason }))
        await noteDisabled(tx, key, { reason, event: event.id });
      return 'later';
    });
  }

  async #post(key: Key, held: Held, event: Seen['event']): Promise<Tried> {
    const body = messageOf(event);
    const began = this.clock.now();
    const secret = this.#secretOf(key, held);
    const sent: Sent =
      secret === null
        ? { kind: 'failed', error: 'secret_unreadable' }
        : await send(this.guard, {
            tenant: key.tenant,
            url: held.url,
            headers: headersOf(secret, { id: event.id, body, now: began }),
            body,
            timeoutMs: this.#options.timeoutMs,
          });
    const status = sent.kind === 'answered' ? sent.status : null;
    const taken = status !== null && status >= 200 && status < 300;
    const error = taken ? null : sent.kind === 'failed' ? sent.error : `http_${sent.status}`;
    return { sent, status, error, took: Math.max(0, this.clock.now() - began) };
  }

  /** Null when it was encrypted with a key that is not here: nothing is sent unsigned. */
  #secretOf(key: Key, { encrypted }: Held): string | null {
    try {
      return this.db.secrets.decrypt(encrypted, secretOf(key));
    } catch (error) {
      log.error({ subscription: key.id, error }, 'what is to be told cannot be signed');
      return null;
    }
  }

  /** Doubles from the first delay to six hours, half of it random; never sooner than the other side asked for. */
  #delay(attempt: number, sent: Sent): number {
    const doubled = Math.min(LONGEST_DELAY_MS, this.#options.firstDelayMs * 2 ** Math.min(attempt - 1, 20));
    const asked = sent.kind === 'answered' ? (sent.retryAfterMs ?? 0) : 0;
    return Math.round(Math.max(doubled / 2 + Math.random() * (doubled / 2), Math.min(asked, LONGEST_DELAY_MS)));
  }
}

/** How one try ended; `error` is null when it was taken. */
interface Tried {
  readonly sent: Sent;
  readonly status: number | null;
  readonly error: string | null;
  readonly took: number;
}

const note = (
  tx: Tx,
  key: Key,
  of: { readonly event: Seen['event']; readonly attempt: number; readonly tried: Tried },
): Promise<void> => {
  const { event, attempt, tried } = of;
  const { status, error, took } = tried;
  return noteDelivery(tx, key, { event: event.id, type: event.type, attempt, status, error, took });
};

const noteDisabled = (
  tx: Tx,
  { tenant, id }: Key,
  detail: { readonly reason: string; readonly event: EventId },
): Promise<void> =>
  appendTenantEvent(tx, tenant, {
    type: 'subscription.disabled',
    actor: 'service:delivery',
    object: { type: 'subscription', id },
    detail,
  });

interface Key {
  readonly tenant: TenantId;
  readonly id: SubscriptionId;
  readonly worker: WorkerId;
}

/** A test is for the subscription that it is a test of, whatever that asked for. */
const isFor = (id: SubscriptionId, types: readonly string[], { type, object }: StreamEvent): boolean =>
  type === 'subscription.tested' ? object?.id === id : wants(types, type);
