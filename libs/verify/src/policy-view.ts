import { canonicalJson, digestOf, type Json } from '@writ/kernel';
import {
  ActionIndex,
  type ActionRule,
  ASKING_OBLIGATIONS,
  type Closure,
  closeOver,
  HandoffIndex,
  type HandoffRule,
  type Link,
  type Rule,
  RuleReader,
  type Sliced,
} from '@writ/rules';
import { type ConditionsText, conditionsView, type TruthOf } from './conditions';
import { type FlowText, type FlowView, flowView } from './flow-view';
import { type GuardText, type GuardView, guardView } from './guard-view';
import { requiredBy, type TiersText, type TierView, tierView } from './tier-view';

/** A policy as far as verdicts can be recombined from it: its rules and which of them could have spoken. */
export interface PolicyView {
  /** Rule id → rule. */
  readonly rules: ReadonlyMap<string, Rule>;
  readonly actions: ActionIndex<ActionRule>;
  readonly handoffs: HandoffIndex<HandoffRule>;
  /** Whether a condition was true of an act, as far as evidence tells. */
  readonly truthOf: TruthOf;
  /** Ids of obligations under which an allow means: ask a person first. */
  readonly asking: ReadonlySet<string>;
  /** Its rules on labels; null where it keeps no account of them. */
  readonly flow: FlowView | null;
  /** What content has to pass, and what is forbidden absolutely; null where it has none of either. */
  readonly guardrails: GuardView | null;
  /** Its controls of risk tiers; null where it has none. */
  readonly tiers: TierView | null;
  /** Digest of what the platform adds; null where it adds nothing. */
  readonly platform: string | null;
}

/**
 * Reads a snapshot's stored text. Null when it is not what the digest names, or cannot be read as a policy: a text that
 * no writer of ours made.
 */
export function readPolicy(digest: string, body: string): PolicyView | null {
  if (digestOf(body) !== digest) return null;
  try {
    return viewOf(JSON.parse(body) as PolicyText);
  } catch {
    return null;
  }
}

interface PolicyText extends ConditionsText {
  readonly rules: string;
  readonly obligations: { readonly [id: string]: { readonly type: string } };
  readonly flow?: FlowText;
  readonly guardrails?: GuardText;
  readonly tiers?: TiersText;
  /** What the platform adds. */
  readonly platform?: ConditionsText & { readonly guardrails: GuardText };
}

function viewOf(policy: PolicyText): PolicyView | null {
  const { rules: text, obligations, flow, guardrails, tiers, platform } = policy;
  const reader = new RuleReader(null);
  const rules = new Map<string, Rule>();
  const links = { g: [] as Link[], g2: [] as Link[] };
  for (const line of text.split('\n')) {
    const read = reader.read(line);
    if (read.section === 'p' || read.section === 'p2') rules.set(read.rule.rid, read.rule);
    else links[read.section].push(read.link);
  }
  const roles = closed(links.g);
  const classes = closed(links.g2);
  if (!roles || !classes) return null;
  const all = [...rules.values()];
  const own = conditionsView(policy, roles);
  const added = platform === undefined ? null : conditionsView(platform, roles, 'platform:');
  const truthOf: TruthOf = (condition, act) => own(condition, act) ?? added?.(condition, act) ?? null;
  const actions = all.filter((rule) => rule.section === 'p');
  const handoffs = all.filter((rule) => rule.section === 'p2');
  return {
    rules,
    actions: atOnce(ActionIndex.build(actions, { roles, classes })),
    handoffs: atOnce(HandoffIndex.build(handoffs, roles)),
    asking: new Set(Object.keys(obligations).filter((id) => ASKING_OBLIGATIONS.has(obligations[id]!.type))),
    flow: flow === undefined ? null : flowView(flow, classes),
    truthOf,
    guardrails: guardView({ own: guardrails, platform: platform?.guardrails }, classes, requiredBy(tiers)),
    tiers: tiers === undefined ? null : tierView(tiers, classes),
    platform: platform === undefined ? null : digestOf(canonicalJson(platform as unknown as Json)),
  };
}

function closed(links: readonly Link[]): Closure | null {
  const result = atOnce(closeOver(links));
  return result.ok ? result.value : null;
}

/** Work that could pause, done without pausing. */
function atOnce<T>(work: Sliced<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
