import type { Failure, Hop, Json, JsonObject } from '@writ/kernel';
import type { AgentDefinition, ToolDefinition, Versioned } from '@writ/registry';
import type { OpenStep } from './state';

/** A model turn of an agent. The request is built from the node's conversation when the step is taken. */
export interface CallModel {
  readonly type: 'call_model';
  readonly path: string;
  readonly chain: readonly Hop[];
  readonly agent: Versioned<AgentDefinition>;
  readonly peers: ReadonlySet<string>;
  /** The first words the node's first agent heard. */
  readonly opening: string;
}

export interface InvokeTool {
  readonly type: 'invoke_tool';
  readonly path: string;
  readonly chain: readonly Hop[];
  readonly tool: Versioned<ToolDefinition>;
  readonly args: JsonObject;
  /** The model's call this answers; null for a step of a pipeline. */
  readonly call: string | null;
}

export interface HandOff {
  readonly type: 'hand_off';
  readonly path: string;
  readonly chain: readonly Hop[];
  readonly to: Versioned<AgentDefinition>;
  readonly purpose: string;
  readonly message: string;
  readonly call: string;
}

/** A supervisor's assignment, a router's choice, and branches that run side by side: planned by patterns of their own. */
export interface Delegate {
  readonly type: 'delegate';
  readonly path: string;
}
export interface Route {
  readonly type: 'route';
  readonly path: string;
}
export interface RunBranches {
  readonly type: 'branches';
  readonly path: string;
}

export interface RejectCall {
  readonly type: 'reject_call';
  readonly path: string;
  readonly call: string;
  readonly code: string;
  readonly message: string;
}

export interface Wait {
  readonly type: 'wait';
  readonly path: string;
  readonly signal: string | null;
  readonly timeoutMs: number | null;
}

export interface EndWait {
  readonly type: 'end_wait';
  readonly path: string;
  readonly output: Json;
}

export interface SkipNode {
  readonly type: 'skip_node';
  readonly path: string;
  readonly failure: Failure;
}

/** The step that is open needs another attempt, by its error class or a person's word. */
export interface TryAgain {
  readonly type: 'try_again';
  readonly open: OpenStep;
}

/** The open step's outcome is lost and it must not be repeated. */
export interface AskPerson {
  readonly type: 'ask_person';
  readonly open: OpenStep;
}

/** Nothing to do until a time, a signal or a person: the lease is given back. */
export interface Rest {
  readonly type: 'rest';
  readonly until: number | null;
}

export interface Finish {
  readonly type: 'finish';
  readonly output: Json;
}

export interface Fail {
  readonly type: 'fail';
  readonly status: 'failed' | 'timed_out' | 'denied' | 'stopped';
  readonly failure: Failure;
}

export interface Cancel {
  readonly type: 'cancel';
  readonly by: string;
  readonly reason: string;
}

/** After each event exactly one of these, decided by one pure function. */
export type NextStep =
  | CallModel
  | InvokeTool
  | HandOff
  | Delegate
  | Route
  | RunBranches
  | RejectCall
  | Wait
  | EndWait
  | SkipNode
  | TryAgain
  | AskPerson
  | Rest
  | Finish
  | Fail
  | Cancel;

/** The steps that act on the outside and are decided first. */
export type Act = CallModel | InvokeTool | HandOff;
