import { APPROVAL_STATUSES, RISK_TIERS, RUN_STATUSES, VERDICTS } from '@writ/words';

/** The lists that one grammar searches. */
export type QueryList = 'runs' | 'audit' | 'approvals';

/**
 * - word: one of `words`                      - name: exact, or the beginning with `*`
 * - number, duration, time: also `> >= < <=` and `a..b`
 */
export type FieldType = 'word' | 'name' | 'number' | 'duration' | 'time';

export interface QueryField {
  readonly name: string;
  readonly type: FieldType;
  readonly about: string;
  readonly example: string;
  /** Of type `word`: all there are. */
  readonly words?: readonly string[];
}

const word = (name: string, words: readonly string[], about: string): QueryField => ({
  name,
  type: 'word',
  about,
  example: `${name}:${words[0]}`,
  words,
});
const field =
  (type: FieldType) =>
  (name: string, example: string, about: string): QueryField => ({ name, type, about, example: `${name}:${example}` });
const name = field('name');
const number = field('number');
const time = field('time');

const RUNS: readonly QueryField[] = [
  word('status', RUN_STATUSES, 'how the run stands'),
  word(
    'is',
    ['live', 'final', 'waiting', 'problem'],
    'live: not ended; problem: ended, and neither well nor cancelled',
  ),
  word(
    'has',
    ['denial', 'approval', 'handoff', 'retry', 'unknown', 'takeover'],
    'something that happened in it: a refusal, a question to a person, a lost outcome, another worker taking it over',
  ),
  name('workflow', 'refund_order', 'the workflow it runs'),
  name('agent', 'refund_agent', 'an agent that acted in it'),
  name('tool', 'payments_*', 'a tool it called, or asked for'),
  name('model', 'gpt*', 'a model it called, or asked for'),
  word('decision', VERDICTS, 'a decision made in it'),
  name('reason', 'agent_not_granted', 'the reason code of a decision made in it'),
  name('initiator', 'user:7f3a', 'the person or service it is for'),
  name('id', 'run_01k8x0q3wsf5z8k2m4n6p8r0t2', 'its id'),
  name('trace', '0af7651916cd43dd8448eb211c80319c', 'its W3C trace id'),
  time('started', '-24h..now', 'when it was started'),
  time('finished', '>=today', 'when it ended'),
  field('duration')('duration', '>30s', 'from its start to its end, or to now'),
  number('events', '>100', 'journal events so far'),
  number('tokens', '>10000', 'tokens its model calls were charged'),
  number('model_calls', '>=3', 'model calls so far'),
  number('tool_calls', '0', 'tool calls so far'),
];

const AUDIT: readonly QueryField[] = [
  name('type', 'action.*', 'type of the event'),
  name('actor', 'agent:refund_agent', 'who acted'),
  name('action', 'tool.invoke', 'what was done or asked for'),
  name('object', 'cancel_order', 'id of what it was done to'),
  name('kind', 'tool', 'type of what it was done to'),
  word('decision', VERDICTS, 'what was decided'),
  name('reason', 'agent_not_granted', 'reason code of the decision'),
  name('rule', 'orders-2', 'a rule that spoke in the decision'),
  name('outcome', 'error', 'what became of it'),
  word('tier', RISK_TIERS, 'the risk tier it was decided in, where the policy has controls of tiers'),
  name('run', 'run_01k8x0q3wsf5z8k2m4n6p8r0t2', 'the run, or tenant for the tenant’s own stream'),
  number('step', '3', 'step of the run'),
  name('id', 'evt_01k8x0q3wsf5z8k2m4n6p8r0t4', 'id of the event'),
  name('trace', '0af7651916cd43dd8448eb211c80319c', 'W3C trace id'),
  time('time', '-1h..now', 'when it happened, by its own clock'),
  number('index', '>=1000', 'its number in the log; events that are not sealed yet have none'),
  word('is', ['sealed', 'unsealed'], 'whether it is in the log under a checkpoint'),
];

const APPROVALS: readonly QueryField[] = [
  word('status', APPROVAL_STATUSES, 'how the request stands'),
  word(
    'is',
    ['open', 'settled', 'escalated', 'edited'],
    'open: people are being asked; escalated: others may decide as well; edited: with arguments people chose',
  ),
  name('workflow', 'refund_order', 'the workflow whose run waits'),
  name('agent', 'refund_agent', 'the agent that wants to act'),
  name('target', 'payments_*', 'what it wants to call'),
  name('action', 'tool.invoke', 'what it wants to do'),
  name('initiator', 'user:7f3a', 'the person or service it is for'),
  name('role', 'payments', 'a role whose holders may decide'),
  name('voter', 'user:91bc', 'somebody who said something about it'),
  name('reason', 'policy_changed', 'why it was withdrawn'),
  name('run', 'run_01k8x0q3wsf5z8k2m4n6p8r0t2', 'the run that waits'),
  name('id', 'apr_01k8x0q3wsf5z8k2m4n6p8r0t7', 'its id'),
  time('requested', '-24h..now', 'when it was asked'),
  time('expires', '<=today', 'when it ends unanswered'),
  time('resolved', '-7d..now', 'when it was settled'),
];

/** What each list can be asked for. */
export const QUERY_FIELDS: { readonly [L in QueryList]: readonly QueryField[] } = {
  runs: RUNS,
  audit: AUDIT,
  approvals: APPROVALS,
};

export const fieldOf = (list: QueryList, name: string): QueryField | undefined =>
  QUERY_FIELDS[list].find((one) => one.name === name);
