import type { DecisionId, MailId, RunId, TenantId } from '@writ/kernel';
import type { AuditDraft, ChainHead } from '@writ/audit';
import type { AuthorityEpochs, RunCreation } from '@writ/database';
import type { EvidenceScope } from './evidence';
import type { RunEvent } from './events';
import type { Planner } from './planner';
import type { RunState } from './state';

/** What happened and is not committed yet: outcomes and mail. They are facts, so they are applied already. */
export interface Pending {
  readonly events: RunEvent[];
  readonly audits: AuditDraft[];
  readonly mail: MailId[];
  readonly decisions: DecisionId[];
}

/** A run this process leads, in memory. One owner: whoever holds the lease epoch. */
export interface HeldRun {
  readonly tenant: TenantId;
  readonly run: RunId;
  readonly leaseEpoch: number;
  readonly state: RunState;
  readonly planner: Planner;
  readonly scope: EvidenceScope;
  /** Set until the unit that creates the run is in. */
  create: RunCreation | null;
  /** The authority the start was decided under: the unit that creates the run commits under no other. */
  readonly startedUnder: AuthorityEpochs | null;
  /** Told once the unit that creates the run is in. */
  onCreated: (() => void) | null;
  /** First sequence not committed yet. */
  seq: number;
  chain: ChainHead;
  pending: Pending;
  /** Set by a draining worker: give the lease back before the next step. */
  letGo: boolean;
  /** Aborts the call in flight, when a cancel arrives and the call may be repeated. */
  readonly abort: AbortController;
}

export const emptyPending = (): Pending => ({ events: [], audits: [], mail: [], decisions: [] });
