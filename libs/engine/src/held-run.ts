import type { DecisionId, Failure, MailId, RunId, TenantId } from '@writ/kernel';
import type { AuditDraft, ChainHead } from '@writ/audit';
import type { AuthorityEpochs, Resumption, RunCreation } from '@writ/database';
import type { Proposal } from './proposal';
import type { Holdings } from './budget/holdings';
import type { Claim } from './unit-request';
import { Crew } from './crew';
import type { EvidenceScope } from './evidence';
import { isAside, type RunEvent } from './events';
import type { Recording } from './fork/recording';
import type { Planner } from './plan/planner';
import { branchOf } from './path';
import type { SnapshotKeeper } from './snapshot/keeper';
import { LateSet } from './late';
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
  /** Since when this process leads it, epoch milliseconds: what others opened before they opened by permits of theirs. */
  readonly ledSince: number;
  readonly state: RunState;
  /** Made anew when the run moves to other versions. */
  planner: Planner;
  readonly scope: EvidenceScope;
  /**
   * Set until a unit has taken the lease: this process led the run last, and does not know whether anybody has since.
   * INVARIANT (I3): until then nothing is done that anybody else could see, but to commit that unit.
   */
  resumes: Resumption | null;
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
  /** What a run forked with its effects stubbed is given back; null for every other. */
  readonly recording: Recording | null;
  /** Keeps its state beside its journal, once it is long. */
  readonly keeper: SnapshotKeeper;
  /** A stop ends the run: why. Nothing more is begun. */
  stopped: Failure | null;
  /** The branches under way. */
  readonly crew: Crew;
  /** What waits to be committed, and whether a unit is on its way: one at a time per run. */
  readonly claims: Claim[];
  committing: boolean;
  /** The last step number given out. One whose decision was never committed stays unused. */
  lastStep: number;
  /** Numbers given to acts that have no decision on record yet, by branch: decided again, an act keeps its own. */
  readonly numbers: Map<string, number>;
}

/** What is known of a run that exists, by whoever begins to lead it. */
type Known = Pick<
  HeldRun,
  | 'tenant'
  | 'run'
  | 'leaseEpoch'
  | 'ledSince'
  | 'state'
  | 'planner'
  | 'scope'
  | 'seq'
  | 'chain'
  | 'holdings'
  | 'recording'
  | 'keeper'
  | 'resumes'
>;

/** A run that exists, as it is led anew: nothing under way, and nothing that is not committed. */
export function ledAnew(known: Known): HeldRun {
  const { tenant, run, leaseEpoch, ledSince, state, planner, scope, seq, chain, holdings, recording, keeper } = known;
  for (const branch of state.branches.values()) branch.fresh = new LateSet();
  return {
    tenant,
    run,
    leaseEpoch,
    ledSince,
    state,
    planner,
    scope,
    resumes: known.resumes,
    create: null,
    seq,
    chain,
    pending: emptyPending(),
    letGo: false,
    onCreated: null,
    startedUnder: null,
    holdings,
    recording,
    keeper,
    stopped: null,
    crew: new Crew(),
    claims: [],
    committing: false,
    lastStep: state.lastStep,
    numbers: new Map(),
  };
}

type Numbered = Pick<Proposal, 'kind' | 'path'>;

/** A branch's act, and the steps its decision asks for, have a number each. */
const numberKey = ({ kind, path }: Numbered): string => `${branchOf(path)} ${isAside(kind) ? kind : ''}`;

/** The number of a new step: the same until its decision is on record. */
export function stepNumber(held: HeldRun, act: Numbered): number {
  const key = numberKey(act);
  const given = held.numbers.get(key);
  if (given !== undefined) return given;
  held.lastStep = Math.max(held.lastStep, held.state.lastStep) + 1;
  held.numbers.set(key, held.lastStep);
  return held.lastStep;
}

/** The step's decision is on record: the next act gets a number of its own. */
export const stepTaken = (held: HeldRun, act: Numbered): boolean => held.numbers.delete(numberKey(act));

export const emptyPending = (): Pending => ({ events: [], audits: [], mail: [], decisions: [] });

export const joinedPending = (first: Pending, then: Pending): Pending => ({
  events: [...first.events, ...then.events],
  audits: [...first.audits, ...then.audits],
  mail: [...first.mail, ...then.mail],
  decisions: [...first.decisions, ...then.decisions],
});
