import type { Json, JsonObject } from '@writ/kernel';
import { evaluateCondition, type Node } from '@writ/registry';
import { childOf } from '../path';
import { planAgent } from './agent';
import { inputOf } from './leaves';
import { ended, failedAs, type PlanAt, type Planned } from './plan-at';

type GroupChat = Extract<Node, { type: 'group_chat' }>;
type Reflect = Extract<Node, { type: 'reflect' }>;

interface Said {
  readonly by: string;
  readonly text: Json;
}

/**
 * Several agents in one conversation. Each hears who said what so far, and speaks once per round; who is next is the
 * order's or the manager's to say. It ends when its condition holds over the last words, when the manager says so, or
 * with the last round. Its output is all that was said, in order.
 */
export function planGroupChat(node: GroupChat, at: PlanAt): Planned {
  const input = inputOf(node.input, at);
  if ('ended' in input) return input;
  const said: Said[] = [];
  const over = (): Planned =>
    ended({ rounds: said.length, last: said.at(-1)?.text ?? null, said: said as unknown as Json });
  for (let round = 0; round < node.max_rounds; round++) {
    const path = childOf(at.path, `#${round}`);
    const next = nextSpeaker(node, { round, said, topic: input.value }, { ...at, path: childOf(path, '+') });
    if (typeof next !== 'string') return next ?? over();
    const heard = { topic: input.value, you: next, said: said as unknown as Json };
    const planned = planAgent({ entry: next, input: heard }, { ...at, path });
    if ('next' in planned || !planned.ended.done) return planned;
    said.push({ by: next, text: planned.ended.output });
    const scope = { ...at.scope, loop: { index: round, last: planned.ended.output } };
    if (node.until && evaluateCondition(node.until, scope).holds) return over();
  }
  return over();
}

/** Who speaks in a round; null when the manager ends the conversation. */
function nextSpeaker(
  node: GroupChat,
  { round, said, topic }: { readonly round: number; readonly said: readonly Said[]; readonly topic: JsonObject },
  at: PlanAt,
): string | Planned | null {
  if (node.order === 'round_robin') return node.speakers[round % node.speakers.length]!;
  const output: JsonObject = {
    type: 'object',
    properties: { next: { enum: [...node.speakers, null] } },
    required: ['next'],
  };
  const task = 'Say who speaks next, or null when the conversation is over.';
  const input = { task, speakers: node.speakers, topic, said: said as unknown as Json };
  const planned = planAgent({ entry: node.order.manager, input, output }, at);
  if ('next' in planned || !planned.ended.done) return planned;
  return (planned.ended.output as { readonly next: string | null }).next;
}

const VERDICT: JsonObject = {
  type: 'object',
  properties: { score: { type: 'number', minimum: 0, maximum: 1 }, feedback: { type: 'string', maxLength: 8000 } },
  required: ['score', 'feedback'],
};

/**
 * An agent answers, a critic scores the answer; below the threshold the agent hears why and tries again. The first
 * answer that is good enough is the output; when none of `max` is, the node fails with the best score.
 */
export function planReflect(node: Reflect, at: PlanAt): Planned {
  const task = inputOf(node.input, at);
  if ('ended' in task) return task;
  let before: JsonObject | null = null;
  let best = 0;
  for (let round = 0; round < node.max; round++) {
    const path = childOf(at.path, `#${round}`);
    const input = before === null ? task.value : { task: task.value, ...before };
    const answered = planAgent({ entry: node.agent, input }, { ...at, path: childOf(path, 'answer') });
    if ('next' in answered || !answered.ended.done) return answered;
    const answer = answered.ended.output;
    const judged = planCritic(node, { task: task.value, answer }, { ...at, path: childOf(path, 'critic') });
    if ('next' in judged || !judged.ended.done) return judged;
    const { score, feedback } = judged.ended.output as { readonly score: number; readonly feedback?: Json };
    if (score >= node.threshold) return ended(answer);
    best = Math.max(best, score);
    before = { your_answer: answer, score, feedback: feedback ?? '' };
  }
  return failedAs('not_good_enough', `no answer of ${node.max} scored ${node.threshold}; the best scored ${best}`);
}

const planCritic = (node: Reflect, input: JsonObject, at: PlanAt): Planned => {
  const own = at.bill.agents.get(node.critic)?.definition.output !== undefined;
  return planAgent({ entry: node.critic, input, ...(!own && { output: VERDICT }) }, at);
};
