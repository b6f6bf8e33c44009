import type { JsonObject } from '@writ/kernel';
import type { AgentNode } from '../state';
import { failedAs, type PlanAt, type Planned } from './plan-at';
import { MAX_REPAIRS, readAnswer } from './structured-output';

/**
 * A final answer that must have a shape: taken when it has, told back to the model when it has not, twice at most, and
 * then the node fails by name. Nothing is guessed into shape.
 */
export function planAnswer(node: AgentNode, schema: JsonObject, { path }: PlanAt): Planned {
  const answer = readAnswer(node.answer, schema);
  if (answer.ok) return { next: [{ type: 'take_answer', path }] };
  const { code, message } = answer.failure;
  if (node.repairs >= MAX_REPAIRS) {
    return failedAs('output_invalid', `the answer was not what was asked for, ${node.repairs + 1} times: ${message}`);
  }
  return { next: [{ type: 'return_answer', path, code, message }] };
}
