import type { ApprovalId, InputId, Json, JsonObject, MailId } from '@writ/kernel';

/** People settled a request. Whether the act may happen is decided again when it is taken. */
export interface ApprovalAnswered {
  readonly type: 'approval_answered';
  readonly at: number;
  readonly mail: MailId;
  /** Where the act stands: the path of its node. */
  readonly path: string;
  readonly approval: ApprovalId;
  readonly verdict: 'approved' | 'rejected';
  readonly by: string;
  /** Arguments in place of those that were asked about, and the request they replaced. */
  readonly edited?: { readonly of: ApprovalId; readonly args: JsonObject };
}

/** A request ended without an act: what it was about, or what it rested on, is no longer so. */
export interface ApprovalEnded {
  readonly type: 'approval_ended';
  readonly at: number;
  readonly path: string;
  readonly approval: ApprovalId;
  readonly reason: string;
}

/** People answered a question of the workflow: the node's output. */
export interface InputAnswered {
  readonly type: 'input_answered';
  readonly at: number;
  readonly mail: MailId;
  readonly path: string;
  readonly input: InputId;
  readonly answer: Json;
  readonly by: string;
}

/** An operator told the agents of the run something: they see it, as from an operator, with their next turn. */
export interface NoteReceived {
  readonly type: 'note_received';
  readonly at: number;
  readonly mail: MailId;
  readonly text: string;
  readonly by: string;
}

export interface SignalReceived {
  readonly type: 'signal_received';
  readonly at: number;
  readonly mail: MailId;
  readonly name: string;
  readonly payload: Json;
  readonly correlation?: string;
  readonly by: string;
}
