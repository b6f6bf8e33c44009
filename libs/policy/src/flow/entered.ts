import type { DecisionRequest } from '../types';
import type { FlowPolicy } from './compile';
import type { FlowFacts, FlowSource } from './facts';
import { Entered, UNTRUSTED } from './provenance';

const NOTHING: FlowFacts = { sources: [], unlabelled: false, left: false, tool: () => null };

const UNKEPT: FlowSource = { from: 'outside', name: 'what came before', step: null, labels: [UNTRUSTED], value: null };

/** What a request says of the run it belongs to. Throws for an act of a run that says nothing (I7). */
export function factsOf({ flow, run }: Pick<DecisionRequest, 'flow' | 'run'>): FlowFacts {
  if (flow === undefined && run !== undefined) throw new Error('nothing is known of what has entered the run');
  return flow ?? NOTHING;
}

/** What has entered a run, with the labels that count now; `ceiling` are those that whoever acts may have heard of. */
export function enteredIn(
  flow: FlowPolicy,
  { sources, unlabelled, tool }: FlowFacts,
  ceiling: ReadonlySet<string> | null,
): Entered {
  const all = unlabelled ? [...sources, UNKEPT] : sources;
  // People may write to any agent, whatever was handed to it.
  const most = ceiling === null ? null : new Set([...ceiling, ...flow.entries.person]);
  return new Entered(
    all.map((source) => {
      // What the policy says now counts as well as what was on record: labels are taken back by nobody.
      const now = source.from === 'tool' ? flow.toolFacts(source.name, tool(source.name)) : null;
      const own = now?.labels ?? flow.entryOf(source.from);
      const labels = own.every((one) => source.labels.includes(one))
        ? source.labels
        : [...new Set([...source.labels, ...own])];
      return { source, labels, vouches: now?.vouches ?? NO_POINTERS };
    }),
    most,
  );
}

const NO_POINTERS: readonly string[] = Object.freeze([]);
