import type { Failure, Hop, Json, JsonObject, RunId } from '@writ/kernel';
import type { AgentDefinition, BillOfMaterials, OfferedTool, ToolDefinition, Versioned } from '@writ/registry';
import type { RunBudget } from './run-budget';
import type { BranchEnded, NodeFailed, RouteChoice, RunStarted, ToUndo } from './events';
import type { JoinVerdict } from './plan/join';
import type { Ledger } from './plan/ledger';
import type { OpenStep, Work } from './state';

/** A model turn of an agent. The request is built from the node's conversation when the step is taken. */
export interface CallModel {
  readonly type: 'call_model';
  readonly path: string;
  readonly chain: readonly Hop[];
  readonly agent: Versioned<AgentDefinition>;
  /** The functions its model is offered. */
  readonly offers: readonly OfferedTool[];
  /** The first words it hears, and the first message of the conversation after them. */
  readonly opening: string;
  readonly from: number;
  /** JSON Schema of the final answer; null for text. */
  readonly schema: JsonObject | null;
}

export interface InvokeTool {
  readonly type: 'invoke_tool';
  readonly path: string;
  readonly chain: readonly Hop[];
  readonly tool: Versioned<ToolDefinition>;
  readonly args: JsonObject;
  /** The model's call this answers; null for a step of a pipeline. */
  readonly call: string | null;
  /** The workflow itself wrote the arguments. */
  readonly written?: true;
}

export interface HandOff {
  readonly type: 'hand_off';
  readonly path: string;
  readonly chain: readonly Hop[];
  readonly to: Versioned<AgentDefinition>;
  readonly purpose: string;
  readonly message: string;
  /** What is handed over, in the shape that the receiver takes; absent where that is the message. */
  readonly payload?: JsonObject;
  /** The model's call this answers; null when nobody asked for it. */
  readonly call: string | null;
  readonly returns: boolean;
}

/** Work for another agent, which comes back; or an agent that a pattern chose, by nobody's call. */
export interface Delegate {
  readonly type: 'delegate';
  readonly path: string;
  readonly chain: readonly Hop[];
  readonly to: Versioned<AgentDefinition>;
  readonly purpose: string;
  readonly brief: string;
  /** What the brief holds, part by part; absent where it is one text. */
  readonly payload?: JsonObject;
  readonly call: string | null;
  /** A question, as one would use a tool. */
  readonly asks: boolean;
  readonly budget?: RunBudget;
}

/** Branches are opened, begun, ended and joined: facts that the plan draws from the events so far. */
export interface OpenBranches {
  readonly type: 'open_branches';
  readonly path: string;
  readonly keys: readonly string[];
  readonly deadlineAt: number | null;
}
export interface StartBranch {
  readonly type: 'start_branch';
  readonly path: string;
  readonly deadlineAt: number | null;
  readonly budget?: RunBudget;
}
export interface EndBranch {
  readonly type: 'end_branch';
  readonly path: string;
  readonly outcome: BranchEnded['outcome'];
  readonly failure?: Failure;
}
export interface JoinBranches {
  readonly type: 'join_branches';
  readonly path: string;
  readonly verdict: Exclude<JoinVerdict, { kind: 'open' }>;
}

/** A run of another workflow, for this one. */
export interface StartChild {
  readonly type: 'start_child';
  readonly path: string;
  readonly chain: readonly Hop[];
  readonly workflow: BillOfMaterials['workflow'];
  readonly input: JsonObject;
  readonly budget: RunBudget;
  readonly deadlineMs: number | null;
  readonly leave: boolean;
}

/** The run itself begins, once whoever the policy asks has let it. */
export interface BeginRun {
  readonly type: 'begin_run';
  readonly path: string;
  readonly chain: readonly Hop[];
  readonly who: RunStarted['initiator'];
}

export interface WaitChild {
  readonly type: 'wait_child';
  readonly path: string;
  readonly run: RunId;
}

/** Nobody wants a child's result any more: it is told to end. */
export interface TellChild {
  readonly type: 'tell_child';
  readonly path: string;
  readonly run: RunId;
  readonly reason: string;
}

export interface RejectCall {
  readonly type: 'reject_call';
  readonly path: string;
  readonly call: string;
  readonly code: string;
  readonly message: string;
}

export interface ReturnWork {
  readonly type: 'return_work';
  readonly path: string;
  readonly work: Work;
  readonly chars: number;
  /** Why there is no result; null when there is one. */
  readonly failure: Failure | null;
}

export interface UpdateLedger {
  readonly type: 'update_ledger';
  readonly path: string;
  readonly call: string | null;
  readonly ledger: Ledger;
}

export interface ChooseRoute {
  readonly type: 'choose_route';
  readonly path: string;
  readonly tier: number;
  readonly choice: RouteChoice;
}

export interface TakeAnswer {
  readonly type: 'take_answer';
  readonly path: string;
}

export interface ReturnAnswer {
  readonly type: 'return_answer';
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

export interface Wait {
  readonly type: 'wait';
  readonly path: string;
  readonly signal: string | null;
  readonly correlation?: string;
  readonly timeoutMs: number | null;
}

export interface EndWait {
  readonly type: 'end_wait';
  readonly path: string;
  readonly output: Json;
}

/** A step of a sequence failed, and this is its rule. */
export interface RuleNode {
  readonly type: 'rule_node';
  readonly path: string;
  readonly failure: Failure;
  readonly rule: NodeFailed['rule'];
}

/** The open step needs another attempt, by its error class or a person's word: `act` is what it was an attempt of. */
export interface TryAgain {
  readonly type: 'try_again';
  readonly path: string;
  readonly open: OpenStep;
  readonly act: Act;
}

/** The open step's outcome is lost and it must not be repeated. */
export interface AskPerson {
  readonly type: 'ask_person';
  readonly path: string;
  readonly open: OpenStep;
}

/** A step of a branch that is over: nobody waits for its outcome, and what it may have cost is charged. */
export interface SettleStray {
  readonly type: 'settle_stray';
  readonly path: string;
  readonly open: OpenStep;
}

/** Nothing to do here until a time, a signal or a person. */
export interface Rest {
  readonly type: 'rest';
  readonly path: string;
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
  /** Where the run ends from outside: what was done and can be undone, and what had not come to an end. */
  readonly toUndo?: readonly ToUndo[];
  readonly left?: readonly string[];
}

export interface Cancel {
  readonly type: 'cancel';
  readonly by: string;
  readonly reason: string;
  readonly undone: readonly string[];
  readonly notUndone: readonly string[];
  readonly left: readonly string[];
}

/** The external framework that leads an agent, called once for its node. */
export interface InvokeAgent {
  readonly type: 'invoke_agent';
  readonly path: string;
  /** Those on whose behalf it is called, without the agent itself. */
  readonly chain: readonly Hop[];
  readonly agent: Versioned<AgentDefinition>;
  readonly input: JsonObject;
}

/** A turn of the agent's model, as its framework asked for it. */
export interface RelayModel {
  readonly type: 'relay_model';
  readonly path: string;
  readonly chain: readonly Hop[];
  readonly agent: Versioned<AgentDefinition>;
  readonly request: JsonObject;
}

/** What the agents of a run share: a key of the blackboard, read or (with a value) written. */
export interface UseBoard {
  readonly type: 'use_board';
  readonly path: string;
  readonly chain: readonly Hop[];
  readonly key: string;
  /** The value; undefined for a read. */
  readonly write: Json | undefined;
  /** The version it must still have; null to write over whatever is there. */
  readonly expect: number | null;
  /** The model's call this answers; null for a step of the workflow. */
  readonly call: string | null;
}

/** A message for another agent; or, without a body, taking those that wait in one's own mailbox. */
export interface UseMailbox {
  readonly type: 'use_mailbox';
  readonly path: string;
  readonly chain: readonly Hop[];
  readonly mailbox: string;
  readonly body: string | null;
  readonly replyTo: string | null;
  readonly call: string;
}

/** Reading waits for the first message, until a time (epoch milliseconds). */
export interface WaitMessage {
  readonly type: 'wait_message';
  readonly path: string;
  readonly mailbox: string;
  readonly until: number;
}

/** The answer of the run goes to whoever it is for: an act only where guardrails stand before that. */
export interface GiveAnswer {
  readonly type: 'give_answer';
  readonly path: string;
  readonly chain: readonly Hop[];
  readonly output: Json;
}

/** The steps that act on the outside and are decided first. */
export type Act =
  | CallModel
  | InvokeTool
  | HandOff
  | Delegate
  | StartChild
  | BeginRun
  | GiveAnswer
  | InvokeAgent
  | RelayModel
  | UseBoard
  | UseMailbox;

/** Facts that the plan itself draws: they need no decision and take no time. */
export type Fact =
  | OpenBranches
  | StartBranch
  | EndBranch
  | JoinBranches
  | RejectCall
  | ReturnWork
  | UpdateLedger
  | ChooseRoute
  | TakeAnswer
  | ReturnAnswer
  | Wait
  | EndWait
  | WaitChild
  | WaitMessage
  | RuleNode
  | AskPerson
  | SettleStray;

export type End = Finish | Fail | Cancel;

/** After each event the plan is a set of these, one per branch that may move; an `End` stands alone. */
/** A question of the workflow to people. Putting it takes no permit: nothing leaves but to the inbox. */
export interface AskInput {
  readonly type: 'ask_input';
  readonly path: string;
  readonly question: string;
  readonly schema: JsonObject;
  readonly role: string | null;
  readonly timeoutMs: number | null;
}

export type NextStep = Act | TryAgain | AskInput | Fact | TellChild | Rest | End;

export const isAct = (step: NextStep): step is Act =>
  step.type === 'call_model' ||
  step.type === 'invoke_tool' ||
  step.type === 'hand_off' ||
  step.type === 'delegate' ||
  step.type === 'start_child' ||
  step.type === 'begin_run' ||
  step.type === 'give_answer' ||
  step.type === 'invoke_agent' ||
  step.type === 'relay_model' ||
  step.type === 'use_board' ||
  step.type === 'use_mailbox';

export const isEnd = (step: NextStep): step is End =>
  step.type === 'finish' || step.type === 'fail' || step.type === 'cancel';
