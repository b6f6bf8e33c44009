import type { Failure, Json } from '@writ/kernel';
import type { Node } from '@writ/registry';
import { childOf } from '../path';
import type { NodeResult } from '../state';
import { undoings } from './undo';
import { ended, type PlanAt, type Planned, type Scope } from './plan-at';

type SequenceNode = Extract<Node, { type: 'sequence' }>;
type Step = SequenceNode['steps'][number];

/** Steps one after the other; each sees what those before it gave, and says what its failure means. */
export function planSequence(node: SequenceNode, at: PlanAt): Planned {
  const cursor = cursorOf(at);
  for (; cursor.index < node.steps.length; cursor.index++) {
    const step = node.steps[cursor.index]!;
    const path = childOf(at.path, step.id);
    const planned = planStep(step, { ...at, path, scope: cursor.scope });
    if ('next' in planned) return planned;
    if (!planned.ended.done) return afterFailure(node, { step, path, at, failed: planned.ended });
    cursor.output = planned.ended.output;
    cursor.scope = { ...cursor.scope, steps: extended(cursor.scope.steps, step.id, planned.ended.output) };
  }
  return ended(cursor.output);
}

function cursorOf(at: PlanAt): { index: number; scope: Scope; output: Json } {
  let cursor = at.memory.cursors.get(at.path);
  if (!cursor) {
    cursor = { index: 0, scope: { ...at.scope, steps: { ...at.scope.steps } }, output: null };
    at.memory.cursors.set(at.path, cursor);
  }
  return cursor;
}

/** The sequence's own object grows in place: copying it at each step would cost the square of its length. */
function extended(steps: Scope['steps'], id: string, output: Json): Scope['steps'] {
  (steps as Record<string, { readonly output: Json }>)[id] = { output };
  return steps;
}

function planStep(step: Step, at: PlanAt): Planned {
  const rule = at.state.ruled.get(at.path);
  if (rule?.rule === 'fallback' && typeof step.on_error === 'object') {
    return at.plan(step.on_error.fallback, { ...at, path: childOf(at.path, '!') });
  }
  if (rule?.rule === 'compensate') return { ended: { done: false, status: 'failed', failure: rule.failure } };
  return at.plan(step.node, at);
}

interface Failed {
  readonly step: Step;
  readonly path: string;
  readonly at: PlanAt;
  readonly failed: Extract<NodeResult, { done: false }>;
}

function afterFailure(node: SequenceNode, { step, path, at, failed }: Failed): Planned {
  const { failure } = failed;
  const rule = ruleOf(step);
  const ruled = at.state.ruled.get(path)?.rule;
  if (ruled === undefined && rule !== 'fail') return { next: [{ type: 'rule_node', path, failure, rule }] };
  if (ruled === 'compensate') return undone(node, at, failure);
  return { ended: failed };
}

function ruleOf(step: Step): 'fail' | 'skip' | 'fallback' | 'compensate' {
  if (typeof step.on_error === 'object') return 'fallback';
  return step.on_error ?? 'fail';
}

/** Undoes what the sequence did, last first, each from what it really gave; then the sequence fails. */
function undone(node: SequenceNode, at: PlanAt, failure: Failure): Planned {
  const done: string[] = [];
  const failed: string[] = [];
  for (const { path, plan } of undoings(node, at.path, at)) {
    const result = at.state.results.get(path);
    if (!result) return plan();
    (result.done ? done : failed).push(path);
  }
  const details = { ...failure.details, compensated: done.join(', '), not_compensated: failed.join(', ') };
  const code = failed.length > 0 ? 'compensation_failed' : failure.code;
  const message = failed.length > 0 ? `${failure.message}; ${failed.join(', ')} could not be undone` : failure.message;
  return { ended: { done: false, status: 'failed', failure: { ...failure, code, message, details } } };
}
