import type { Json, JsonObject } from '@writ/kernel';
import type { DecisionRequest } from '@writ/policy';
import type { HeldRun } from '../held-run';
import type { UseBoard, UseMailbox } from '../next-step';
import { joinedLabels } from './board';

type Base = Omit<DecisionRequest, 'action' | 'object'>;

interface Shared {
  readonly target: string;
  readonly args: JsonObject;
  readonly request: DecisionRequest;
}

/**
 * A read or a write of the blackboard as what is decided. Labels are part of the arguments: a rule may refuse a key what
 * carries one, and what is recorded is what was decided.
 */
export function proposeBoard({ state, planner }: HeldRun, act: UseBoard, base: Base): Shared {
  const { key, write, expect, path } = act;
  const declared = planner.bill.workflow.definition.blackboard?.[key]?.labels;
  const args: { [name: string]: Json } = { op: write === undefined ? 'read' : 'write', key };
  if (write !== undefined) {
    args['value'] = write;
    if (expect !== null) args['expect'] = expect;
    // Also when there are none: a condition on what is not there would err, and an erring deny matches.
    args['labels'] = joinedLabels(declared, state.board.seen.get(path));
  }
  const action = write === undefined ? 'board.read' : 'board.write';
  const heard = write === undefined && sharedWith(base);
  return { target: key, args, request: { ...base, action, object: { type: 'board', id: key }, args, ...heard } };
}

/** Sending to a mailbox, or taking what waits in one's own, as what is decided. */
export function proposeMessage({ state }: HeldRun, act: UseMailbox, base: Base): Shared {
  const { mailbox, body, replyTo, path } = act;
  const args: { [name: string]: Json } = { op: body === null ? 'read' : 'send', mailbox };
  if (body !== null) {
    args['body'] = body;
    if (replyTo !== null) args['reply_to'] = replyTo;
    args['labels'] = joinedLabels(state.board.seen.get(path));
  }
  const action = body === null ? 'message.read' : 'message.send';
  const heard = body === null && sharedWith(base);
  return {
    target: mailbox,
    args,
    request: { ...base, action, object: { type: 'mailbox', id: mailbox }, args, ...heard },
  };
}

/** What agents share may hold whatever entered the run: whoever is to hear certain labels only must not read more. */
const sharedWith = ({ chain }: Base): Pick<DecisionRequest, 'heard'> =>
  chain.some(({ bounds }) => bounds?.labels !== undefined) ? { heard: { parts: {}, all: true } } : {};
