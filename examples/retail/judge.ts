import { isDeepStrictEqual } from 'node:util';
import type { RunEvent } from '@writ/engine';
import { canonicalJson, type Json } from '@writ/kernel';
import { answerDifference, changeDifferences } from './compare';
import type { Conversation } from './conversations';
import type { LabelledCall, RecordedStep, RecordedTask } from './dataset';
import { type CallOutcome, outcomesOf } from './outcomes';
import type { LoggedCall } from './shop-state';

/** Everything seen of one finished run: its journal, what reached the shop under its name, what the shop's records became. */
export interface Seen {
  readonly events: readonly RunEvent[];
  readonly logged: readonly LoggedCall[];
  readonly changes: { readonly [record: string]: Json };
}

/** Tools of the shop that only resolvers use. */
const isFact = (tool: string): boolean => tool.endsWith('_facts');

/**
 * No lost and no doubled effect: what reached the shop is exactly the calls that were allowed, each performed once, in
 * order, however often it was asked for.
 */
function effectDifferences(calls: readonly CallOutcome[], logged: readonly LoggedCall[]): string[] {
  const found: string[] = [];
  const reached = logged.filter((call) => !isFact(call.tool));
  const allowed = calls.filter((call) => call.verdict === 'allow');
  const name = (call: { tool: string; args: Json }): string => `${call.tool} ${canonicalJson(call.args)}`;
  const order = [...reached].sort((a, b) => stepOf(a.key) - stepOf(b.key));
  if (!isDeepStrictEqual(order.map(name), allowed.map(name))) {
    found.push(`the shop saw ${order.length} calls where ${allowed.length} were allowed, or others than those`);
  }
  for (const call of reached) {
    if (call.effects !== 1) found.push(`${call.tool} (key ${call.key}) took effect ${call.effects} times`);
  }
  return found;
}

/** The position of the step in its run; what the engine's keys end with. */
const stepOf = (key: string): number => Number(/(\d+)$/.exec(key)?.[1] ?? -1);

function sameCalls(conversation: Conversation, calls: readonly CallOutcome[]): string[] {
  if (calls.length === conversation.calls.length) return [];
  return [`${conversation.calls.length} calls were to be made, ${calls.length} were decided`];
}

/** How a task's run differs from the recording; empty when it does not. */
export function judgeTask(conversation: Conversation<RecordedStep>, task: RecordedTask, seen: Seen): string[] {
  const { calls, rejected } = outcomesOf(seen.events);
  const found = [...rejected, ...sameCalls(conversation, calls)];
  conversation.calls.forEach((step, i) => {
    const call = calls[i];
    if (!call) return;
    if (call.tool !== step.name || !isDeepStrictEqual(call.args, step.arguments)) {
      found.push(`step ${i}: ${call.tool} was called where ${step.name} was recorded`);
    } else if (call.verdict === 'deny') {
      found.push(`step ${i}: ${step.name} was denied: ${call.reason}`);
    } else {
      const difference = call.answer ? answerDifference(step, call.answer) : `${step.name} has no answer`;
      if (difference !== null) found.push(`step ${i}: ${difference}`);
    }
  });
  return [...found, ...effectDifferences(calls, seen.logged), ...changeDifferences(task, seen.changes)];
}

export interface OwnershipVerdict {
  readonly correct: number;
  readonly differences: readonly string[];
}

/** `Denied: order #W1 belongs to ann_1, and rule customer-reads-own-order allows only the owner.` */
const NAMES_THE_OWNER = /^Denied: \S+ \S+ belongs to \S+, and rule customer-\S*own\S* allows only the owner\.$/;

/**
 * Compares each decision with its label. A refusal must say in one sentence whose it is and which rule says so. A refused call must not have reached its tool: nothing in the shop's log names
 * it, and nothing but facts was read on its behalf.
 */
export function judgeOwnership(conversation: Conversation<LabelledCall>, seen: Seen): OwnershipVerdict {
  const { calls, rejected } = outcomesOf(seen.events);
  const differences = [...rejected, ...sameCalls(conversation, calls)];
  let correct = 0;
  conversation.calls.forEach((labelled, i) => {
    const call = calls[i];
    if (!call) return;
    const where = `call ${i}: ${labelled.name} (${labelled.why})`;
    if (call.tool !== labelled.name || !isDeepStrictEqual(call.args, labelled.arguments)) {
      differences.push(`${where}: ${call.tool} was called instead`);
    } else if (call.verdict !== labelled.expect) {
      differences.push(`${where}: expected ${labelled.expect}, got ${call.verdict} (${call.reason})`);
    } else if (call.verdict === 'deny' && !NAMES_THE_OWNER.test(call.sentence)) {
      differences.push(`${where}: its explanation does not name the owner rule: ${call.sentence}`);
    } else {
      correct += 1;
    }
  });
  return { correct, differences: [...differences, ...effectDifferences(calls, seen.logged)] };
}
