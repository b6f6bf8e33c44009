import type { EventId, SubscriptionId, TenantId } from '@writ/kernel';

/**
 * - active: told as things happen     - paused: by a person; it goes on where it was
 * - disabled: by us, because nobody took what was sent; `reason` says why. Resuming goes on where it was
 */
export type SubscriptionStatus = 'active' | 'paused' | 'disabled';

/** Somebody outside who is told what happens in the tenant's stream. Times are epoch milliseconds. */
export interface Subscription {
  readonly tenant: TenantId;
  readonly id: SubscriptionId;
  readonly url: string;
  readonly label: string;
  /** Names of types of events, or their beginnings with `*`. */
  readonly types: readonly string[];
  readonly status: SubscriptionStatus;
  readonly reason: string | null;
  /** Events of the tenant's stream that it has been told of, or that it did not ask for. */
  readonly told: number;
  /** Events of the stream that it was not told of yet, wanted or not. */
  readonly behind: number;
  /** Tries of the message under way that failed. */
  readonly failures: number;
  /** Messages that were put aside. */
  readonly dead: number;
  readonly nextTryAt: number | null;
  readonly lastSentAt: number | null;
  readonly createdBy: string;
  readonly createdAt: number;
}

/** One try to send one message. */
export interface Delivery {
  readonly event: EventId;
  readonly type: string;
  readonly attempt: number;
  readonly at: number;
  /** HTTP status of the answer; null when there was none. */
  readonly status: number | null;
  /** What went wrong, as a code; null when it was taken. */
  readonly error: string | null;
  /** Milliseconds it took. */
  readonly took: number;
}

/** A message that was put aside, because it was refused as it is or was too old when its turn came. */
export interface DeadLetter {
  readonly event: EventId;
  readonly type: string;
  readonly attempts: number;
  /** Why, as a code: `too_old`, or what the last try came to. */
  readonly error: string;
  readonly at: number;
  /** Somebody asked for it to be sent again. */
  readonly again: boolean;
}

/** What most want to be told: people are needed, work is stopped, money runs out. */
export const NOTICES = [
  'approval.requested',
  'approval.escalated',
  'approval.expired',
  'question.asked',
  'delegation.revoked',
  'stop.set',
  'stop.released',
  'stop.release_asked',
  'budget.warning',
  'obligation.notified',
] as const;

/** Whether a type of event is among those asked for. */
export const wants = (types: readonly string[], type: string): boolean =>
  types.some((one) => one === '*' || one === type || (one.endsWith('*') && type.startsWith(one.slice(0, -1))));
