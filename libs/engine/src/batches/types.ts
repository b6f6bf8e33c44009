import type { BatchId, Json, JsonObject, Principal, Result, RunId, TenantId } from '@writ/kernel';
import type { Tx } from '@writ/database';
import type { Mandate } from '@writ/policy';
import type { RunStatus } from '@writ/words';
import type { Page } from '../api';
import type { RunBudget } from '../run-budget';

/** What every run of a batch is started with, beside its own input. */
export interface BatchStart {
  readonly mandate?: Mandate | null;
  /** Of each run by itself. */
  readonly budget?: RunBudget;
  readonly deadlineMs?: number;
  readonly priority?: number;
}

export interface NewBatch {
  readonly tenant: TenantId;
  readonly caller: Principal;
  readonly workflow: string;
  /** A published version, the same for every item; the newest when absent. */
  readonly version?: number;
  readonly items: readonly { readonly key?: string; readonly input: JsonObject }[];
  /** What all runs of the batch together may use; nobody overspends it between them. */
  readonly budget?: SharedBudget;
  /** Runs under way at once, at most. */
  readonly concurrency: number;
  readonly start: BatchStart;
}

/** What can be limited for a batch as a whole. */
export const SHARED_DIMENSIONS = ['model_calls', 'tool_calls', 'tokens', 'cost_micros', 'handoffs'] as const;
export type SharedBudget = { readonly [D in (typeof SHARED_DIMENSIONS)[number]]?: number };

export type BatchStatus = 'running' | 'cancelling' | 'cancelled' | 'finished';
/** `pending` has no run yet; `refused` never got one; `skipped` was not wanted any more. */
export type ItemState = 'pending' | 'refused' | 'skipped' | RunStatus;

export interface Batch {
  readonly id: BatchId;
  readonly workflow: string;
  readonly version: number;
  readonly status: BatchStatus;
  /** For whom its runs are. */
  readonly initiator: string;
  readonly total: number;
  readonly concurrency: number;
  /** Items by state, those of started ones being their runs'. */
  readonly counts: { readonly [S in ItemState]?: number };
  /** Why it was cancelled. */
  readonly reason: string | null;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly finishedAt: number | null;
}

export interface BatchItem {
  readonly place: number;
  readonly key: string;
  readonly state: ItemState;
  readonly run: RunId | null;
  /** Of a refusal, or of a run's failure. */
  readonly code: string | null;
  readonly decision: string | null;
  /** Of a run that succeeded. */
  readonly output: Json;
}

/** Batches of a tenant. What is written is durable with the caller's transaction, which decided it. */
export interface BatchesApi {
  create(tx: Tx, made: NewBatch): Promise<Result<Batch>>;
  get(tenant: TenantId, id: string): Promise<Batch | null>;
  list(tenant: TenantId, query: { readonly limit: number; readonly after?: string }): Promise<Page<Batch>>;
  /** Null for no such batch. */
  items(
    tenant: TenantId,
    id: string,
    query: { readonly limit: number; readonly after?: string; readonly state?: ItemState },
  ): Promise<Page<BatchItem> | null>;
  /** Nothing more is started, and what is under way is told to end. */
  cancel(
    tx: Tx,
    change: { readonly tenant: TenantId; readonly id: string; readonly by: Principal; readonly reason: string },
  ): Promise<Result<Batch>>;
}
