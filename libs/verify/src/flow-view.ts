import { type Closure, covers, passesOn } from '@writ/rules';
import type { DecidedEvent, ReadStage } from './decision';
import { quote } from './report';

/** The rules on labels as a policy's stored text has them. */
export interface FlowText {
  readonly rules: { readonly [id: string]: RuleText };
  readonly trifecta?: { readonly ask?: string };
  readonly service?: ServiceText;
}
interface ServiceText {
  readonly payload: string;
  readonly ask?: string;
}
interface RuleText {
  readonly tools: readonly string[];
  readonly after: readonly string[];
  readonly ask?: string;
}

/** The rules on labels as far as verdicts can be recombined from them. */
export interface FlowView {
  readonly rules: ReadonlyMap<string, RuleText>;
  /** Null where the policy does not speak of services: then whoever may decide is asked. */
  readonly service: ServiceText | null;
  /** Whether a pattern names a tool. */
  names(pattern: string, tool: string): boolean;
}

export function flowView({ rules, trifecta, service }: FlowText, classes: Closure): FlowView {
  const all = new Map<string, RuleText>(Object.entries(rules).map(([id, rule]) => [`flow:${id}`, rule]));
  if (trifecta) all.set('flow:trifecta', { tools: ['*'], after: [], ...trifecta });
  return {
    rules: all,
    service: service ?? null,
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
  {
    flow,
    obliged,
    serves,
  }: {
    readonly flow: FlowView | null;
    readonly obliged: Set<string>;
    /** Whether the rules let the receiver of a handoff act by its own grants. */
    readonly serves: boolean;
  },
): string | null {
  const { action, decision } = event;
  if (stage === undefined) {
    const asked = action === 'tool.invoke' ? flow !== null : serves && (flow?.service ?? null) !== null;
    return asked && decision.verdict !== 'deny' ? 'Stage flow was not asked' : null;
  }
  if (action === null || !ASKED.has(action)) return 'Stage flow was asked about something else than a call';
  // Nobody kept account, and a delegation relies on it.
  if (flow === null && !(stage.rids.length === 1 && stage.rids[0] === BEYOND_LABELS)) {
    return 'Stage flow was asked, and the policy keeps no account of labels';
  }
  let given = 'allow';
  for (const rid of stage.rids) {
    const spoken = DELEGATIONS.has(rid) ? ofDelegation(rid, action, flow) : ofRule(rid, event, flow);
    if ('fault' in spoken) return `Stage flow names rule ${quote(rid)}, which ${spoken.fault}`;
    if (spoken.ask === undefined) given = 'deny';
    else {
      obliged.add(spoken.ask);
      if (given === 'allow') given = 'ask';
    }
  }
  return given === stage.verdict ? null : `The rules of stage flow say ${given}, the stage says ${stage.verdict}`;
}

/** The acts by which values go somewhere: a call, a handing on, a read of what agents share. */
const ASKED: ReadonlySet<string> = new Set(['tool.invoke', 'handoff', 'delegate', 'board.read', 'message.read']);

const BEYOND_LABELS = 'delegation:labels';
const UNSHAPED_PAYLOAD = 'delegation:payload';
const TAINTED_SERVICE = 'delegation:service';
/** What stands in no policy: it follows from a delegation, or from what a service is. */
const DELEGATIONS: ReadonlySet<string> = new Set([BEYOND_LABELS, UNSHAPED_PAYLOAD, TAINTED_SERVICE]);
/** The obligation where the policy does not speak of services. */
const UNSPOKEN = 'tainted_service';

/** A rule that may speak, and what it asks for; one that asks for nothing denies. */
type Spoken = { readonly ask: string | undefined } | { readonly fault: string };

const NO_SPEECH: Spoken = { fault: 'does not speak of this call' };

function ofDelegation(rid: string, action: string, flow: FlowView | null): Spoken {
  if (rid === BEYOND_LABELS) return { ask: undefined };
  if (flow === null || !passesOn(action)) return NO_SPEECH;
  if (rid === UNSHAPED_PAYLOAD) return flow.service?.payload === 'schema' ? { ask: undefined } : NO_SPEECH;
  return { ask: flow.service === null ? UNSPOKEN : flow.service.ask };
}

function ofRule(rid: string, { action, object, labels }: DecidedEvent, flow: FlowView | null): Spoken {
  const rule = flow?.rules.get(rid);
  if (!flow || !rule) return { fault: 'the policy does not have' };
  const after = rule.after.length === 0 || rule.after.some((label) => labels.includes(label));
  const named = rule.tools.some((pattern) => flow.names(pattern, object?.id ?? ''));
  return action === 'tool.invoke' && after && named ? { ask: rule.ask } : NO_SPEECH;
}
