import type { Json } from '@writ/kernel';
import type { StepIntended } from '../events';
import type { FlowAccount, FlowSource, RunState } from '../state';

const accountOf = (state: RunState): FlowAccount =>
  (state.flow ??= { sources: [], left: false, unlabelled: state.usage.tool_calls > 0 });

/**
 * A tool call is on record; called before it counts as one. What it will bring counts from now on: branches side by side
 * would otherwise each find that the others had brought nothing yet.
 */
export function goOut(state: RunState, { kind, target, step, decision }: StepIntended): void {
  if (kind !== 'tool') return;
  const { flow } = decision;
  if (flow === undefined) {
    if (state.flow) state.flow.unlabelled = true;
    return;
  }
  const account = accountOf(state);
  if (flow.sink === 'egress') account.left = true;
  put(account, { from: 'tool', name: target, step, labels: flow.brings, value: null });
}

/** A tool answered: its answer carries what the decision said it would. */
export function bringIn(state: RunState, { target, step, decision }: StepIntended, value: Json): void {
  if (decision.flow === undefined) return;
  put(accountOf(state), { from: 'tool', name: target, step, labels: decision.flow.brings, value });
}

/** One entry for a step, however often it is tried. */
function put({ sources }: FlowAccount, source: FlowSource): void {
  const at = sources.findLastIndex(({ step }) => step === source.step);
  if (at < 0) sources.push(source);
  else sources[at] = source;
}

/** Something entered that no tool brought: what a person said, a signal, what came of a child run or a framework. */
export function enter(
  state: RunState,
  source: Pick<FlowSource, 'from' | 'name' | 'value'> & { labels?: readonly string[] },
): void {
  const { from, name, value, labels = [] } = source;
  accountOf(state).sources.push({ from, name, step: null, labels, value });
}

/** What leaves this run with its result, or goes with the input of a run it starts. */
export function carried(state: RunState): { readonly labels: readonly string[]; readonly left: boolean } | null {
  const { flow, started } = state;
  if (!flow) return started.parent?.flow ?? null;
  const labels = new Set([...(started.parent?.flow?.labels ?? []), ...flow.sources.flatMap((one) => one.labels)]);
  if (flow.unlabelled) labels.add('untrusted');
  return { labels: [...labels].sort(), left: flow.left || started.parent?.flow?.left === true };
}
