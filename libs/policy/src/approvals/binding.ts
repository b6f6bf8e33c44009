import { canonicalJson, digestOf, type Json, type JsonObject } from '@writ/kernel';
import { sentence } from '../sentence';
import type { Snapshot } from '../snapshot';
import type { Decision, DecisionRequest } from '../types';
import type { DefinedTool } from '../flow/facts';
import { basisOf } from './basis';
import type { Parties } from './eligibility';
import { ruleTexts, ruleWords } from './rule-texts';
import { type ApprovalTerms, termsOf } from './terms';

/** Everything one approval is about. Used for nothing else: what differs in any bound part needs an approval of its own. */
export interface Binding {
  readonly args_digest: string;
  /** Digest of the definition that is called: a tool, a model, an agent. */
  readonly target_digest: string;
  readonly chain_digest: string;
  readonly basis: string;
  /** Business object the call touches, as text; empty for none. */
  readonly resource: string;
}

/** The parts of a binding in words, for whoever asks why an approval no longer fits. */
const BINDING_WORDS: { readonly [P in keyof Binding]: string } = {
  args_digest: 'arguments_changed',
  target_digest: 'definition_changed',
  chain_digest: 'chain_changed',
  basis: 'policy_changed',
  resource: 'resource_changed',
};

/** What a person is shown, and decides about. */
export interface AskedAct {
  readonly request: DecisionRequest;
  readonly decision: Decision;
  readonly snapshot: Snapshot;
  readonly args: JsonObject;
  readonly argsDigest: string;
  readonly targetDigest: string;
  /** Who called for the initiator. */
  readonly caller: string;
}

export function bindingOf({ request, decision, snapshot, argsDigest, targetDigest }: AskedAct): Binding {
  const chain = request.chain.map(({ agent, digest, delegation = null, mode = null }): Json => [
    agent,
    digest,
    delegation,
    mode,
  ]);
  const { resource, initiator } = request;
  return {
    args_digest: argsDigest,
    target_digest: targetDigest,
    // The initiator is the root of the chain.
    chain_digest: digestOf(canonicalJson([initiator.id, [...initiator.roles].sort(), chain])),
    basis: basisOf(decision, snapshot),
    resource: resource ? `${resource.type} ${resource.id}` : '',
  };
}

/** The first bound part in which two bindings differ, in words; null when they are the same. */
export function differsIn(bound: Binding, now: Binding): string | null {
  for (const part of Object.keys(BINDING_WORDS) as (keyof Binding)[]) {
    if (bound[part] !== now[part]) return BINDING_WORDS[part];
  }
  return null;
}

/** A rule that asked, for people who decide. */
export interface AskingRule {
  readonly rid: string;
  readonly words: string;
  readonly line: string;
  readonly condition: Json | null;
}

/** The rules under which this decision asks. */
function askingRules({ decision, snapshot }: Pick<AskedAct, 'decision' | 'snapshot'>): readonly AskingRule[] {
  const texts = ruleTexts(snapshot);
  const found = new Map<string, AskingRule>();
  for (const { verdict, matches } of decision.stages) {
    if (verdict !== 'ask') continue;
    for (const { rid, condition } of matches) {
      const line = texts.line(rid);
      if (line === undefined) continue;
      const expression = condition === null ? null : (texts.condition(condition) ?? null);
      found.set(rid, { rid, line, words: ruleWords(rid, line), condition: expression });
    }
  }
  return [...found.values()];
}

/** The request as it is kept: one JSON document beside the columns that are searched. */
export interface RequestDocument {
  readonly binding: Binding;
  readonly terms: ApprovalTerms;
  readonly parties: Parties;
  /** What is asked, in one sentence. */
  readonly sentence: string;
  /** Why it is asked. */
  readonly why: string;
  readonly rules: readonly AskingRule[];
  readonly request: Omit<DecisionRequest, 'flow'>;
  readonly args: JsonObject;
  readonly decision: Decision;
  /** What had entered the run, in labels: enough to decide about other arguments. */
  readonly entered?: { readonly held: readonly string[]; readonly left: boolean; readonly tool: DefinedTool | null };
  /** Of a request for access to a thing of an application: who asked for it after which denial, until when at most, and why. */
  readonly access?: {
    readonly enforcer: string;
    readonly evaluation: string;
    /** Epoch milliseconds. */
    readonly until: number | null;
    readonly reason: string;
  };
  /** Of a request that an edit made: the one it took the place of, who edited, and what the run asked with. */
  readonly editOf?: string;
  readonly editedBy?: string;
  readonly original?: JsonObject;
}

export function documentOf(asked: AskedAct, authors: readonly string[]): RequestDocument {
  const { request, decision, args, caller } = asked;
  // What entered the run stays in the run; what is handed on stands among the arguments.
  const { flow, heard: _heard, ...kept } = request;
  const entered = flow && {
    entered: { held: decision.flow?.held ?? [], left: flow.left, tool: flow.tool(request.object.id) },
  };
  return {
    binding: bindingOf(asked),
    terms: termsOf(decision.obligations),
    parties: {
      requesters: [...new Set([request.initiator.id, caller])],
      chain: request.chain.map(({ agent }) => agent),
      authors,
    },
    sentence: asking(request),
    why: sentence(decision),
    rules: askingRules(asked),
    request: kept,
    args,
    decision,
    ...entered,
  };
}

const VERBS: { readonly [action: string]: string } = {
  'tool.invoke': 'call',
  'model.invoke': 'ask the model',
  'data.read': 'read',
  handoff: 'hand over to',
  delegate: 'give work to',
  'run.start': 'start',
};

/** `orders wants to call refund on order #W1 for user:ann`. */
function asking({ chain, initiator, action, object, resource, handoff, outside }: DecisionRequest): string {
  if (outside !== undefined) {
    const by = chain.length === 0 ? '' : ` through ${chain.map(({ agent }) => agent).join(' → ')}`;
    return `${initiator.id} wants to ${action} ${object.type} ${object.id}${by}`;
  }
  if (action === 'run.start' && chain.length === 0) return `${initiator.id} wants to start ${object.id}`;
  const who = chain.at(-1)?.agent ?? 'The workflow';
  const on = resource ? ` on ${resource.type} ${resource.id}` : '';
  const purpose = handoff ? `: ${handoff.purpose}` : '';
  return `${who} wants to ${VERBS[action] ?? action} ${object.id}${on} for ${initiator.id}${purpose}`;
}

export const rolesOf = (terms: ApprovalTerms): readonly string[] => [
  ...new Set(terms.requirements.flatMap(({ roles, escalation }) => [...roles, ...(escalation?.roles ?? [])])),
];
