import { canonicalJson, type Json, type JsonObject } from '@writ/kernel';
import { checkInput, type Node } from '@writ/registry';
import type { NextStep, UseBoard } from '../next-step';
import { branchOf } from '../path';
import { inputOf } from './leaves';
import { failedAs, type PlanAt, type Planned } from './plan-at';
import { withOpenStep } from './recover';
import type { Speaking } from './speaking';

/** The workflow itself reads a key of its blackboard, or writes it. */
export function planBoard(node: Extract<Node, { type: 'board' }>, at: PlanAt): Planned {
  const { path, chain } = at;
  const { key, write, expect } = node;
  const template = { ...(write !== undefined && { write }), ...(expect !== undefined && { expect }) };
  const filled = inputOf(template as JsonObject, at);
  if ('ended' in filled) return filled;
  const act = { type: 'use_board', path, chain, key, call: null } as const;
  if (write === undefined) return withOpenStep({ next: [{ ...act, write: undefined, expect: null }] }, at);
  const value = filled.value['write'] ?? null;
  const fault = faultOf(at, key, value);
  if (fault !== null) return failedAs('board_value_invalid', fault);
  const version = filled.value['expect'];
  if (version !== undefined && !Number.isInteger(version)) {
    return failedAs('board_value_invalid', `the version that ${key} is expected to have is no whole number`);
  }
  const next: UseBoard = { ...act, write: value, expect: (version as number | undefined) ?? null };
  return withOpenStep({ next: [next] }, at);
}

/** An agent's call of `board_read` or `board_write`. */
export function planBoardCall({ at, chain }: Speaking, call: string, args: JsonObject): Planned {
  const { path } = at;
  const key = String(args['key']);
  const act = { type: 'use_board', path, chain, key, call } as const;
  const value = args['value'];
  if (value === undefined) return one({ ...act, write: undefined, expect: null });
  const fault = faultOf(at, key, value);
  if (fault !== null) return one({ type: 'reject_call', path, call, code: 'board_value_invalid', message: fault });
  return one({ ...act, write: value, expect: Number(args['expect']) });
}

/** Why a value cannot stand on the blackboard, or null. */
function faultOf({ bill }: PlanAt, key: string, value: Json): string | null {
  const declared = bill.workflow.definition.blackboard?.[key];
  if (!declared) return `the blackboard has no key ${key}`;
  const size = canonicalJson(value).length;
  if (size > declared.max_chars) return `${key} takes ${declared.max_chars} characters, and this has ${size}`;
  const fault = checkInput(declared.schema as JsonObject, value);
  return fault && fault.message.replace('the input', 'the value');
}

/** An agent's call of `send_message` or `read_messages`. Reading may wait for the first message, up to a time. */
export function planMessageCall(
  { at, chain, agent }: Speaking,
  { call, op, args }: { readonly call: string; readonly op: 'send' | 'read'; readonly args: JsonObject },
): Planned {
  const { path, state, now } = at;
  if (op === 'send') {
    const replyTo = args['reply_to'];
    const act = {
      type: 'use_mailbox',
      path,
      chain,
      mailbox: String(args['to']),
      body: String(args['body']),
      call,
    } as const;
    return one({ ...act, replyTo: typeof replyTo === 'string' ? replyTo : null });
  }
  const mailbox = agent.definition.name;
  const read = { type: 'use_mailbox', path, chain, mailbox, body: null, replyTo: null, call } as const;
  const patience = Number(args['wait_seconds'] ?? 0) * 1_000;
  const branch = state.branches.get(branchOf(path));
  const waiting = state.board.mail.get(mailbox) ?? [];
  // A read whose outcome is lost is the same read again, whatever has come since.
  if (waiting.length > 0 || patience === 0 || branch?.open?.intent.kind === 'message') return one(read);
  const { wait } = branch ?? {};
  if (wait?.for !== 'message' || wait.path !== path)
    return one({ type: 'wait_message', path, mailbox, until: now + patience });
  return now < wait.until ? one({ type: 'rest', path, until: wait.until }) : one(read);
}

const one = (step: NextStep): Planned => ({ next: [step] });
