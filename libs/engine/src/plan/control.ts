import type { Json } from '@writ/kernel';
import { evaluateCondition, type Node } from '@writ/registry';
import { childOf } from '../path';
import { ended, failedAs, type PlanAt, type Planned } from './plan-at';

/** The first case whose condition holds; without one, `otherwise`, or nothing. */
export function planChoice(node: Extract<Node, { type: 'choice' }>, at: PlanAt): Planned {
  const chosen = node.cases.findIndex(({ when }) => evaluateCondition(when, at.scope).holds);
  if (chosen >= 0) return at.plan(node.cases[chosen]!.node, { ...at, path: childOf(at.path, `?${chosen}`) });
  return node.otherwise ? at.plan(node.otherwise, { ...at, path: childOf(at.path, '?') }) : ended(null);
}

/** A node again and again, until the condition holds over what it gave or `max` is reached. */
export function planLoop(node: Extract<Node, { type: 'loop' }>, at: PlanAt): Planned {
  const { cursors } = at.memory;
  let cursor = cursors.get(at.path);
  if (!cursor) cursors.set(at.path, (cursor = { index: 0, scope: at.scope, output: null }));
  for (; cursor.index < node.max; cursor.index++) {
    const scope = { ...at.scope, loop: { index: cursor.index, last: cursor.output } };
    const planned = at.plan(node.node, { ...at, path: childOf(at.path, `#${cursor.index}`), scope });
    if ('next' in planned || !planned.ended.done) return planned;
    const output: Json = planned.ended.output;
    const after = { ...at.scope, loop: { index: cursor.index, last: output } };
    if (node.until && evaluateCondition(node.until, after).holds) return ended(output);
    cursor.output = output;
  }
  if (node.exhausted === 'last') return ended(cursor.output);
  if (node.exhausted === 'fail') {
    return failedAs('loop_exhausted', `${at.path || 'the loop'} ran ${node.max} times and its condition did not hold`);
  }
  const scope = { ...at.scope, loop: { index: node.max, last: cursor.output } };
  return at.plan(node.exhausted.node, { ...at, path: childOf(at.path, '!'), scope });
}
