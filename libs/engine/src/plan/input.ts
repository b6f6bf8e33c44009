import type { JsonObject } from '@writ/kernel';
import type { Node } from '@writ/registry';
import { branchOf } from '../path';
import { inputOf } from './leaves';
import { failedAs, type PlanAt, type Planned } from './plan-at';

/** A question to people: put once, then the branch rests until somebody answers or the time is over. */
export function planInput(node: Extract<Node, { type: 'input' }>, at: PlanAt): Planned {
  const { path, state } = at;
  const wait = state.branches.get(branchOf(path))?.wait;
  if (wait?.for === 'input' && wait.path === path) {
    if (wait.until !== null && at.now >= wait.until) return failedAs('input_timeout', 'nobody answered in time');
    return { next: [{ type: 'rest', path, until: wait.until }] };
  }
  const words = inputOf({ question: node.question }, at);
  if ('ended' in words) return words;
  const { question } = words.value;
  return {
    next: [
      {
        type: 'ask_input',
        path,
        question: typeof question === 'string' ? question : JSON.stringify(question),
        schema: node.schema as JsonObject,
        role: node.role ?? null,
        timeoutMs: node.timeout_ms ?? null,
      },
    ],
  };
}
