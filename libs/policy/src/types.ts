import type {
  ApprovalId,
  DecisionId,
  Hop,
  Json,
  JsonObject,
  Principal,
  RunId,
  TenantId,
  ToolGrant,
} from '@writ/kernel';
import type { OutsideFacts } from '@writ/rules';
import type { Verdict } from '@writ/words';
import type { FlowFacts, FlowRecord } from './flow/facts';
import type { GuardFacts } from './guard/facts';
import type { ActRisk } from './tiers/facts';

/** Every action the product authorizes. A request with any other word does not compile, and is denied if forged. */
export const ACTIONS = [
  'run.start',
  'run.read',
  'run.cancel',
  'run.signal',
  'run.reconcile',
  'run.answer',
  'run.steer',
  'approval.read',
  'approval.decide',
  'approval.delegate',
  'run.pause',
  'run.resume',
  'run.redrive',
  'run.upgrade',
  'run.fork',
  'run.fork_live',
  'run.finish',
  'run.revoke',
  'principal.assert',
  'model.invoke',
  'tool.invoke',
  'data.read',
  'handoff',
  'delegate',
  'agent.invoke',
  'guardrail.check',
  'board.read',
  'board.write',
  'message.send',
  'message.read',
  'agent.change',
  'tool.change',
  'model.change',
  'workflow.change',
  'policy.read',
  'policy.change',
  'audit.read',
  'audit.export',
  'decision.explain',
  'stop.read',
  'stop.set',
  'stop.release',
  'budget.read',
  'budget.set',
  'admission.read',
  'admission.set',
  'key.manage',
  'trigger.read',
  'trigger.change',
  'subscription.read',
  'subscription.change',
  'decision.evaluate',
  'directory.read',
  'directory.change',
  'review.read',
  'review.decide',
] as const;
export type Action = (typeof ACTIONS)[number];

export const OBJECT_TYPES = [
  'tool',
  'model',
  'agent',
  'workflow',
  'run',
  'approval',
  'data',
  'board',
  'mailbox',
  'policy',
  'audit',
  'stop',
  'budget',
  'admission',
  'key',
  'role',
  'trigger',
  'subscription',
  'decision',
  'directory',
  'guardrail',
  'review',
] as const;

declare const outside: unique symbol;
/** A word of an application outside, for `decide` to hold against the vocabulary of the policy. */
export type OutsideAction = string & { readonly [outside]: 'action' };
export type OutsideType = string & { readonly [outside]: 'type' };

/** What is acted on. For a tool call: the tool, pinned by digest; what the call touches is `resource`. */
export interface PolicyObject {
  readonly type: (typeof OBJECT_TYPES)[number] | OutsideType;
  readonly id: string;
  readonly version?: number;
  readonly digest?: string;
}

/** The business object a call touches, named by its arguments: `{ type: 'order', id: '#W123' }`. */
export interface Resource {
  readonly type: string;
  readonly id: string;
}

/** A fact a resolver brought: decisions read nothing else about the world. */
export interface ResolvedAttribute {
  readonly value: Json;
  /** The resolver that read it. */
  readonly source: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/**
 * What the initiator grants this run, one more set in the intersection of I6: tools by name, and limits on arguments.
 * `null` means no mandate was given, which restricts nothing; an empty tool list grants nothing.
 */
export interface Mandate {
  readonly tools: readonly ToolGrant[];
}

/** What an agent comes to hear of what entered a run. */
export interface Heard {
  /** By the name of each part. */
  readonly parts: JsonObject;
  /** The conversation so far, or what others share: all that entered the run may be in it. */
  readonly all?: true;
  /** The parts fit the schema of what the receiver takes. */
  readonly shaped?: true;
  /** The only labels it may carry, by what whoever passes it on gives along. */
  readonly labels?: readonly string[];
}

export interface DecisionRequest {
  readonly tenant: TenantId;
  /** The human or service the act is for. An agent never exceeds it. */
  readonly initiator: Principal;
  /** Agents acting, first to current; empty when the initiator acts directly through the API. */
  readonly chain: readonly Hop[];
  readonly action: Action | OutsideAction;
  readonly object: PolicyObject;
  readonly resource?: Resource;
  readonly args?: JsonObject;
  /** `<resource type>.<attribute>` → what a resolver brought. */
  readonly attributes?: { readonly [name: string]: ResolvedAttribute };
  readonly mandate?: Mandate | null;
  /** For `handoff` and `delegate`: who receives, and why. A workflow delegates too, with nobody in the chain. */
  readonly handoff?: { readonly to: string; readonly purpose: string; readonly depth: number };
  /** What somebody comes to hear by a handoff, a delegation or a read of what agents share, where labels are kept account of. */
  readonly heard?: Heard;
  /** The run and workflow the act belongs to: stops on either cover it. Absent for acts outside a run. */
  readonly run?: RunId;
  readonly workflow?: string;
  /** Of a question an application outside asks (`outside.requestOf`): its words are those of the policy's vocabulary. */
  readonly outside?: OutsideFacts;
  /** What has entered the run, where the policy keeps account of labels; a tool call of a run is denied without it then. */
  readonly flow?: FlowFacts;
  /** What guardrails said of its content; an act of a run that takes content over a boundary is denied without it then. */
  readonly guards?: GuardFacts;
  /** What has a part in it and who answers for that, where the policy has controls of tiers; an act of a run is denied without it then. */
  readonly risk?: ActRisk;
  /** Epoch milliseconds of the decision. */
  readonly now: number;
}

/** The stages of GOVERNANCE §1.1 in the order they are asked; `policy` is the state of the policy itself. */
export type Stage = 'guardrail' | 'agent' | 'initiator' | 'delegation' | 'mandate' | 'flow' | 'tier' | 'policy';

/** Stable reason codes: all that an agent is told of a refusal. */
export type ReasonCode =
  | 'allowed'
  | 'stopped'
  | 'agent_not_granted'
  | 'initiator_not_granted'
  | 'delegation_not_granted'
  | 'delegation_revoked'
  | 'delegation_expired'
  | 'delegation_exceeded'
  | 'handoff_not_granted'
  | 'mandate_exceeded'
  | 'flow_not_allowed'
  | 'guardrail_denied'
  | 'guardrail_failed'
  | 'forbidden_absolutely'
  | 'accountability_lapsed'
  | 'tier_not_granted'
  | 'forbidden_by_rule'
  | 'approval_required'
  | 'approved'
  | 'approval_rejected'
  | 'approval_expired'
  | 'unknown_obligation'
  | 'evaluation_error'
  | 'policy_unavailable';

/** An obligation in the shape of the AuthZEN obligations draft: an id the enforcement point must know, with its values. */
export interface Obligation {
  readonly id: string;
  readonly type: string;
  readonly values: JsonObject;
}

export interface RuleMatch {
  readonly rid: string;
  readonly effect: 'allow' | 'deny';
  readonly condition: string | null;
  /** Each value the condition read, and each clause's result. */
  readonly read: { readonly [path: string]: Json };
  /** Set when the condition could not be evaluated: an allow rule then does not match, a deny rule does (I7). */
  readonly error?: string;
}

/** A rule that would have allowed, and the one thing that was missing: shown to people who may read the policy. */
export interface NearMiss {
  readonly rid: string;
  readonly stage: Stage;
  readonly subject: string;
  /** `needs role order_agent`, `order.owner equals initiator.id: got …`. */
  readonly missing: string;
}

export interface StageResult {
  readonly stage: Stage;
  /** The subject this stage asked about: an agent, the initiator, a hop. */
  readonly subject: string;
  readonly verdict: Verdict;
  /** True when a rule said so, false when silence denied. */
  readonly explicit: boolean;
  readonly matches: readonly RuleMatch[];
}

/** Allow, deny or ask, with the reasons: never a bare boolean. */
export interface Decision {
  readonly id: DecisionId;
  readonly verdict: Verdict;
  readonly reason: ReasonCode;
  /** The stage that settled it; for an allow the last one asked. */
  readonly stage: Stage;
  readonly explicit: boolean;
  readonly stages: readonly StageResult[];
  readonly obligations: readonly Obligation[];
  /** For an allowed `handoff` or `delegate`: how the receiver acts, as the deciding `p2` rule says (GOVERNANCE §1.3). */
  readonly handoffMode?: 'attenuate' | 'service';
  /** Of an act that people were asked about: the request they answered. */
  readonly approval?: ApprovalId;
  /** Of a tool call under a policy that keeps account of labels. */
  readonly flow?: FlowRecord;
  /** Up to three, on a deny. */
  readonly nearMisses: readonly NearMiss[];
  /** Digest of the snapshot it was decided under. */
  readonly snapshot: string;
  readonly authority: { readonly tenant: number; readonly platform: number };
  /** Epoch milliseconds. */
  readonly at: number;
}

/** An attribute some candidate rule reads and the request does not carry yet. */
export interface AttributeNeed {
  /** `<resource type>.<attribute>`. */
  readonly name: string;
  readonly resource: Resource;
  /** How old a value may be, in milliseconds; 0 means read it for this very decision. */
  readonly maxAgeMs: number;
}
