import type { Json, JsonObject, Principal, Result, RunId, TenantId } from '@writ/kernel';
import type { DecisionRequest, Mandate } from '@writ/policy';
import type { Reconciliation, RunStatus, Verdict } from '@writ/words';
import type { RunBudget } from './run-budget';
import type { BatchOf } from './batch-of';
import type { ForkEffects } from './events';
import type { Comparison } from './compare/compare';
import type { UpgradeChoice } from './upgrade/choice';
import type { Count } from './search/run-count';
import type { RunFacts, Usage } from './search/run-facts';
import type { RunHistogram } from './search/run-histogram';
import type { RunSort } from './search/run-page';
import type { FieldValues, ValuesQuery } from './search/run-values';
import type { RunScope } from './search/run-window';
import type { RunDelegations } from './delegations';
import type { EffectiveLimits } from './budget/effective';
import type { Timeline } from './timeline/types';

/** Starts a run. The caller is authenticated; whether it may start this workflow is decided inside. */
export interface StartRunInput {
  readonly tenant: TenantId;
  readonly caller: Principal;
  /** The human or service the run is for, when the caller starts it on another's behalf; decided as `principal.assert`. */
  readonly onBehalfOf?: { readonly id: string; readonly roles: readonly string[] };
  readonly workflow: string;
  /** A published version; the newest when absent. */
  readonly version?: number;
  readonly input: JsonObject;
  readonly mandate?: Mandate | null;
  readonly budget?: RunBudget;
  readonly idempotencyKey?: string;
  /** The batch it is of, and which of its items. */
  readonly batch?: BatchOf;
  /** Of a run that takes over the past of another: what was asked for. Set by `fork`. */
  readonly fork?: {
    readonly run: RunId;
    readonly at: number | null;
    readonly step: number | null;
    readonly effects: ForkEffects;
  };
  readonly deadlineMs?: number;
  /** Among the tenant's own runs that stand in line: higher goes first; 0 when absent. */
  readonly priority?: number;
}

/** Moves a run to other versions of its definitions: the newest, or those of one version of its workflow. */
export interface UpgradeInput {
  readonly tenant: TenantId;
  readonly caller: Principal;
  readonly run: RunId;
  readonly version?: number;
  readonly reason: string;
}

/** A new run that goes on from an event of another. */
export interface ForkInput {
  readonly tenant: TenantId;
  readonly caller: Principal;
  readonly run: RunId;
  /** The last event it shares, or the step that is the first to be done again; the last event there is when both are null. */
  readonly at: number | null;
  readonly step: number | null;
  readonly effects: ForkEffects;
  readonly reason: string;
  readonly budget?: RunBudget;
  readonly idempotencyKey?: string;
}

export interface StartedRun {
  readonly run: RunId;
  /** True when the idempotency key had already started this run: the answer is the first one's. */
  readonly replayed: boolean;
}

/** Something a run is told by a process that does not hold its lease. Kept once per `dedup`. */
export interface SignalInput {
  readonly tenant: TenantId;
  readonly caller: Principal;
  readonly run: RunId;
  readonly name: string;
  readonly payload: Json;
  /** What it is about: a wait that asks for a correlation takes only its own. */
  readonly correlation?: string;
  readonly dedup?: string;
}

/** A person's answer to a lost outcome (I5). */
export interface ReconcileInput {
  readonly tenant: TenantId;
  readonly caller: Principal;
  readonly run: RunId;
  readonly step: number;
  /** The attempt that was looked after: refused when another one is lost by now. */
  readonly attempt?: number;
  readonly verdict: Reconciliation;
  /** With `happened`: what the call returned, if known. */
  readonly result?: Json;
  readonly note: string;
}

export interface CancelInput {
  readonly tenant: TenantId;
  readonly caller: Principal;
  readonly run: RunId;
  readonly reason: string;
}

/** Holds a run, lets it go on, or takes it out of quarantine. */
export interface SteerInput {
  readonly tenant: TenantId;
  readonly caller: Principal;
  readonly run: RunId;
  readonly reason: string;
}

/** A run that somebody held is given back, with what its agents are to know. */
export interface ResumeInput extends SteerInput {
  /** Told to the agents as an operator's note, before anything else happens. */
  readonly note?: string;
}

/** What an operator tells the agents of a run. */
export interface NoteInput {
  readonly tenant: TenantId;
  readonly caller: Principal;
  readonly run: RunId;
  readonly text: string;
  readonly dedup?: string;
}

export interface RunView {
  readonly id: RunId;
  readonly workflow: string;
  readonly workflow_digest: string;
  readonly status: RunStatus;
  readonly initiator: string;
  readonly wait: JsonObject | null;
  readonly next_seq: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly finished_at: string | null;
  readonly trace_id: string | null;
}

/** A run as lists show it: its row, and counts and names from its journal. */
export interface ListedRun extends RunView {
  readonly root_agent: string | null;
  readonly agent: string | null;
  /** From start to end; null while it goes on. */
  readonly duration_ms: number | null;
  /** What a waiting run waits for, in words. */
  readonly waiting_on: string | null;
  readonly decisions: RunFacts['decisions'];
  readonly usage: RunFacts['usage'];
}

/** A page of a search, and what was looked at for it. */
export interface FoundPage extends Page<ListedRun> {
  /** How many match; null unless asked for. */
  readonly matched: Count | null;
  /** How many runs the window holds. */
  readonly of: Count;
  /** Epoch milliseconds up to which the search came, when it stopped before the window was looked through. */
  readonly reached: number | null;
}

export interface RunSearchQuery extends RunScope {
  readonly sort: RunSort;
  readonly limit: number;
  readonly after: string | null;
  /** Whether to count what matches. */
  readonly count: boolean;
}

export interface RunDetail extends RunView {
  readonly input: JsonObject;
  readonly output: Json | null;
  readonly failure: { readonly code: string; readonly message: string } | null;
  /** The agents in control, first to current. */
  readonly agents: readonly string[];
  /** The run that started this one and the one at the top of their tree; the runs this one started, oldest first. */
  readonly parent: RunId | null;
  readonly root: RunId | null;
  readonly children: readonly RunId[];
  /** The run whose past this one took over. */
  readonly fork: { readonly run: RunId; readonly at: number; readonly effects: ForkEffects } | null;
  /** The batch it is of. */
  readonly batch: BatchOf | null;
  readonly usage: Usage;
}

export interface Page<T> {
  readonly data: readonly T[];
  /** Key to pass as `after` for the next page; null at the end. */
  readonly next: string | null;
}

/** One journal event, as readers see it. */
export interface EventView {
  readonly sequence: number;
  readonly type: string;
  readonly time: string;
  readonly [field: string]: Json;
}

/** One decision with its explanation; `near_misses` only for callers who may explain decisions. */
export interface DecisionView {
  readonly id: string;
  readonly run: RunId | null;
  readonly step: number | null;
  readonly action: string;
  readonly object: JsonObject;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly stage: string;
  readonly explicit: boolean;
  readonly stages: readonly JsonObject[];
  readonly obligations: readonly JsonObject[];
  readonly near_misses: readonly JsonObject[];
  readonly snapshot: string;
  readonly time: string;
  /** One sentence a person reads. */
  readonly sentence: string;
}

/** A decision and what it was about; no request where that cannot be had any more. */
export interface PastDecision {
  readonly decision: DecisionView;
  readonly request: DecisionRequest | null;
}

/** What was decided lately, with what was asked. */
export interface RecentDecisions {
  readonly decisions: readonly PastDecision[];
  /** Runs that were looked at, the newest first. */
  readonly runs: number;
  /** False when there was more than was asked for, or than could be read in time. */
  readonly complete: boolean;
}

export interface RunCommandsApi {
  start(input: StartRunInput): Promise<Result<StartedRun>>;
  /** Asks the run to move at its next safe moment; refused where its journal does not fit the other versions. */
  upgrade(input: UpgradeInput): Promise<Result<{ readonly accepted: boolean }>>;
  /** A new run with the past of another, up to one of its events; decided as `run.fork`, with live effects as a start too. */
  fork(input: ForkInput): Promise<Result<StartedRun>>;
  signal(input: SignalInput): Promise<Result<{ readonly accepted: boolean }>>;
  cancel(input: CancelInput): Promise<Result<{ readonly accepted: boolean }>>;
  note(input: NoteInput): Promise<Result<{ readonly accepted: boolean }>>;
  reconcile(input: ReconcileInput): Promise<Result<{ readonly accepted: boolean }>>;
  /** The run holds after the steps under way, until it is resumed. */
  undo(input: SteerInput): Promise<Result<{ readonly accepted: boolean }>>;
  pause(input: SteerInput): Promise<Result<{ readonly accepted: boolean }>>;
  resume(input: ResumeInput): Promise<Result<{ readonly accepted: boolean }>>;
  /** A quarantined run goes on behind its last recorded step. */
  redrive(input: SteerInput): Promise<Result<{ readonly accepted: boolean }>>;
}

/** Reads. Every one is bound to a tenant in SQL; a foreign id is simply not found. */
export interface RunQueriesApi {
  get(tenant: TenantId, run: RunId): Promise<RunDetail | null>;
  /** A run's workflow, by which the policy knows it, and how it stands; null for no such run. */
  brief(tenant: TenantId, run: RunId): Promise<{ readonly workflow: string; readonly status: RunStatus } | null>;
  timeline(tenant: TenantId, run: RunId, now: number): Promise<Timeline | null>;
  /** What limits a run now, and what is left of it; null for no such run. */
  limits(tenant: TenantId, run: RunId, now: number): Promise<EffectiveLimits | null>;
  /** Who gave whom what to do, and what of it was taken back; null when there is no such run. */
  delegations(tenant: TenantId, run: RunId, now: number): Promise<RunDelegations | null>;
  /** Whether a run could go on by other versions; null for no such run. */
  upgradeChoice(tenant: TenantId, run: RunId, version?: number): Promise<Result<UpgradeChoice> | null>;
  /** Two runs step by step. Refuses one whose journal cannot be read. */
  compare(tenant: TenantId, a: RunId, b: RunId): Promise<Result<Comparison>>;
  search(query: RunSearchQuery): Promise<FoundPage>;
  /** Null when even a part could not be counted in time. */
  histogram(scope: RunScope, buckets: number): Promise<RunHistogram | null>;
  values(asked: ValuesQuery): Promise<FieldValues>;
  /** When each workflow, agent and tool (`agent orders`) was last used, in epoch milliseconds, by the newest 1,000 runs. */
  lastUsed(tenant: TenantId): Promise<ReadonlyMap<string, number>>;
  events(
    tenant: TenantId,
    run: RunId,
    query: { readonly limit: number; readonly after?: number },
  ): Promise<Page<EventView> | null>;
  decisions(
    tenant: TenantId,
    run: RunId,
    query: { readonly limit: number; readonly after?: number },
  ): Promise<Page<DecisionView> | null>;
  decision(tenant: TenantId, id: string): Promise<DecisionView | null>;
  /** The same with what was asked, so that it can be asked again. */
  decided(tenant: TenantId, id: string): Promise<PastDecision | null>;
  /** The newest decisions of runs with what was asked: at most so many, and those found within `withinMs`. */
  recentDecisions(tenant: TenantId, most: number, withinMs: number): Promise<RecentDecisions>;
}
