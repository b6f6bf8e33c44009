import { appendTenantEvent } from '@writ/audit';
import type { Database, Tx } from '@writ/database';
import { type Failure, newId, ok, refuse, type Result, type TenantId } from '@writ/kernel';
import { deadLetters, removeDeadLetters, sendAgain } from './dead-letters';
import { newSecret } from './message';
import * as rows from './rows';
import type { Delivery, Subscription } from './types';

export interface SubscribeInput {
  readonly tenant: TenantId;
  readonly url: string;
  readonly label: string;
  readonly types: readonly string[];
  /** Opaque principal id. */
  readonly by: string;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly secrets: Database['secrets'];
}

interface About {
  readonly tenant: TenantId;
  readonly id: string;
  readonly by: string;
}

/** Who is told what, in the caller's transaction; every change is an event of the tenant's stream. */
export const subscriptions = {
  /** The secret is answered once, and kept encrypted, only to sign with. Fails with `subscription_url` for an address nobody can mean. */
  async create(
    tx: Tx,
    input: SubscribeInput,
  ): Promise<Result<{ readonly one: Subscription; readonly secret: string }>> {
    const { tenant, label, types, by, now, secrets } = input;
    const url = addressOf(input.url);
    if (url === null) return refuse(BAD_URL);
    const id = newId('subscription', now);
    const secret = newSecret();
    await appendTenantEvent(tx, tenant, {
      type: 'subscription.created',
      actor: by,
      object: { type: 'subscription', id },
      detail: { origin: new URL(url).origin, types: types.join(' ') },
    });
    // Behind its own event: it is told of what comes after.
    const encrypted = secrets.encrypt(secret, rows.secretOf({ tenant, id }));
    await rows.insertSubscription(tx, { tenant, id, url, label, types, encrypted, by });
    const one = await rows.subscriptionById(tx, tenant, id);
    return ok({ one: one!, secret });
  },

  find: rows.subscriptionById,
  list: rows.subscriptions,

  deliveries: (
    tx: Tx,
    of: { readonly tenant: TenantId; readonly id: string; readonly limit: number },
  ): Promise<readonly Delivery[]> => rows.deliveries(tx, of),

  deadLetters,

  /**
   * Null when the tenant has none of this id. Setting what is set changes nothing; `redeliver` has what was put aside sent
   * again, also to one that is active.
   */
  async set(
    tx: Tx,
    of: About & { readonly to: 'active' | 'paused'; readonly reason: string; readonly redeliver?: boolean },
  ): Promise<Subscription | null> {
    const { tenant, id, by, to, reason, redeliver = false } = of;
    const known = await rows.subscriptionById(tx, tenant, id);
    if (!known) return null;
    const set = await rows.setStatus(tx, of, { status: to, reason: to === 'paused' ? reason : null });
    const again = redeliver ? await sendAgain(tx, tenant, id) : 0;
    if (set || again > 0) {
      await appendTenantEvent(tx, tenant, {
        type: to === 'paused' ? 'subscription.paused' : 'subscription.resumed',
        actor: by,
        object: { type: 'subscription', id },
        detail: { reason, ...(again > 0 && { redelivered: again }) },
      });
    }
    return rows.subscriptionById(tx, tenant, id);
  },

  async remove(tx: Tx, of: About & { readonly reason: string }): Promise<Subscription | null> {
    const { tenant, id, by, reason } = of;
    const known = await rows.subscriptionById(tx, tenant, id);
    if (!known || !(await rows.removeSubscription(tx, tenant, id))) return null;
    await removeDeadLetters(tx, tenant, id);
    await appendTenantEvent(tx, tenant, {
      type: 'subscription.removed',
      actor: by,
      object: { type: 'subscription', id },
      detail: { reason },
    });
    return { ...known, status: 'paused', reason };
  },

  /** Puts an event into the stream that this subscription alone is told of. */
  async test(tx: Tx, { tenant, id, by }: About): Promise<Subscription | null> {
    const known = await rows.subscriptionById(tx, tenant, id);
    if (!known) return null;
    await appendTenantEvent(tx, tenant, {
      type: 'subscription.tested',
      actor: by,
      object: { type: 'subscription', id },
    });
    return rows.subscriptionById(tx, tenant, id);
  },
} as const;

/** As it is kept; null for what is no address to send to. What may really be reached, the sender’s operator says. */
function addressOf(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (!['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '') return null;
  url.hash = '';
  return url.href;
}

const BAD_URL: Failure = {
  code: 'subscription_url',
  class: 'permanent',
  message: 'the address is no http or https URL without a user name',
  next: 'Give the whole address, such as https://hooks.example.com/writ.',
};
