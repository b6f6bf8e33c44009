import type { Failure, Hop, Json, MailId } from '@writ/kernel';
import type { RunStatus } from '@writ/database';
import type { ChatMessage, ToolRequest } from '@writ/gateways';
import type { ResolvedAttribute } from '@writ/policy';
import type { RunStarted, StepIntended, WaitFor } from './events';

/** A step whose outcome is not settled for good. At most one per run: patterns with branches keep one per branch. */
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
}

export type NodeResult =
  | { readonly done: true; readonly output: Json }
  | { readonly done: false; readonly failure: Failure; readonly status: 'failed' | 'denied' | 'stopped' };

export interface RunState {
  started: RunStarted;
  status: RunStatus;
  /** Events applied so far: the next sequence. */
  seq: number;
  lastStep: number;
  open: OpenStep | null;
  /** A read that a decision asked for. Apart from `open`: reading again must not make a lost step another step. */
  reading: OpenStep | null;
  readonly agents: Map<string, AgentNode>;
  /** Results of nodes that ended, by path. */
  readonly results: Map<string, NodeResult>;
  /** What resolvers brought, by `<attribute>|<resource id>`. */
  readonly attributes: Map<string, ResolvedAttribute>;
  /** The attributes read for the decision now under way: the only ones a maximum age of 0 accepts. */
  fresh: Set<string>;
  readonly usage: { model_calls: number; tool_calls: number; tokens: number };
  readonly signals: { name: string; payload: Json; taken: boolean }[];
  readonly mailSeen: Set<MailId>;
  cancel: { by: string; reason: string } | null;
  wait: WaitFor | null;
  output: Json;
  failure: Failure | null;
}

export const attributeKey = (name: string, resourceId: string): string => `${name}|${resourceId}`;

export function emptyState(started: RunStarted): RunState {
  return {
    started,
    status: 'running',
    seq: 0,
    lastStep: 0,
    open: null,
    reading: null,
    agents: new Map(),
    results: new Map(),
    attributes: new Map(),
    fresh: new Set(),
    usage: { model_calls: 0, tool_calls: 0, tokens: 0 },
    signals: [],
    mailSeen: new Set(),
    cancel: null,
    wait: null,
    output: null,
    failure: null,
  };
}
