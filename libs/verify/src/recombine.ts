import { agentName, combine, hopsToAsk, passesOn, type Rule, roleName } from '@writ/rules';
import type { KnownAct } from './conditions';
import type { DecidedEvent, ReadContext, ReadDecision, ReadHop, ReadStage } from './decision';
import { flowFault } from './flow-view';
import { guardFault, isGuard } from './guard-view';
import type { PolicyView } from './policy-view';
import { quote } from './report';
import { tierFault } from './tier-view';

/** The stages in the order they are asked; only `delegation` may be asked more than once. */
const ORDER = ['guardrail', 'agent', 'initiator', 'delegation', 'mandate', 'flow', 'tier'];

/** What kind of event records which verdicts. */
const VERDICTS: { readonly [type: string]: readonly string[] } = {
  'run.started': ['allow'],
  'run.requested': ['ask'],
  'action.authorized': ['allow'],
  'action.denied': ['deny'],
  'action.asked': ['ask'],
  'access.denied': ['deny', 'ask'],
};

/** Denials that no stage need have given: the decision itself could not be made, or not be honoured. */
const WITHOUT_STAGE = new Set(['unknown_obligation', 'evaluation_error', 'policy_unavailable']);

/** Which stage a reason speaks of. */
const STAGE_OF: { readonly [reason: string]: readonly string[] } = {
  stopped: ['guardrail'],
  agent_not_granted: ['agent'],
  handoff_not_granted: ['agent'],
  initiator_not_granted: ['initiator'],
  delegation_not_granted: ['delegation'],
  delegation_revoked: ['delegation'],
  delegation_expired: ['delegation'],
  delegation_exceeded: ['delegation'],
  mandate_exceeded: ['mandate'],
  flow_not_allowed: ['flow'],
  guardrail_denied: ['guardrail'],
  guardrail_failed: ['guardrail'],
  forbidden_absolutely: ['guardrail'],
  accountability_lapsed: ['tier'],
  tier_not_granted: ['tier'],
  forbidden_by_rule: ['agent', 'initiator', 'delegation'],
};

/** What people's answer makes of a question: the stages still say `ask`. */
const ANSWERS: { readonly [reason: string]: string } = {
  approved: 'allow',
  approval_rejected: 'deny',
  approval_expired: 'deny',
};

/** Forbid wins, then ask, and silence is no stage at all: the verdict that the stages give. */
function ofStages(stages: readonly ReadStage[]): string {
  let asked = false;
  for (const { verdict } of stages) {
    if (verdict === 'deny') return 'deny';
    if (verdict === 'ask') asked = true;
  }
  return asked ? 'ask' : 'allow';
}

/** What is wrong between a decision's verdict, its reason and its stages, as a sentence; null when nothing is. */
export function stagesFault(event: DecidedEvent, context: ReadContext | null): string | null {
  const { type, decision } = event;
  const { verdict, reason, stages } = decision;
  const known = VERDICTS[type];
  if (known && !known.includes(verdict)) return `The event is ${quote(type)} and its decision says ${quote(verdict)}`;
  if (!['allow', 'deny', 'ask'].includes(verdict)) return `There is no verdict ${quote(verdict)}`;
  const answer = ANSWERS[reason];
  const fault = answer === undefined ? verdictFault(decision) : answerFault(event, answer);
  if (fault !== null) return fault;
  return (
    orderFault(stages) ??
    settledFault(decision) ??
    mandateFault(event, context) ??
    (verdict === 'deny' ? null : missingStage(event, context))
  );
}

function verdictFault({ verdict, reason, stages }: ReadDecision): string | null {
  const given = ofStages(stages);
  if (verdict !== given && !(verdict === 'deny' && WITHOUT_STAGE.has(reason))) {
    return `Its stages say ${given}, its verdict ${verdict}`;
  }
  const reasons =
    verdict === 'allow' ? reason === 'allowed' : verdict === 'ask' ? reason === 'approval_required' : true;
  return !reasons || (verdict === 'deny' && !STAGE_OF[reason] && !WITHOUT_STAGE.has(reason))
    ? `Its verdict ${verdict} does not go with the reason ${quote(reason)}`
    : null;
}

/** People can turn an `ask`, and nothing else, into what they answered, and the event says which of their answers it was. */
function answerFault({ decision, approval }: DecidedEvent, answer: string): string | null {
  const { verdict, reason, stages } = decision;
  if (verdict !== answer) return `Its verdict ${verdict} does not go with the reason ${quote(reason)}`;
  const given = ofStages(stages);
  if (given !== 'ask') return `People answered it, and its stages say ${given}, not ask`;
  return approval === null ? 'People answered it, and it names no approval' : null;
}

function orderFault(stages: readonly ReadStage[]): string | null {
  let before = -1;
  for (const { stage, verdict, rids } of stages) {
    if (stage === 'guardrail' && verdict !== 'deny' && !rids.every(isGuard)) return 'A stop is named, and did not deny';
    const at = ORDER.indexOf(stage);
    if (at < 0) return `There is no stage ${quote(stage)}`;
    if (at < before || (at === before && stage !== 'delegation') || (before < 0 && at > 0)) {
      return `Stage ${stage} stands where it is not asked`;
    }
    before = at;
  }
  return null;
}

/** The first stage that does not allow settles it: nothing is asked after a denial. */
function settledFault({ verdict, reason, stages }: ReadDecision): string | null {
  const at = stages.findIndex((stage) => stage.verdict === 'deny');
  if (at < 0) return null;
  if (at < stages.length - 1) return `Stage ${stages[at]!.stage} denied, and others were asked after it`;
  const said = verdict === 'deny' ? STAGE_OF[reason] : undefined;
  return said && !said.includes(stages[at]!.stage)
    ? `Stage ${stages[at]!.stage} denied, and the reason is ${reason}`
    : null;
}

/** An allow is an intersection: a stage that was not asked must not look like one that agreed. */
function missingStage(event: DecidedEvent, context: ReadContext | null): string | null {
  const { type, decision } = event;
  const count = (name: string): number => decision.stages.filter(({ stage }) => stage === name).length;
  for (const stage of ['guardrail', 'initiator']) if (count(stage) === 0) return `Stage ${stage} was not asked`;
  if (context === null) return null;
  const { chain, mandate } = context;
  const lapsed = chain.map((hop) => lapseOf(hop, event)).find((lapse) => lapse !== null);
  if (lapsed !== undefined) return lapsed;
  if (count('agent') !== Math.min(1, chain.length)) return `Stage agent was asked ${count('agent')} times`;
  const earlier = Math.max(0, chain.length - 1);
  const asked = count('delegation');
  // A hop handed over to as a service sheds those before it, while a rule says so: which, only the policy can tell.
  const shed = chain.some(({ mode }) => mode === 'service');
  if (shed ? asked > earlier : asked !== earlier) return askedOf(asked, earlier);
  // The start of a run is decided before there is a mandate.
  if (mandate && type !== 'run.started' && type !== 'run.requested' && count('mandate') === 0)
    return 'Stage mandate was not asked';
  return null;
}

/** What was given along with a hop, as far as evidence shows it: when it ends, and which tools it is for. */
function lapseOf({ delegation, bounds }: ReadContext['chain'][number], event: DecidedEvent): string | null {
  if (delegation === null || bounds === null) return null;
  const { action, object, time } = event;
  if (bounds.end !== null && time !== null && time >= bounds.end) {
    return `Delegation ${quote(delegation)} had ended, and the act was allowed`;
  }
  return bounds.tools !== null && action === 'tool.invoke' && object !== null && !bounds.tools.includes(object.id)
    ? `Delegation ${quote(delegation)} does not name tool ${quote(object.id)}, and the act was allowed`
    : null;
}

/**
 * What is wrong between the mandate stage and the mandate. What it limits arguments to is not in evidence: that a call was
 * within these limits, or was not, is taken from the record.
 */
function mandateFault({ action, object, decision }: DecidedEvent, context: ReadContext | null): string | null {
  const stage = decision.stages.find((one) => one.stage === 'mandate');
  if (stage === undefined || context === null) return null;
  if (!context.mandate) return 'Stage mandate was asked, and there is no mandate';
  if (context.grants === null) return null;
  const denied = stage.verdict !== 'allow';
  if (action !== 'tool.invoke') return denied ? 'Stage mandate refuses what no mandate speaks of' : null;
  const tool = object?.id ?? '';
  const own = context.grants.filter((grant) => grant.tool === tool);
  if (!denied && own.length === 0) return `Stage mandate allows tool ${quote(tool)}, which the mandate does not name`;
  return denied && own.some(({ limited }) => !limited)
    ? `Stage mandate refuses tool ${quote(tool)}, which the mandate names without a limit`
    : null;
}

/** A denial because of what a delegation carries is heard before any rule of an earlier agent. */
const LAPSED = new Set(['delegation_revoked', 'delegation_expired', 'delegation_exceeded']);

const askedOf = (asked: number, due: number): string => `Of ${due} earlier agents, ${asked} were asked`;

/** The rules a stage names, and whether each of them counts: an allow whose condition erred does not (I7). */
interface Named {
  readonly rule: Rule;
  readonly counts: boolean;
}

const HEARD = new Set(['agent', 'initiator', 'delegation']);

/**
 * What is wrong between the stages of a decision and the policy it was made under, as a sentence; null when nothing is.
 * Conditions are worked out again as far as evidence tells what they read; where it does not, whether they held is taken from
 * the record. Which rules could speak at all, what those that spoke amount to, and that no rule that had to speak was passed
 * over, is not.
 */
export function rulesFault(event: DecidedEvent, context: ReadContext | null, policy: PolicyView): string | null {
  const { decision, action } = event;
  const handoff = action !== null && passesOn(action);
  const obligations = new Set<string>();
  const earlier = context === null ? [] : hopsToAsk(policy.handoffs, context.chain);
  let nth = 0;
  let serves = handoff && context !== null && context.chain.length > 0;
  for (const stage of decision.stages) {
    if (!HEARD.has(stage.stage)) continue;
    if (stage.stage === 'delegation' && LAPSED.has(decision.reason)) {
      if (stage.rids.length > 0 || context?.chain.every(({ delegation }) => delegation === null)) {
        return `Its reason is ${decision.reason}, and there is no such delegation`;
      }
      continue;
    }
    const named = namedRules(stage, policy);
    if (typeof named === 'string') return named;
    const passOn = handoff && stage.stage === 'delegation';
    const fault = stageFault(stage, named, { policy, passOn });
    if (fault !== null) return fault;
    if (context !== null) {
      const hop =
        stage.stage === 'agent' ? context.chain.at(-1) : stage.stage === 'delegation' ? earlier[nth++] : undefined;
      const spoken = spokenFault(event, stage, { named, policy, context, hop });
      if (spoken !== null) return spoken;
    }
    if (stage.stage !== 'initiator') serves &&= isService(named);
    if (!passOn) for (const one of named) if (one.counts) for (const id of one.rule.obligations) obligations.add(id);
  }
  const guarding = decision.stages.find(({ stage }) => stage === 'guardrail');
  const known = context && { event, context, hop: context.chain.at(-1) ?? null };
  const guard = guardFault(event, guarding, {
    guardrails: policy.guardrails,
    obliged: obligations,
    ...(known && { truthOf: (condition) => policy.truthOf(condition, known) }),
  });
  if (guard !== null) return guard;
  const flowing = decision.stages.find(({ stage }) => stage === 'flow');
  const flow = flowFault(event, flowing, { flow: policy.flow, obliged: obligations, serves });
  if (flow !== null) return flow;
  const controlled = decision.stages.find(({ stage }) => stage === 'tier');
  const tier = tierFault(event, controlled, { tiers: policy.tiers, asking: policy.asking, obliged: obligations });
  if (tier !== null) return tier;
  if (decision.verdict === 'deny') return null;
  if (context !== null && nth !== earlier.length) return askedOf(nth, earlier.length);
  const said = new Set(decision.obligations);
  return said.size === obligations.size && [...said].every((id) => obligations.has(id))
    ? null
    : `Its rules oblige to ${quote([...obligations].join(' '))}, it says ${quote(decision.obligations.join(' '))}`;
}

/** Whether the rules of one agent let the receiver act by its own grants: all that allow must. */
function isService(named: readonly Named[]): boolean {
  const granting = named.filter(({ rule, counts }) => counts && rule.effect === 'allow');
  return granting.length > 0 && granting.every(({ rule }) => rule.section === 'p2' && rule.mode === 'service');
}

function namedRules({ stage, rids }: ReadStage, { rules }: PolicyView): readonly Named[] | string {
  const named: Named[] = [];
  for (const rid of rids) {
    const erred = rid.startsWith('?');
    const rule = rules.get(erred ? rid.slice(1) : rid);
    if (!rule) return `Stage ${stage} names rule ${quote(rid)}, which the policy does not have`;
    named.push({ rule, counts: !erred || rule.effect === 'deny' });
  }
  return named;
}

function stageFault(
  { stage, verdict }: ReadStage,
  named: readonly Named[],
  { policy, passOn }: { readonly policy: PolicyView; readonly passOn: boolean },
): string | null {
  const speaks = (effect: string): boolean => named.some(({ rule, counts }) => counts && rule.effect === effect);
  const combined = combine(speaks('allow'), speaks('deny'));
  const asks = named.some(({ rule, counts }) => counts && rule.obligations.some((id) => policy.asking.has(id)));
  const given = passOn
    ? combined === 'deny'
      ? 'deny'
      : 'allow'
    : combined !== 'allow'
      ? 'deny'
      : asks
        ? 'ask'
        : 'allow';
  return given === verdict ? null : `The rules of stage ${stage} say ${given}, the stage says ${verdict}`;
}

/** Whether the rules a stage names are rules about this act and this subject, and none that had to speak is left out. */
function spokenFault(
  event: DecidedEvent,
  { stage, verdict, rids }: ReadStage,
  about: {
    readonly named: readonly Named[];
    readonly policy: PolicyView;
    readonly context: ReadContext;
    readonly hop: ReadHop | undefined;
  },
): string | null {
  const { named, policy, context, hop } = about;
  const { action, object, decision } = event;
  if (action === null || object === null) return null;
  if (stage !== 'initiator' && hop === undefined) return `Stage ${stage} was asked, and there is no such agent`;
  const handoff = passesOn(action) && stage !== 'initiator';
  // Too deep a handoff is refused before any rule is heard.
  if (handoff && verdict === 'deny' && rids.length === 0 && decision.reason === 'handoff_not_granted') return null;
  const candidates = handoff
    ? policy.handoffs.candidates(agentName(hop!.agent), agentName(object.id), null)
    : policy.actions.candidates(
        policy.actions.places(action, `${object.type}:${object.id}`),
        namesOf(stage, hop, context),
      );
  const could = new Set<Rule>(candidates.map(({ entry }) => entry));
  const act: KnownAct = { event, context, hop: hop ?? context.chain.at(-1) ?? null };
  const truthOf = ({ condition }: Rule): boolean | null => (condition === null ? true : policy.truthOf(condition, act));
  for (const { rule } of named) {
    if (!could.has(rule)) return `Stage ${stage} names rule ${quote(rule.rid)}, which does not speak of this act`;
    const truth = truthOf(rule);
    if (rids.includes(`?${rule.rid}`)) {
      if (truth !== null)
        return `Stage ${stage} could not tell the condition of rule ${quote(rule.rid)}, which is ${truth}`;
    } else if (truth === false) {
      return `Stage ${stage} names rule ${quote(rule.rid)}, whose condition is not true of this act`;
    }
  }
  for (const rule of could) {
    const certain = (rule.section === 'p' || rule.purpose === '*') && truthOf(rule) === true;
    if (certain && !named.some((one) => one.rule === rule)) {
      return `Stage ${stage} passes over rule ${quote(rule.rid)}, which speaks of this act`;
    }
  }
  return null;
}

const namesOf = (
  stage: string,
  hop: { readonly agent: string } | undefined,
  { initiator, roles }: ReadContext,
): readonly string[] => (stage === 'initiator' ? [initiator, ...roles.map(roleName)] : [agentName(hop!.agent)]);
