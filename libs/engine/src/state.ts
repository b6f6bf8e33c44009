import type { Failure, Hop, Json, JsonObject, MailId, RunId } from '@writ/kernel';
import type { ChatMessage, ToolRequest } from '@writ/gateways';
import type { DecisionRequest, ResolvedAttribute } from '@writ/policy';
import type { RunStatus } from '@writ/words';
import { type Board, emptyBoard } from './board/board';
import { ScopeLedger } from './budget/scope-ledger';
import type { GuardAccount } from './guard/types';
import type { Approvals } from './approvals/standing';
import { LateMap, LateSet } from './late';
import type {
  BranchesJoined,
  BranchEnded,
  ChildEnded,
  RouteChoice,
  RunStarted,
  StepIntended,
  WaitFor,
  Pinned,
} from './events';
import type { Receipt } from './plan/handoff-limits';
import type { Ledger, Result } from './plan/ledger';

/** A step whose outcome is not settled for good. At most one per branch. */
export interface OpenStep {
  readonly intent: StepIntended;
  /**
   * - in_flight: intended; live, the call is running; after a recovery, its outcome is lost
   * - failed: this attempt failed and the error class says whether another may follow
   * - unknown: lost and unrepeatable, waits for a person
   * - redo: a person said it did not happen
   */
  phase: 'in_flight' | 'failed' | 'unknown' | 'redo';
  failure: Failure | null;
  /** Epoch milliseconds before which the next attempt must not start. */
  notBefore: number | null;
  /** Of a child run that was over before its start was on record: taken as soon as that is. */
  report?: ChildEnded;
}

/** What has one owner: the run's own course (path ''), and each branch of a node that runs some side by side. */
export interface BranchState {
  readonly path: string;
  open: OpenStep | null;
  /** A read that a decision asked for. Apart from `open`: reading again must not make a lost step another step. */
  reading: OpenStep | null;
  /** The attributes read for the decision now under way: the only ones a maximum age of 0 accepts. */
  fresh: Set<string>;
  wait: WaitFor | null;
  /** The step whose decision was to wait: decided again, it keeps its number. */
  asked: { readonly step: number; readonly target: string; readonly args: string | null } | null;
  /** Neither ended nor cancelled. */
  live: boolean;
}

export interface AgentNode {
  readonly kind: 'agent';
  /** Those control passed to after the node's first agent, in order; the last one acts. */
  hops: Hop[];
  readonly messages: ChatMessage[];
  /** The model's calls not answered yet, in order. */
  queue: ToolRequest[];
  /** Model turns since control last moved. */
  turns: number;
  /** What operators told it and it has not seen: it hears of it once its calls are answered. */
  notes: string[];
  /** How control came to each of the hops: with which words, from which message on, and whether it goes back. */
  moves: Move[];
  /** Every handoff's receiver and words, also of those that control has come back from. */
  readonly received: Receipt[];
  /** Work given away that is not back yet, in the order it was given. */
  work: Work[];
  /** Turns in which work was given away; and whether this is one. */
  rounds: number;
  assigning: boolean;
  /** Results so far, and how many in a row brought nothing new. */
  readonly brought: Result[];
  stalls: number;
  /** Limits the agent has been told of. */
  readonly refused: Set<string>;
  /** A final answer whose shape is not checked yet, and how often one was returned. */
  answer: string | null;
  repairs: number;
}

export interface Move {
  readonly message: string;
  /** Index of the first message that came after. */
  readonly from: number;
  readonly returns: boolean;
}

/** One piece of work, in a branch of its own. */
export interface Work {
  readonly call: string;
  readonly path: string;
  readonly to: Hop;
  readonly task: string;
  readonly brief: string;
  /** Handoffs made when it was given away: who gave it is the hop after so many. */
  readonly hops: number;
}

/** A node that runs branches side by side. */
export interface FanState {
  readonly openedAt: number;
  readonly keys: readonly string[];
  readonly deadlineAt: number | null;
  /** Key → when its branch must have ended; null for no limit. */
  readonly started: Map<string, { readonly at: number; readonly deadlineAt: number | null }>;
  /** In the order they ended. */
  readonly ended: Map<string, Pick<BranchEnded, 'outcome' | 'failure'>>;
  joined: BranchesJoined | null;
}

/** One thing that an external framework has asked for. */
export interface RelayState {
  readonly key: string;
  readonly kind: 'model' | 'tool';
  readonly target: string;
  readonly digest: string;
  readonly request: JsonObject;
}

/** A run that a node started. */
export interface ChildState {
  readonly run: RunId;
  readonly intent: NonNullable<StepIntended['child']>;
  /** When it was told to end (epoch milliseconds); null while nobody has. */
  toldAt: number | null;
  ended: boolean;
}

export type NodeResult =
  | { readonly done: true; readonly output: Json }
  | { readonly done: false; readonly failure: Failure; readonly status: 'failed' | 'denied' | 'stopped' };

/** Something that entered a run, with the labels on record for it. */
export type FlowSource = NonNullable<DecisionRequest['flow']>['sources'][number];

/** What has entered a run and whether something has left it: kept from the first act that a policy on labels decides. */
export interface FlowAccount {
  readonly sources: FlowSource[];
  /** Something went out: an egress is on record, whatever became of it. */
  left: boolean;
  /** A tool was called while no policy kept account: what it brought, nobody labelled. */
  unlabelled: boolean;
}

export interface RunState {
  started: RunStarted;
  /** The versions it goes by, and those it is to be moved to. */
  pinned: Pinned;
  upgrade: Pinned | null;
  status: RunStatus;
  /** Events applied so far: the next sequence. */
  seq: number;
  lastStep: number;
  readonly branches: Map<string, BranchState>;
  readonly agents: Map<string, AgentNode>;
  readonly fans: Map<string, FanState>;
  /** Results of nodes that ended, by path. */
  readonly results: Map<string, NodeResult>;
  /** Plans in their newest version, by path of the node that plans. */
  readonly ledgers: Map<string, Ledger>;
  /** What classifiers said, tier by tier, by path of the router. */
  readonly routes: Map<string, RouteChoice[]>;
  /** Agents a pattern chose, by the path they would speak at: entered by permission, or refused. */
  readonly entered: Map<string, { readonly hop: Hop } | { readonly denied: Failure }>;
  /** Failed steps of sequences whose rule has been applied, by path. */
  readonly ruled: Map<string, { readonly rule: 'skip' | 'fallback' | 'compensate'; readonly failure: Failure }>;
  /** What resolvers brought, by `<attribute>|<resource id>`. */
  readonly attributes: Map<string, ResolvedAttribute>;
  /** What its limits, and those of its parts, have left. */
  readonly ledger: ScopeLedger;
  readonly usage: { model_calls: number; tool_calls: number; tokens: number };
  /** What people were asked, by the place of the act. */
  readonly approvals: Approvals;
  /** What external frameworks have asked for, by the path of the node they work for. */
  readonly relays: Map<string, readonly RelayState[]>;
  /** What has entered it, where a policy keeps account of that. */
  flow?: FlowAccount;
  /** What guardrails have said of its content, where a policy has any. */
  guards?: GuardAccount;
  /** What its agents share. */
  readonly board: Board;
  readonly signals: { name: string; payload: Json; correlation: string | null; taken: boolean }[];
  /** Runs started by nodes, by path. */
  readonly children: Map<string, ChildState>;
  /** Who holds the run, and why; null while nobody does. */
  paused: { by: string; reason: string } | null;
  /** What operators said while no agent could hear it. */
  readonly notes: string[];
  /** Questions put to people so far. */
  questions: number;
  readonly mailSeen: Set<MailId>;
  cancel: { by: string; reason: string } | null;
  output: Json;
  failure: Failure | null;
}

export const attributeKey = (name: string, resourceId: string): string => `${name}|${resourceId}`;

/** The branch of a path's owner, made when first asked for. */
export function branchState(state: RunState, path: string): BranchState {
  let branch = state.branches.get(path);
  if (!branch) {
    branch = { path, open: null, reading: null, fresh: new LateSet(), wait: null, asked: null, live: true };
    state.branches.set(path, branch);
  }
  return branch;
}

export function emptyState(started: RunStarted): RunState {
  const state: RunState = {
    started,
    pinned: { bill: started.bill, bill_digest: started.bill_digest },
    upgrade: null,
    status: 'running',
    seq: 0,
    lastStep: 0,
    branches: new Map(),
    agents: new LateMap(),
    fans: new LateMap(),
    results: new LateMap(),
    ledgers: new LateMap(),
    routes: new LateMap(),
    entered: new LateMap(),
    ruled: new LateMap(),
    attributes: new LateMap(),
    ledger: new ScopeLedger(),
    usage: { model_calls: 0, tool_calls: 0, tokens: 0 },
    relays: new LateMap(),
    board: emptyBoard(),
    signals: [],
    approvals: new LateMap(),
    children: new LateMap(),
    paused: null,
    notes: [],
    questions: 0,
    mailSeen: new LateSet(),
    cancel: null,
    output: null,
    failure: null,
  };
  branchState(state, '');
  return state;
}
