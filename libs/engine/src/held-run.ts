import type { DecisionId, Failure, MailId, RunId, TenantId } from '@writ/kernel';
import type { AuditDraft, ChainHead } from '@writ/audit';
import type { AuthorityEpochs, RunCreation } from '@writ/database';
import type { Holdings } from './budget/holdings';
import type { Claim } from './commit';
import type { Crew } from './crew';
import type { EvidenceScope } from './evidence';
import type { RunEvent } from './events';
import type { Planner } from './plan/planner';
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
  /** What its steps hold of the tenant's budgets. */
  readonly holdings: Holdings;
  /** A stop ends the run: why. Nothing more is begun. */
  stopped: Failure | null;
  /** The branches under way. */
  readonly crew: Crew;
  /** What waits to be committed, and whether a unit is on its way: one at a time per run. */
  readonly claims: Claim[];
  committing: boolean;
  /** The last step number given out. One whose decision was never committed stays unused. */
  lastStep: number;
}

/** The number of a new step. */
export const nextStepNumber = (held: HeldRun): number => {
  held.lastStep = Math.max(held.lastStep, held.state.lastStep) + 1;
  return held.lastStep;
};

export const emptyPending = (): Pending => ({ events: [], audits: [], mail: [], decisions: [] });

export const joinedPending = (first: Pending, then: Pending): Pending => ({
  events: [...first.events, ...then.events],
  audits: [...first.audits, ...then.audits],
  mail: [...first.mail, ...then.mail],
  decisions: [...first.decisions, ...then.decisions],
});
