import type { JsonObject } from '@writ/kernel';
import { type Verdict, VERDICTS } from '@writ/words';
import type { Decision } from './useDecisions';

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

const ACTIONS: { readonly [action: string]: string } = {
  'tool.invoke': 'call tool',
  'model.invoke': 'call model',
  'data.read': 'read data with',
  handoff: 'hand over to',
  delegate: 'give work to',
  'run.start': 'start workflow',
  'run.finish': 'give the answer of',
  'guardrail.check': 'ask for guardrail',
  'agent.invoke': 'call the framework of',
  'board.read': 'read the shared',
  'board.write': 'write the shared',
  'message.send': 'send a message to',
  'message.read': 'read the messages of',
};

/** “clerk: call tool pay”. */
export function aboutOf({ action, object }: Pick<Decision, 'action' | 'object'>): string {
  const who = text(object['agent']) ?? text(object['subject']);
  const what = `${ACTIONS[action] ?? action} ${text(object['id']) ?? ''}`.trim();
  return who === null ? what : `${who}: ${what}`;
}

/** One question of a decision, as the contract's loose JSON holds it. */
export interface StageView {
  readonly stage: string;
  readonly subject: string;
  readonly verdict: Verdict;
  readonly explicit: boolean;
  readonly matches: readonly MatchView[];
}

export interface MatchView {
  readonly rid: string;
  readonly effect: string;
  readonly condition: string | null;
  readonly read: JsonObject;
  readonly error: string | null;
}

const list = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? (value as JsonObject[]) : []);

/** The stages of a decision; what a newer server adds is passed over, not stumbled on. */
export function stagesOf(decision: Pick<Decision, 'stages'>): readonly StageView[] {
  return decision.stages.map((stage) => ({
    stage: text(stage['stage']) ?? '?',
    subject: text(stage['subject']) ?? '',
    verdict: VERDICTS.find((one) => one === stage['verdict']) ?? 'deny',
    explicit: stage['explicit'] === true,
    matches: list(stage['matches']).map((match) => ({
      rid: text(match['rid']) ?? '?',
      effect: text(match['effect']) ?? '?',
      condition: text(match['condition']),
      read: (match['read'] ?? {}) as JsonObject,
      error: text(match['error']),
    })),
  }));
}

export interface MissView {
  readonly rid: string;
  readonly stage: string;
  readonly subject: string;
  readonly missing: string;
}

export const missesOf = (decision: Pick<Decision, 'near_misses'>): readonly MissView[] =>
  decision.near_misses.map((miss) => ({
    rid: text(miss['rid']) ?? '',
    stage: text(miss['stage']) ?? '',
    subject: text(miss['subject']) ?? '',
    missing: text(miss['missing']) ?? '',
  }));

const STAGES: { readonly [stage: string]: string } = {
  guardrail: 'Guardrails and stops',
  agent: 'The agent',
  initiator: 'Whom it is for',
  delegation: 'The agents before',
  mandate: 'The mandate of the run',
  flow: 'Where its values came from',
  tier: 'The risk tier of what acts',
  policy: 'The policy itself',
};

export const stageName = (stage: string): string => STAGES[stage] ?? stage;

const OPTIONS: { readonly [reason: string]: readonly string[] } = {
  stopped: ['Release the stop, if its reason no longer holds.'],
  agent_not_granted: ['Let an agent that already may do it take over.', 'Add a rule that grants it to this agent.'],
  initiator_not_granted: ['Start the run for somebody who may.', 'Give the initiator a role a rule grants it to.'],
  delegation_not_granted: ['Begin with an agent that may; no later agent gets more than the first.'],
  delegation_revoked: ['Hand over again: what was taken back stays so.'],
  delegation_expired: ['Hand over again, or give it for longer (`gives` of the agent before, `lasts_ms`).'],
  delegation_exceeded: [
    'Give more along with the handoff (`gives` of the agent before), within what all before it may.',
  ],
  handoff_not_granted: ['Hand over to an agent the policy names.', 'Add a handoff rule (p2) between the two agents.'],
  mandate_exceeded: ['Start the run with a wider mandate.', 'Stay inside the mandate: other arguments, another tool.'],
  flow_not_allowed: [
    'Say where it goes in the input of the run, or let a tool that is trusted bring it.',
    'Let the flow rule ask a person (`ask`), or name in `vouches` what the tool itself vouches for.',
    'Of a handoff: pass on less, in the shape the receiver takes, or let the delegation be for more labels.',
  ],
  guardrail_denied: [
    'Leave out what the guardrail found; what it found is said above, what it was is not.',
    'Let the guardrail take it out (`then: redact`), or ask a person (`ask`).',
  ],
  guardrail_failed: [
    'Mend what the guardrail asks: a check that failed lets nothing pass.',
    'Where little is at stake (risk `low`), let it pass unchecked (`on_error: open`); that is recorded.',
  ],
  forbidden_absolutely: ['Nothing but a change of the absolute rule: it holds for everybody, whatever else allows it.'],
  accountability_lapsed: [
    'Review what lapsed, and publish it with an owner and a later review date.',
    'Let the tier warn or ask in place of blocking.',
  ],
  tier_not_granted: ['Let somebody publish who holds one of the roles of the tier.', 'Add a role to the tier.'],
  forbidden_by_rule: ['Nothing but a change of the forbidding rule: a denial wins over every allow.'],
  approval_required: ['A person approves it.'],
  evaluation_error: ['Correct the condition that could not be evaluated; an error never helps.'],
  policy_unavailable: ['Activate a policy; without one everything is refused.'],
};

/** What would have to be different, smallest change first. Nothing of it is done from here. */
export const optionsOf = (decision: Decision): readonly string[] =>
  decision.verdict === 'allow' ? [] : (OPTIONS[decision.reason] ?? []);
