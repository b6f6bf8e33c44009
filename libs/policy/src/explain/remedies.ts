import { agentName, ASKING_OBLIGATIONS, passesOn, roleName, TENANT_COLUMN } from '@writ/rules';
import type { PolicyBundle } from '../bundle';
import { decide } from '../decide';
import { lapsedDelegation } from '../delegation';
import { BEYOND_LABELS, FLOW_RULE, UNSHAPED_PAYLOAD } from '../flow/rule-ids';
import type { Snapshot } from '../snapshot';
import type { Decision, DecisionRequest, NearMiss, StageResult } from '../types';
import { type Change, changed, changeWords, type World } from './changes';
import { written } from './written';

/** Changes that, made together, would have let the act pass: tried, not guessed. */
export interface Remedy {
  /** None where it only takes people to approve. */
  readonly changes: readonly Change[];
  /** What the decision then is. */
  readonly verdict: 'allow' | 'ask';
  readonly obligations: Decision['obligations'];
  readonly sentence: string;
}

const MOST = 5;
/** Each stage may lack something of its own. */
const MOST_CHANGES = 4;
/** Worlds tried for one explanation; a change of the policy costs a build of it. */
const MOST_TRIED = 24;

/** Smaller first: what the asker can change, then what is given to somebody, then what changes the policy for all. */
const WEIGHT: { readonly [K in Change['kind']]: number } = {
  value: 1,
  mandate: 2,
  role: 3,
  release: 4,
  rule: 5,
  remove: 8,
  said: 1,
  again: 2,
  give: 3,
  asking: 6,
  answered: 2,
};

interface Attempt {
  readonly world: World;
  readonly decision: Decision;
  readonly changes: readonly Change[];
}

/**
 * The smallest sets of changes under which the act would be allowed, or people asked, smallest first; empty where it is
 * allowed, and where nothing that was tried helps. Every one of them was decided anew with its changes made.
 */
export async function remediesFor(world: World): Promise<readonly Remedy[]> {
  const first: Attempt = { world, decision: decide(world.authority, world.request), changes: [] };
  if (first.decision.verdict === 'allow') return [];
  if (first.decision.verdict === 'ask') return [remedyOf(first)];
  const found: Attempt[] = [];
  let tried = 0;
  let open: readonly Attempt[] = [first];
  while (open.length > 0 && found.length < MOST) {
    const next: Attempt[] = [];
    for (const attempt of open) {
      for (const change of attempt.changes.length < MOST_CHANGES ? candidates(attempt) : []) {
        if (++tried > MOST_TRIED) break;
        const made = await changed(attempt.world, change);
        if (made === null) continue;
        const decision = decide(made.authority, made.request);
        const now: Attempt = { world: made, decision, changes: [...attempt.changes, change] };
        // A change after which the same is still missing is none.
        if (decision.verdict !== 'deny') found.push(now);
        else if (lackOf(decision) !== lackOf(attempt.decision)) next.push(now);
      }
    }
    // Fewest changes first: a longer way is looked for only where it would still be the smaller change.
    const least = Math.min(...found.map(weight));
    open = next
      .filter((attempt) => weight(attempt) < least)
      .sort((a, b) => weight(a) - weight(b))
      .slice(0, MOST);
  }
  return found
    .filter((one) => !found.some((other) => other !== one && isPartOf(other, one)))
    .sort((a, b) => weight(a) - weight(b))
    .slice(0, MOST)
    .map(remedyOf);
}

const weight = ({ changes }: Attempt): number => changes.reduce((sum, { kind }) => sum + WEIGHT[kind], 0);

/** Whether whoever makes the changes of the one makes all of the other's on the way. */
const isPartOf = ({ changes }: Attempt, whole: Attempt): boolean =>
  changes.length < whole.changes.length &&
  changes.every((change) => whole.changes.some((one) => changeWords(one) === changeWords(change)));

function lackOf(decision: Decision): string {
  const asked = decision.stages.findLast(({ stage }) => stage === decision.stage);
  return JSON.stringify([decision.reason, decision.stage, asked?.subject, decision.nearMisses, asked?.matches]);
}

function remedyOf({ changes, decision }: Attempt): Remedy {
  const verdict = decision.verdict === 'allow' ? 'allow' : 'ask';
  const { obligations } = decision;
  const todo = changes.map(changeWords).join(', and ');
  const sentence =
    verdict === 'allow'
      ? `To allow it: ${todo}.`
      : `${todo === '' ? 'Ask' : `To be let ask: ${todo}; then ask`} for approval.`;
  return { changes, verdict, obligations, sentence };
}

/** What could be otherwise where this attempt was refused. */
function candidates({ world, decision }: Attempt): readonly Change[] {
  const { request } = world;
  const asked = decision.stages.findLast(({ stage }) => stage === decision.stage);
  switch (decision.reason) {
    case 'stopped':
      return (asked?.matches ?? []).map(({ rid }) => ({ kind: 'release', stop: rid }));
    case 'mandate_exceeded':
      return [{ kind: 'mandate', what: decision.nearMisses[0]?.missing ?? 'it does not cover this' }];
    case 'delegation_revoked':
    case 'delegation_expired':
    case 'delegation_exceeded':
      return ofDelegation(world);
    case 'flow_not_allowed':
      return ofLabels(world, decision, asked);
    case 'guardrail_denied':
    case 'guardrail_failed':
    case 'forbidden_absolutely':
      return (asked?.matches ?? []).flatMap(({ rid, effect }): readonly Change[] =>
        effect === 'deny' ? [{ kind: 'remove', rid }] : [],
      );
    case 'accountability_lapsed':
      return [{ kind: 'answered', what: decision.nearMisses[0]?.missing ?? 'nobody answers for it' }];
    case 'tier_not_granted':
      return decision.nearMisses.map(({ rid, subject, missing }) => ({
        kind: 'role',
        subject,
        role: missing.replace(/^needs role /, 'role:'),
        rid,
      }));
    case 'forbidden_by_rule':
      return (asked?.matches ?? []).filter(({ effect }) => effect === 'deny').map(otherwise);
    case 'agent_not_granted':
    case 'initiator_not_granted':
    case 'delegation_not_granted':
    case 'handoff_not_granted':
      if (asked === undefined || decision.nearMisses.some(({ rid }) => rid === '')) return [];
      return [...nearly(world, asked, decision.nearMisses), ...granting(request, decision, asked)];
    default:
      return [];
  }
}

/** What ended, was taken back or does not carry this is given again, or more of it is. */
function ofDelegation({ authority, request }: World): readonly Change[] {
  const lapse = lapsedDelegation(authority, request);
  if (lapse === null) return [];
  const { delegation, bound, what } = lapse;
  const to = lapse.subject.replace(/^agent:/, '');
  return bound === null || bound === 'expires_at'
    ? [{ kind: 'again', delegation, to, what }]
    : [{ kind: 'give', to, bound, what }];
}

/** Values that came from elsewhere, a delegation that is for more, people who decide, or no such rule. */
function ofLabels(
  { authority, request }: World,
  decision: Decision,
  asked: StageResult | undefined,
): readonly Change[] {
  const denying = (asked?.matches ?? []).filter(({ effect }) => effect === 'deny');
  const missing = (rid: string): string =>
    decision.nearMisses.find((miss) => miss.rid === rid)?.missing ?? 'where it came from is not known';
  const obligation = authority.snapshot && askingObligation(authority.snapshot);
  const first = denying[0];
  const changes: Change[] = [];
  if (first && first.rid !== UNSHAPED_PAYLOAD) changes.push({ kind: 'said', what: missing(first.rid) });
  for (const { rid } of denying) {
    if (rid === BEYOND_LABELS) {
      const bounded = [...request.chain.filter(({ bounds }) => bounds?.labels), ...receiving(request)];
      for (const { agent } of bounded) changes.push({ kind: 'give', to: agent, bound: 'labels', what: missing(rid) });
      continue;
    }
    if (rid === UNSHAPED_PAYLOAD) continue;
    if (obligation !== null) changes.push({ kind: 'asking', rid, obligation });
    if (rid.startsWith(FLOW_RULE)) changes.push({ kind: 'remove', rid });
  }
  return changes;
}

const receiving = ({ handoff, heard }: DecisionRequest): readonly { readonly agent: string }[] =>
  handoff && heard?.labels ? [{ agent: handoff.to }] : [];

/** An obligation of this policy under which people decide; null where it has none. */
function askingObligation({ body }: Snapshot): string | null {
  const { obligations } = JSON.parse(body) as Pick<PolicyBundle, 'obligations'>;
  return Object.keys(obligations).find((id) => ASKING_OBLIGATIONS.has(obligations[id]!.type)) ?? null;
}

function otherwise({ rid, condition, read, error }: StageResult['matches'][number]): Change {
  if (condition === null) return { kind: 'remove', rid };
  const clauses = Object.entries(read).filter(([, value]) => value === true);
  const said = clauses.map(([clause]) => clause).join(' and ');
  return {
    kind: 'value',
    rid,
    effect: 'deny',
    what:
      error === undefined
        ? `it is not true that ${said || condition}`
        : `its condition ${condition} can be told, and is not true`,
  };
}

function nearly({ authority, request }: World, asked: StageResult, misses: readonly NearMiss[]): readonly Change[] {
  const { snapshot } = authority;
  if (snapshot === null) return [];
  const asserted = asked.stage === 'initiator' ? request.initiator.roles.map(roleName) : [];
  const names = [asked.subject, ...asserted];
  return misses.flatMap(({ rid, missing }): readonly Change[] => {
    const rule = written(snapshot).rule(rid);
    if (!rule) return [];
    if (names.some((name) => written(snapshot).path(name, rule.subject) !== null)) {
      return [{ kind: 'value', rid, effect: 'allow', what: missing }];
    }
    return rule.subject.startsWith('role:') ? [{ kind: 'role', subject: asked.subject, role: rule.subject, rid }] : [];
  });
}

/** The narrowest rule that would say yes: this subject, this act, this object. */
function granting(request: DecisionRequest, decision: Decision, asked: StageResult): readonly Change[] {
  const { action, object, handoff } = request;
  const isPassing = decision.reason === 'handoff_not_granted' && passesOn(action) && handoff !== undefined;
  if (isPassing) {
    // An agent's own words for why are no purpose that a rule could name.
    const purpose = handoff.purpose !== 'any' && /^[\w.:-]+$/.test(handoff.purpose) ? handoff.purpose : '*';
    const line = `p2, ${asked.subject}, ${agentName(handoff.to)}, ${TENANT_COLUMN}, ${purpose}, attenuate, , allow`;
    return [{ kind: 'rule', line }];
  }
  return [
    { kind: 'rule', line: `p, ${asked.subject}, ${TENANT_COLUMN}, ${object.type}:${object.id}, ${action}, , allow` },
  ];
}
