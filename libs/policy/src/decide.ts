import { hopsToAsk, passesOn } from '@writ/rules';
import type { TenantAuthority } from './authority';
import { Decided, type Outcome } from './decided';
import { grantedMode, lapsedDelegation } from './delegation';
import { hearLabels } from './flow/passing';
import { hearGuards } from './guard/guard-stage';
import type { GuardrailPolicy } from './guard/compile';
import { beyondMandate } from './mandate';
import { questionFault } from './outside/question';
import { asks, honouredFor, unknownObligation } from './obligations';
import { Docket, hopQuestion, initiatorQuestion, type StageQuestion } from './stage';
import type { Snapshot } from './snapshot';
import { coveringStop, type Stop } from './stops';
import { hearTiers } from './tiers/tier-stage';
import {
  ACTIONS,
  type Decision,
  type DecisionRequest,
  type NearMiss,
  type Obligation,
  type ReasonCode,
  type RuleMatch,
  type Stage,
  type StageResult,
} from './types';

/**
 * Decides one act. Pure but for the fresh id: the same authority and request give the same verdict, for the same
 * reasons. Never throws; whatever goes wrong denies (I7).
 *
 * The stages are asked in order and the first that does not allow settles it: guardrail (a stop, what is forbidden
 * absolutely, what checks said of content; nothing overrides it), agent (the one acting now), initiator (an agent never exceeds it), delegation (what was given along with each handoff,
 * and every other hop whose rights bound the act), mandate (what the initiator gave this run), flow (where the values of a
 * tool call, or of what is handed on, came from, under a policy that keeps account of that), tier (the controls of the risk
 * tier of what has a part in it, where the policy has any). An act without agents asks guardrail, initiator, mandate, flow and
 * tier only.
 *
 * `known` are the obligation types the caller can honour; those of the engine, unless told.
 */
export function decide(
  authority: TenantAuthority,
  request: DecisionRequest,
  known: ReadonlySet<string> | null = null,
): Decision {
  const proceedings = new Proceedings(authority, request, known);
  try {
    return proceedings.run();
  } catch (error) {
    // INVARIANT (I7): a fault while deciding is a denial that says so.
    return proceedings.broken(error);
  }
}

/** One decision under way: the stages asked so far, and what they asked for in return. */
class Proceedings {
  readonly #stages: StageResult[] = [];
  #obligations: readonly Obligation[] = NONE;
  #asking: Stage | null = null;
  #mode: Decision['handoffMode'];
  #account: Decision['flow'];
  #current: Stage = 'policy';

  constructor(
    private readonly authority: TenantAuthority,
    private readonly request: DecisionRequest,
    private readonly known: ReadonlySet<string> | null,
  ) {}

  run(): Decision {
    const { authority, request } = this;
    const { snapshot } = authority;
    const malformed = malformation(authority, request);
    if (malformed !== null) return this.#deny('evaluation_error', false, [missing('policy', malformed)]);
    if (snapshot === null || authority.failure) return this.#deny('policy_unavailable', false, []);
    const docket = new Docket(authority, snapshot, request);
    return (
      this.#guardrail(snapshot) ??
      this.#agent(docket) ??
      this.#hearing(docket, initiatorQuestion(request), 'initiator_not_granted') ??
      this.#delegation(docket) ??
      this.#mandate() ??
      this.#flow(snapshot) ??
      this.#tier(snapshot) ??
      this.#allow()
    );
  }

  #guardrail(snapshot: Snapshot): Decision | null {
    const { stops } = this.authority;
    const stop = coveringStop(stops, this.request);
    if (stop === undefined && snapshot.guardrails !== null) return this.#guarded(snapshot, snapshot.guardrails);
    const subject = this.request.tenant;
    const matches = stop ? [matchOfStop(stop)] : NONE;
    this.#record({ stage: 'guardrail', subject, verdict: stop ? 'deny' : 'allow', explicit: !!stop, matches });
    return stop ? this.#deny('stopped', true, []) : null;
  }

  /** What is forbidden absolutely, and what checks said of the content that the act takes over a boundary. */
  #guarded(snapshot: Snapshot, guardrails: GuardrailPolicy): Decision | null {
    this.#current = 'guardrail';
    const { matches, obligations, denied, misses } = hearGuards(snapshot, guardrails, this.request);
    const verdict = denied !== null ? 'deny' : obligations.length > 0 ? 'ask' : 'allow';
    const subject = this.request.tenant;
    this.#record({ stage: 'guardrail', subject, verdict, explicit: matches.length > 0, matches });
    return denied === null ? this.#owe('guardrail', obligations) : this.#deny(denied, true, misses);
  }

  /** What is owed by what stands beside the rules, people to be asked among it; a denial where that cannot be done here. */
  #owe(stage: Stage, obligations: readonly Obligation[]): Decision | null {
    if (obligations.length === 0) return null;
    const foreign = unknownObligation(obligations, this.#honoured());
    if (foreign) {
      return this.#deny('unknown_obligation', true, [missing(stage, `obligation ${foreign.id} is of unknown type`)]);
    }
    if (asks(obligations)) this.#asking ??= stage;
    this.#obligations = union(this.#obligations, obligations);
    return null;
  }

  #agent(docket: Docket): Decision | null {
    const { request } = this;
    const hop = request.chain.at(-1);
    if (!hop) return null;
    if (!passesOn(request.action)) {
      return this.#hearing(docket, hopQuestion('agent', hop, 'action'), 'agent_not_granted');
    }
    const { depth } = request.handoff!;
    const limit = docket.snapshot.handoffDepth;
    const question = hopQuestion('agent', hop, 'handoff');
    if (depth > limit) {
      const { stage, subject } = question;
      this.#record({ stage, subject, verdict: 'deny', explicit: false, matches: [] });
      return this.#deny('handoff_not_granted', false, [missing(stage, `handoff depth ${depth} exceeds ${limit}`)]);
    }
    return this.#hearing(docket, question, 'handoff_not_granted');
  }

  #delegation(docket: Docket): Decision | null {
    const { request } = this;
    const lapse = lapsedDelegation(this.authority, request);
    if (lapse !== null) {
      const { reason, subject, what } = lapse;
      this.#record({ stage: 'delegation', subject, verdict: 'deny', explicit: true, matches: NONE });
      return this.#deny(reason, true, [{ ...missing('delegation', what), subject }]);
    }
    const hops = hopsToAsk(docket.snapshot.handoffs, request.chain);
    if (passesOn(request.action)) return this.#passOn(docket, hops);
    for (const hop of hops) {
      const refused = this.#hearing(docket, hopQuestion('delegation', hop, 'action'), 'delegation_not_granted');
      if (refused) return refused;
    }
    return null;
  }

  /**
   * A handoff by itself gives no right: the receiver stays under every hop before it. So an earlier hop need not be able
   * to make it. But what is forbidden to an earlier hop cannot be reached through a later one, and a `service`, which
   * does shed the earlier hops, takes the word of each of them.
   */
  #passOn(docket: Docket, hops: DecisionRequest['chain']): Decision | null {
    for (const hop of hops) {
      const question = hopQuestion('delegation', hop, 'handoff');
      const hearing = docket.ask(question);
      const denied = hearing.combined === 'deny';
      this.#record({
        stage: 'delegation',
        subject: question.subject,
        verdict: denied ? 'deny' : 'allow',
        explicit: hearing.combined !== 'silent',
        matches: hearing.matches,
      });
      if (denied) return this.#deny('forbidden_by_rule', true, []);
      if (grantedMode(hearing.granting) === 'attenuate') this.#mode = 'attenuate';
    }
    return null;
  }

  #mandate(): Decision | null {
    const { request } = this;
    if (request.mandate === undefined || request.mandate === null) return null;
    const excess = beyondMandate(request);
    const subject = request.initiator.id;
    const stage = 'mandate';
    this.#record({ stage, subject, verdict: excess === null ? 'allow' : 'deny', explicit: true, matches: [] });
    return excess === null ? null : this.#deny('mandate_exceeded', true, [{ ...missing(stage, excess), subject }]);
  }

  /** Where the values of an act came from, and whether they may go where it takes them. */
  #flow({ flow }: Snapshot): Decision | null {
    const before = this.#current;
    this.#current = 'flow';
    const hearing = hearLabels(flow, this.request, this);
    if (hearing === null) {
      this.#current = before;
      return null;
    }
    const { subject, matches, obligations, denied, misses, record } = hearing;
    const verdict = denied ? 'deny' : obligations.length > 0 ? 'ask' : 'allow';
    this.#record({ stage: 'flow', subject, verdict, explicit: matches.length > 0, matches });
    this.#account = record;
    if (denied) return this.#deny('flow_not_allowed', true, misses);
    return this.#owe('flow', obligations);
  }

  /** What has come of it so far, for whoever needs to know. */
  soFar(): { readonly mode: Decision['handoffMode']; readonly obligations: readonly Obligation[] } {
    return { mode: this.#mode, obligations: this.#obligations };
  }

  /** What the risk of whatever has a part in the act asks for beside, and whether somebody still answers for it. */
  #tier(snapshot: Snapshot): Decision | null {
    if (snapshot.tiers === null) return null;
    const before = this.#current;
    this.#current = 'tier';
    const heard = hearTiers(snapshot.tiers, snapshot, this.request);
    if (heard === null) {
      this.#current = before;
      return null;
    }
    const { tier, matches, obligations, denied, misses } = heard;
    const verdict = denied !== null ? 'deny' : asks(obligations) ? 'ask' : 'allow';
    this.#record({ stage: 'tier', subject: tier, verdict, explicit: matches.length > 0, matches });
    return denied === null ? this.#owe('tier', obligations) : this.#deny(denied, true, misses);
  }

  /** Asks one subject's rules; null when they let the act pass. */
  #hearing(docket: Docket, question: StageQuestion, silence: ReasonCode): Decision | null {
    this.#current = question.stage;
    const hearing = docket.ask(question);
    const { combined, matches, obligations } = hearing;
    const asking = combined === 'allow' && asks(obligations);
    const { stage, subject } = question;
    const verdict = combined !== 'allow' ? 'deny' : asking ? 'ask' : 'allow';
    this.#record({ stage, subject, verdict, explicit: combined !== 'silent', matches });
    if (combined === 'deny') return this.#deny('forbidden_by_rule', true, []);
    if (combined === 'silent') return this.#deny(silence, false, docket.misses(question, hearing.missed));
    const foreign = unknownObligation(obligations, this.#honoured());
    if (foreign) {
      return this.#deny('unknown_obligation', true, [
        missing(stage, `nobody honours obligation ${foreign.id} (${foreign.type}) where this is done`),
      ]);
    }
    if (asking) this.#asking ??= stage;
    if (obligations.length > 0) this.#obligations = union(this.#obligations, obligations);
    if (question.section === 'handoff') this.#mode = grantedMode(hearing.granting);
    return null;
  }

  #honoured(): ReadonlySet<string> {
    return this.known ?? honouredFor(this.request);
  }

  #record(result: StageResult): void {
    this.#current = result.stage;
    this.#stages.push(result);
  }

  #allow(): Decision {
    const obligations = this.#obligations;
    const stage = this.#asking ?? this.#current;
    const verdict = this.#asking === null ? 'allow' : 'ask';
    const reason = verdict === 'allow' ? 'allowed' : 'approval_required';
    const outcome = { verdict, reason, stage, explicit: true, obligations, nearMisses: NONE } as const;
    if (!passesOn(this.request.action)) return this.#decision({ ...outcome, stages: this.#stages });
    return this.#decision({ ...outcome, stages: this.#stages, handoffMode: this.#mode ?? 'attenuate' });
  }

  #deny(reason: ReasonCode, explicit: boolean, nearMisses: readonly NearMiss[]): Decision {
    return this.#decision({
      verdict: 'deny',
      reason,
      stage: this.#current,
      explicit,
      stages: this.#stages,
      obligations: NONE,
      nearMisses,
    });
  }

  broken(error: unknown): Decision {
    const why = error instanceof Error ? error.message : String(error);
    return this.#deny('evaluation_error', false, [missing(this.#current, `the policy could not be evaluated: ${why}`)]);
  }

  #decision(outcome: Outcome): Decision {
    const { authority, request } = this;
    const kept = this.#account === undefined ? outcome : { ...outcome, flow: this.#account };
    return new Decided(kept, { snapshot: authority.snapshot?.digest ?? '', authority: authority.epochs }, request);
  }
}

const NONE: readonly never[] = Object.freeze([]);

/** Each obligation once, by id. */
const union = (held: readonly Obligation[], more: readonly Obligation[]): readonly Obligation[] => [
  ...new Map([...held, ...more].map((obligation) => [obligation.id, obligation])).values(),
];

const matchOfStop = ({ id, scope, target }: Stop): RuleMatch => ({
  rid: id,
  effect: 'deny',
  condition: null,
  read: { scope, target },
});

const missing = (stage: Stage, what: string): NearMiss => ({ rid: '', stage, subject: '', missing: what });

const KNOWN_ACTIONS: ReadonlySet<string> = new Set(ACTIONS);

/** Requests no caller of ours makes; each would otherwise reach rules it must not reach. */
function malformation(authority: TenantAuthority, request: DecisionRequest): string | null {
  const { tenant, initiator, action, object, handoff } = request;
  if (authority.tenant !== tenant) return 'the request is of another tenant than the authority';
  if (initiator.tenant !== tenant) return 'the initiator is of another tenant';
  // An id that begins so would be read as a role, and inherit what the role may do.
  if (initiator.id.startsWith('role:') || initiator.id.startsWith('class:') || initiator.id === '') {
    return 'the initiator has no principal id';
  }
  if (request.outside !== undefined) return authority.snapshot && questionFault(authority.snapshot, request);
  if (!KNOWN_ACTIONS.has(action)) return `there is no action ${String(action)}`;
  if (!passesOn(action)) return null;
  if (handoff === undefined || object.type !== 'agent' || object.id !== handoff.to) {
    return `a ${action} names the agent it goes to`;
  }
  return action === 'handoff' && request.chain.length === 0 ? 'a handoff comes from an agent' : null;
}
