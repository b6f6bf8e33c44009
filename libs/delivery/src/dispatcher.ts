import { appendTenantEvent } from '@writ/audit';
import type { Database } from '@writ/database';
import type { EgressGuard } from '@writ/gateways';
import { type Clock, type EventId, type SubscriptionId, systemClock, type TenantId, type WorkerId } from '@writ/kernel';
import { logger } from '@writ/telemetry';
import { headersOf, messageOf, type StreamEvent } from './message';
import {
  advance,
  claim,
  dueSubscriptions,
  type Held,
  letGo,
  noteDelivery,
  readStream,
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
  readonly timeoutMs?: number;
}

const DAY_MS = 86_400_000;
const DEFAULTS = { lookMs: 1_000, firstDelayMs: 5_000, giveUpMs: 3 * DAY_MS, timeoutMs: 10_000 } as const;
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
 * died, is sent again under the same id. One that takes nothing holds up no other, and no run ever waits for any.
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
    const seen = await this.db.withTenant(tenant, (tx) => readStream(tx, { tenant, from: held.nextSeq, units: UNITS }));
    let told = held.nextSeq;
    let { failures } = held;
    for (const one of seen) {
      if (this.#stopping) break;
      if (!isFor(key.id, held.types, one.event)) {
        told = one.seq + 1;
        continue;
      }
      const taken = await this.#send(key, held, { one, attempt: failures + 1 });
      if (!taken) return;
      failures = 0;
      told = one.seq + 1;
      const kept = await this.#go(key, told, true);
      if (!kept) return;
    }
    if (told !== held.nextSeq && failures === 0 && !(await this.#go(key, told, false))) return;
    await this.db.withTenant(tenant, (tx) => letGo(tx, key));
  }

  #go(key: Key, nextSeq: number, sent: boolean): Promise<boolean> {
    return this.db.withTenant(key.tenant, (tx) => advance(tx, key, { nextSeq, sent, leaseMs: LEASE_MS }));
  }

  /** One try. False when the message was not taken, and everything about that is noted. */
  async #send(
    key: Key,
    held: Held,
    { one, attempt }: { readonly one: Seen; readonly attempt: number },
  ): Promise<boolean> {
    const { event } = one;
    const { tenant, id } = key;
    const body = messageOf(event);
    const began = this.clock.now();
    const headers = headersOf(held.secret, { id: event.id, body, now: began });
    const sent = await send(this.guard, { tenant, url: held.url, headers, body, timeoutMs: this.#options.timeoutMs });
    const status = sent.kind === 'answered' ? sent.status : null;
    const taken = status !== null && status >= 200 && status < 300;
    const error = taken ? null : sent.kind === 'failed' ? sent.error : `http_${sent.status}`;
    const took = Math.max(0, this.clock.now() - began);
    await this.db.withTenant(tenant, async (tx) => {
      await noteDelivery(tx, key, { event: event.id, type: event.type, attempt, status, error, took });
      if (taken) return;
      const over = status === 410 || held.failingFor >= this.#options.giveUpMs;
      if (!over) return setBack(tx, key, this.#delay(attempt, sent));
      const reason = status === 410 ? 'it answered that it is gone' : `nobody took a message in time (${error ?? ''})`;
      await letGo(tx, key);
      if (!(await setStatus(tx, key, { status: 'disabled', reason }))) return;
      await appendTenantEvent(tx, tenant, {
        type: 'subscription.disabled',
        actor: 'service:delivery',
        object: { type: 'subscription', id },
        detail: { reason, event: event.id },
      });
    });
    return taken;
  }

  /** Doubles from the first delay to six hours, half of it random; never sooner than the other side asked for. */
  #delay(attempt: number, sent: Sent): number {
    const doubled = Math.min(LONGEST_DELAY_MS, this.#options.firstDelayMs * 2 ** Math.min(attempt - 1, 20));
    const asked = sent.kind === 'answered' ? (sent.retryAfterMs ?? 0) : 0;
    return Math.round(Math.max(doubled / 2 + Math.random() * (doubled / 2), Math.min(asked, LONGEST_DELAY_MS)));
  }
}

interface Key {
  readonly tenant: TenantId;
  readonly id: SubscriptionId;
  readonly worker: WorkerId;
}

/** A test is for the subscription that it is a test of, whatever that asked for. */
const isFor = (id: SubscriptionId, types: readonly string[], { type, object }: StreamEvent): boolean =>
  type === 'subscription.tested' ? object?.id === id : wants(types, type);
