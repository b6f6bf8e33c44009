import { type Closure, covers } from '@writ/rules';
import type { DecidedEvent, ReadStage } from './decision';
import { quote } from './report';

/** The rules on labels as a policy's stored text has them. */
export interface FlowText {
  readonly rules: { readonly [id: string]: RuleText };
  readonly trifecta?: { readonly ask?: string };
}
interface RuleText {
  readonly tools: readonly string[];
  readonly after: readonly string[];
  readonly ask?: string;
}

/** The rules on labels as far as verdicts can be recombined from them. */
export interface FlowView {
  readonly rules: ReadonlyMap<string, RuleText>;
  /** Whether a pattern names a tool. */
  names(pattern: string, tool: string): boolean;
}

export function flowView({ rules, trifecta }: FlowText, classes: Closure): FlowView {
  const all = new Map<string, RuleText>(Object.entries(rules).map(([id, rule]) => [`flow:${id}`, rule]));
  if (trifecta) all.set('flow:trifecta', { tools: ['*'], after: [], ...trifecta });
  return {
    rules: all,
    names: (pattern, tool) =>
      pattern.startsWith('class:') ? classes.has(`tool:${tool}`, pattern) : covers(pattern, tool),
  };
}

/**
 * What is wrong between the flow stage of a decision and the policy; null when nothing is. Where values came from is not in
 * evidence, so that a demand was not met is taken from the record; which rules may speak of this tool in a run that holds
 * these labels, and what those that spoke amount to, is not. Adds what the rules oblige to.
 */
export function flowFault(
  event: DecidedEvent,
  stage: ReadStage | undefined,
  { flow, obliged }: { readonly flow: FlowView | null; readonly obliged: Set<string> },
): string | null {
  if (stage === undefined) {
    const due = flow !== null && event.action === 'tool.invoke' && event.decision.verdict !== 'deny';
    return due ? 'Stage flow was not asked' : null;
  }
  if (flow === null) return 'Stage flow was asked, and the policy keeps no account of labels';
  if (event.action !== 'tool.invoke') return 'Stage flow was asked about something else than a call';
  let given = 'allow';
  for (const rid of stage.rids) {
    const rule = flow.rules.get(rid);
    if (!rule) return `Stage flow names rule ${quote(rid)}, which the policy does not have`;
    const tool = event.object?.id ?? '';
    const after = rule.after.length === 0 || rule.after.some((label) => event.labels.includes(label));
    if (!after || !rule.tools.some((pattern) => flow.names(pattern, tool))) {
      return `Stage flow names rule ${quote(rid)}, which does not speak of this call`;
    }
    if (rule.ask === undefined) given = 'deny';
    else {
      obliged.add(rule.ask);
      if (given === 'allow') given = 'ask';
    }
  }
  return given === stage.verdict ? null : `The rules of stage flow say ${given}, the stage says ${stage.verdict}`;
}
