import type { Json } from '@writ/kernel';
import { BEYOND_LABELS, TAINTED_SERVICE, TRIFECTA, UNSHAPED_PAYLOAD } from './flow/rule-ids';
import { guarding } from './guard/words-of';
import { TIER_RULE } from './tiers/rule-ids';
import type { Decision, NearMiss, ReasonCode, RuleMatch, StageResult } from './types';

/** The part of a decision that is explained. */
export type Explained = Pick<
  Decision,
  'verdict' | 'reason' | 'stage' | 'explicit' | 'stages' | 'nearMisses' | 'approval'
>;

/** One sentence for people who may read the policy. An agent is told the reason code and nothing else. */
export function sentence(decision: Explained): string {
  switch (decision.verdict) {
    case 'allow':
      return `Allowed: ${allowedBy(decision)}${decision.approval === undefined ? '' : `, and by approval ${decision.approval}`}${lapsed(decision)}.`;
    case 'ask':
      if (decision.stage === 'flow') return `Approval required: ${flowing(decision)}.`;
      if (decision.stage === 'guardrail') return `Approval required: ${guarding(decision)}.`;
      if (decision.stage === 'tier') return `Approval required: ${tiered(decision)}.`;
      return `Approval required: ${allowedBy({ ...decision, stages: decision.stages.filter(atStage(decision)) })}.`;
    case 'deny':
      return `Denied: ${REFUSALS[decision.reason](decision)}.`;
  }
}

const atStage =
  (decision: Explained) =>
  (result: StageResult): boolean =>
    result.stage === decision.stage;

function allowedBy({ stages }: Explained): string {
  const words = stages.flatMap(({ stage, subject, matches }) => {
    // What a tier asks for allows nothing.
    if (stage === 'tier') return [];
    const rids = matches.filter(counts).map(({ rid }) => rid);
    return rids.length === 0 ? [] : [`${rids.join(' and ')} for ${named(stage, subject)}`];
  });
  if (words.length === 0) return 'by its mandate';
  return `by rule ${words.join(', by rule ')}`;
}

const counts = (match: RuleMatch): boolean => match.effect === 'deny' || match.error === undefined;

const WHO: { readonly [stage: string]: string } = {
  guardrail: 'tenant',
  agent: 'agent',
  initiator: 'initiator',
  delegation: 'earlier agent',
  mandate: 'initiator',
  flow: 'call',
  tier: 'tier',
  policy: 'policy',
};

/** `agent orders`, `initiator user:ann`. */
const named = (stage: string, subject: string): string =>
  `${WHO[stage] ?? stage} ${subject.replace(/^agent:/, '')}`.trim();

const silence =
  (what: string) =>
  (decision: Explained): string => {
    const result = decision.stages.findLast(atStage(decision));
    const nobody = `no rule grants ${named(decision.stage, result?.subject ?? '')} ${what}`;
    const [nearest] = decision.nearMisses;
    if (!nearest) return nobody;
    return ownership(nearest) ?? `${nobody}; ${nearly(nearest)}`;
  };

const nearly = ({ rid, missing }: NearMiss): string => {
  if (rid === '') return missing;
  // What it says of its subject is a part of a sentence; what a condition says is one of its own.
  const who = /^(needs role|is granted to) /.test(missing) ? 'which ' : '';
  return `nearest is rule ${rid}, ${who}${missing}`;
};

const OWNER =
  /(?:\S+ before )?resource\.owner(?: without \S+)? equals (?:\S+ before )?initiator\.id(?: without \S+)?: got (\S+) for (\S+ \S+)/;

/** The commonest refusal in the words people use for it, since the values are at hand. */
function ownership({ rid, missing }: NearMiss): string | null {
  const found = OWNER.exec(missing);
  return found ? `${found[2]} belongs to ${found[1]}, and rule ${rid} allows only the owner` : null;
}

function forbidden(decision: Explained): string {
  const result = decision.stages.findLast(atStage(decision));
  const match = result?.matches.find(({ effect }) => effect === 'deny');
  if (!result || !match) return 'a rule forbids it';
  if (match.error !== undefined) {
    return `rule ${match.rid} forbids it unless its condition says otherwise, and that could not be told (${match.error})`;
  }
  const read = Object.entries(match.read).filter(([, value]) => typeof value !== 'boolean');
  const because = read.length === 0 ? '' : ` (${read.map(([path, value]) => `${path} is ${plain(value)}`).join(', ')})`;
  return `rule ${match.rid} forbids it to ${named(result.stage, result.subject)}${because}`;
}

function stopped({ stages }: Explained): string {
  const match = stages.find(({ stage }) => stage === 'guardrail')?.matches[0];
  if (!match) return 'a stop is in force';
  const target = match.read.target === '' ? '' : ` ${plain(match.read.target ?? '')}`;
  return `stop ${match.rid} is in force for ${plain(match.read.scope ?? '')}${target}`;
}

/** `by flow rule known_recipient: /recipient came from read_file of step 3 (untrusted)`; values are never told. */
function flowing({ stages }: Explained): string {
  const matches = stages.find(({ stage }) => stage === 'flow')?.matches ?? [];
  const said = matches.map(({ rid, read }) => {
    const origins = Object.entries(read).filter(([at]) => at.startsWith('/'));
    const why =
      rid === TRIFECTA
        ? ': private data, untrusted content and a way out would be together in the run'
        : origins.length === 0
          ? ''
          : `: ${origins.map(([at, origin]) => `${at} came from ${plain(origin)}`).join(', ')}`;
    return `${OF_DELEGATIONS.get(rid) ?? `flow rule ${rid.slice('flow:'.length)}`}${why}`;
  });
  return said.length === 0 ? 'a flow rule stands against it' : `by ${said.join('; by ')}`;
}

/** What is held to whatever the rules on labels say. */
const OF_DELEGATIONS: ReadonlyMap<string, string> = new Map([
  [BEYOND_LABELS, 'the labels that a delegation is for'],
  [UNSHAPED_PAYLOAD, 'what a service is handed, which has no shape that it takes'],
  [TAINTED_SERVICE, 'what a service is handed'],
]);

/** `by control two_people of tier high`, `by control overdue of tier high: agent refunds was to be reviewed by 2026-10-01`. */
function tiered({ stages, verdict }: Explained): string {
  const matches = stages.find(({ stage }) => stage === 'tier')?.matches ?? [];
  const speaking = verdict === 'deny' ? matches.filter(({ effect }) => effect === 'deny') : matches;
  const said = speaking.map(({ rid, read }) => {
    const [tier = '', id = ''] = rid.slice(TIER_RULE.length).split(':');
    const why = partsOf(read);
    return `control ${id} of tier ${tier}${why === '' ? '' : `: ${why}`}`;
  });
  return said.length === 0 ? 'its tier stands against it' : `by ${said.join('; by ')}`;
}

/** `, though agent refunds was to be reviewed by 2026-10-01`. */
function lapsed({ stages }: Explained): string {
  const matches = stages.find(({ stage }) => stage === 'tier')?.matches ?? [];
  const said = matches.map(({ read }) => partsOf(read)).filter((words) => words !== '');
  return said.length === 0 ? '' : `, though ${said.join(' and ')}`;
}

const partsOf = (read: RuleMatch['read']): string =>
  Object.entries(read)
    .map(([part, words]) =>
      part === 'roles' ? `takes one of ${(words as string[]).join(', ')}` : `${part} ${plain(words)}`,
    )
    .join(', ');

const plain = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));
const first = (fallback: string) => (decision: Explained) => decision.nearMisses[0]?.missing ?? fallback;

const REFUSALS: { readonly [R in ReasonCode]: (decision: Explained) => string } = {
  allowed: () => 'nothing stands against it',
  stopped,
  agent_not_granted: silence('this'),
  initiator_not_granted: silence('this'),
  delegation_not_granted: silence('this, and no later agent may do what it may not'),
  delegation_revoked: first('what it was given for was revoked'),
  delegation_expired: first('what it was given for has ended'),
  delegation_exceeded: first('what it was given for does not cover this'),
  handoff_not_granted: silence('passing on to this agent'),
  mandate_exceeded: first('the mandate of the run does not cover it'),
  flow_not_allowed: flowing,
  guardrail_denied: guarding,
  guardrail_failed: guarding,
  forbidden_absolutely: guarding,
  accountability_lapsed: tiered,
  tier_not_granted: tiered,
  forbidden_by_rule: forbidden,
  approval_required: () => 'a person must approve it',
  approved: () => 'nothing stands against it',
  approval_rejected: ({ approval = '' }) => `somebody who was asked said no (${approval})`,
  approval_expired: ({ approval = '' }) => `nobody who was asked answered in time (${approval})`,
  unknown_obligation: first('a rule demands something this version cannot do'),
  evaluation_error: first('the policy could not be evaluated'),
  policy_unavailable: () => 'the tenant has no policy that could be read',
};
