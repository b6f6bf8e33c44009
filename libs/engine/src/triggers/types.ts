import type { JsonObject, Principal, Result, RunId, TenantId, TriggerId } from '@writ/kernel';
import type { Tx } from '@writ/database';
import type { Page } from '../api';
import type { RunBudget } from '../run-budget';
import type { Schedule } from './schedule';

/** What a firing starts. `input` is a template over `/input/…`: what the firing knows of itself. */
export interface TriggerStart {
  readonly workflow: string;
  /** A published version; the newest at each firing when absent. */
  readonly version?: number;
  readonly input: JsonObject;
  readonly budget?: RunBudget;
  readonly deadlineMs?: number;
}

export type TriggerKind = 'schedule' | 'webhook';
export type TriggerStatus = 'active' | 'paused' | 'retired';

export interface NewTrigger {
  readonly name: string;
  readonly start: TriggerStart;
  /** Roles of the trigger's own principal; whoever creates it must hold them. */
  readonly roles: readonly string[];
  /** Absent for a webhook. */
  readonly schedule?: Schedule;
}

export interface Trigger {
  readonly id: TriggerId;
  readonly name: string;
  readonly kind: TriggerKind;
  /** Whom its runs are for: `service:trigger.<name>`, and nobody else's. */
  readonly principal: string;
  readonly roles: readonly string[];
  readonly start: TriggerStart;
  readonly schedule: Schedule | null;
  /** Epoch milliseconds of the next firing; null for webhooks and for what does not fire. */
  readonly nextAt: number | null;
  readonly status: TriggerStatus;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly changedBy: string;
  readonly changedAt: number;
  readonly last: Firing | null;
}

/** What came of one firing. `missed`: times that passed and were not fired, from `dueAt` on. */
export interface Firing {
  /** The time it was due, or the sender's id of the message: one firing for ever. */
  readonly key: string;
  readonly seq: string;
  readonly at: number;
  readonly dueAt: number | null;
  readonly outcome: 'started' | 'refused' | 'missed';
  readonly run: RunId | null;
  readonly code: string | null;
  readonly decision: string | null;
}

/** A message to a webhook as it arrived: the body's very text is what was signed. */
export interface HookMessage {
  readonly hook: string;
  readonly id: string;
  /** Seconds since the epoch, as the sender wrote them. */
  readonly timestamp: string;
  readonly signature: string;
  readonly body: string;
}

/** How a firing of a webhook was answered. */
export interface Received {
  readonly run: RunId;
  /** True when the message had started this run before. */
  readonly replayed: boolean;
}

interface Change {
  readonly tenant: TenantId;
  readonly id: string;
  readonly by: Principal;
  readonly reason: string;
}

/** Triggers of a tenant. Changes are durable with the caller's transaction, which decided them. */
export interface TriggersApi {
  create(
    tx: Tx,
    made: { readonly tenant: TenantId; readonly trigger: NewTrigger; readonly by: Principal },
  ): Promise<Result<{ readonly trigger: Trigger; readonly secret: string | null }>>;
  pause(tx: Tx, change: Change): Promise<Result<Trigger>>;
  resume(tx: Tx, change: Change): Promise<Result<Trigger>>;
  /** For good: its name, and the principal made of it, are never used again. */
  retire(tx: Tx, change: Change): Promise<Result<Trigger>>;
  /** A new secret; the one before is good for a day more, so that senders can change over. */
  rotate(tx: Tx, change: Change): Promise<Result<{ readonly trigger: Trigger; readonly secret: string }>>;
  get(tenant: TenantId, id: string): Promise<Trigger | null>;
  list(tenant: TenantId, query: { readonly limit: number; readonly after?: string }): Promise<Page<Trigger>>;
  firings(
    tenant: TenantId,
    id: string,
    query: { readonly limit: number; readonly after?: string },
  ): Promise<Page<Firing> | null>;
  /** Checks a signed message and starts its run, once per message id. Refuses `unauthenticated` without saying why. */
  receive(message: HookMessage): Promise<Result<Received>>;
}
