import type { Failure, Json, JsonObject } from '@writ/kernel';
import type { HeldRun } from '../held-run';
import { isOver } from '../fold/branches';
import { branchOf } from '../path';
import { joinedLabels, type Message, messageId } from './board';

export type Shared = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly failure: Failure };

interface Asked {
  readonly kind: 'board' | 'message';
  readonly path: string;
  readonly target: string;
  readonly agent: string | null;
  readonly args: JsonObject;
  readonly step: number;
}

/** Characters of message bodies that one read takes; the others wait for the next. */
const MOST_TAKEN_CHARS = 20_000;

/**
 * What comes of an allowed read, write or message, from the state as it is now. It is recorded in the same turn of the
 * event loop, so nothing changes in between: of two writers that saw the same version, the journal's order says who was
 * first, and the other is told of the conflict.
 */
export function sharedOutcome(held: HeldRun, asked: Asked): Shared {
  if (isOver(held.state, branchOf(asked.path)))
    return failed({
      code: 'branch_cancelled',
      class: 'cancelled',
      message: 'the join was decided without this branch',
    });
  if (asked.kind === 'board') return boardOutcome(held, asked);
  return asked.args['op'] === 'read' ? taken(held, asked) : sent(held, asked);
}

function boardOutcome({ state, planner }: HeldRun, { target: key, args }: Asked): Shared {
  const declared = planner.bill.workflow.definition.blackboard?.[key];
  const entry = state.board.entries.get(key);
  const version = entry?.version ?? 0;
  const labels = entry?.labels ?? joinedLabels(declared?.labels);
  if (args['op'] === 'read') {
    const value = entry ? entry.value : ((declared?.initial as Json | undefined) ?? null);
    return { ok: true, value: { key, version, value, labels } };
  }
  const expect = args['expect'];
  if (expect !== undefined && expect !== version) {
    const message = `${key} is at version ${version}, not ${String(expect)}: somebody else has written it since`;
    return failed({ code: 'board_conflict', class: 'permanent', message, details: { key, version } });
  }
  return {
    ok: true,
    value: { key, version: version + 1, labels: (args['labels'] as readonly string[] | undefined) ?? [] },
  };
}

function sent({ state, planner }: HeldRun, { target, step }: Asked): Shared {
  const waiting = state.board.mail.get(target)?.length ?? 0;
  const capacity = planner.bill.workflow.definition.mailboxes?.[target]?.capacity ?? 0;
  if (waiting >= capacity) {
    const message = `${target} has ${waiting} unread messages, and no more fit`;
    return failed({ code: 'mailbox_full', class: 'permanent', message, details: { capacity } });
  }
  return { ok: true, value: { id: messageId(step), waiting: waiting + 1 } };
}

function taken({ state }: HeldRun, { target }: Asked): Shared {
  const waiting = state.board.mail.get(target) ?? [];
  const messages: Message[] = [];
  let chars = 0;
  for (const message of waiting) {
    chars += message.body.length;
    if (messages.length > 0 && chars > MOST_TAKEN_CHARS) break;
    messages.push(message);
  }
  const left = waiting.length - messages.length;
  return { ok: true, value: { messages: messages.map((message) => ({ ...message })), left } };
}

const failed = (failure: Failure): Shared => ({ ok: false, failure });
