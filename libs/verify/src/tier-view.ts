import { type Closure, covers } from '@writ/rules';
import { RISK_TIERS } from '@writ/words';
import type { DecidedEvent, ReadStage } from './decision';
import { quote } from './report';

/** The controls of risk tiers as a policy's stored text has them. */
export type TiersText = { readonly [tier: string]: TierText | undefined };

interface TierText {
  readonly review?: ReviewText;
  readonly guardrails?: readonly string[];
  readonly controls?: { readonly [id: string]: ControlText };
  readonly publish?: object;
  readonly overdue?: LapseText;
  readonly undated?: LapseText;
  readonly unowned?: LapseText;
}
interface ReviewText {
  readonly share: number;
  readonly always: readonly string[];
}
interface ControlText {
  readonly actions: readonly string[];
  readonly objects: readonly string[];
  readonly oblige: readonly string[];
}
type LapseText = 'warn' | 'block' | { readonly ask: string };

/** What follows from one control: what it obliges to, and whether it forbids. */
interface ControlView {
  readonly tier: string;
  readonly obliges: readonly string[];
  readonly denies: boolean;
  /** Whether it speaks of an act: of one it is written for, or of any, where it depends on what has a part in it. */
  readonly speaks: (action: string, object: string) => boolean;
  /** It speaks whenever it is written for an act of its tier: evidence alone shows that it was passed over. */
  readonly certain: boolean;
}

/** The controls of tiers as far as verdicts can be recombined from them. */
export interface TierView {
  readonly rules: ReadonlyMap<string, ControlView>;
  /** Tier → which of its runs people look at. */
  readonly reviews: ReadonlyMap<string, ReviewText>;
}

const TIERS: readonly string[] = RISK_TIERS;

/** Acts of runs, which a policy with controls of tiers is always asked about. */
const ACTS = new Set(
  'run.start model.invoke tool.invoke data.read handoff delegate agent.invoke board.read board.write message.send message.read'.split(
    ' ',
  ),
);

const isChange = (action: string): boolean => action.endsWith('.change');

/** Ids of guardrails that a tier requires, whatever they say of themselves. */
export const requiredBy = (text: TiersText | undefined): ReadonlySet<string> =>
  new Set(TIERS.flatMap((tier) => text?.[tier]?.guardrails ?? []));

export function tierView(text: TiersText, classes: Closure): TierView {
  const rules = new Map<string, ControlView>();
  const reviews = new Map<string, ReviewText>();
  const names = (pattern: string, object: string): boolean =>
    pattern.startsWith('class:') ? classes.has(object, pattern) : covers(pattern, object);
  for (const tier of TIERS) {
    const { controls = {}, publish, review, ...lapses } = text[tier] ?? {};
    if (review) reviews.set(tier, review);
    for (const [id, { actions, objects, oblige }] of Object.entries(controls)) {
      rules.set(`tier:${tier}:${id}`, {
        tier,
        obliges: oblige,
        denies: false,
        speaks: (action, object) => actions.includes(action) && objects.some((pattern) => names(pattern, object)),
        certain: true,
      });
    }
    const some = { tier, obliges: [], denies: true, certain: false } as const;
    if (publish !== undefined) rules.set(`tier:${tier}:publish`, { ...some, speaks: isChange });
    for (const kind of ['overdue', 'undated', 'unowned'] as const) {
      const does = lapses[kind];
      if (does === undefined) continue;
      const obliges = typeof does === 'object' ? [does.ask] : [];
      const speaks = (action: string): boolean => !isChange(action);
      rules.set(`tier:${tier}:${kind}`, { ...some, obliges, denies: does === 'block', speaks });
    }
  }
  return { rules, reviews };
}

/**
 * What is wrong between the tier stage of a decision and the policy; null when nothing is. Which definitions had a part in the
 * act, in which tiers they stand and when they were to be reviewed is taken from the record; that every control written for
 * acts of the recorded tier was heard, that none of another tier was, and what they amount to, is not. Adds what they oblige to.
 */
export function tierFault(
  event: DecidedEvent,
  stage: ReadStage | undefined,
  of: {
    readonly tiers: TierView | null;
    /** Ids of obligations under which an allow means: ask a person first. */
    readonly asking: ReadonlySet<string>;
    readonly obliged: Set<string>;
  },
): string | null {
  const { tiers, asking, obliged } = of;
  const { action, object, tier, decision, type } = event;
  if (stage === undefined) {
    const asked = type === 'run.requested' || type === 'run.started' || event.run !== 'tenant';
    const due = tiers !== null && asked && action !== null && ACTS.has(action) && decision.verdict !== 'deny';
    return due ? 'Stage tier was not asked' : null;
  }
  if (tiers === null) return 'Stage tier was asked, and the policy has no controls of tiers';
  if (action === null || object === null || !(ACTS.has(action) || isChange(action))) {
    return 'Stage tier was asked about something that no tier is about';
  }
  if (tier === null || !TIERS.includes(tier)) return 'Stage tier was asked, and the event names no tier';
  const named = `${object.type}:${object.id}`;
  let given = 'allow';
  for (const rid of stage.rids) {
    const rule = tiers.rules.get(rid);
    if (!rule) return `Stage tier names control ${quote(rid)}, which the policy does not have`;
    // What nobody answers for may stand in a lower tier than the act.
    const elsewhere = rule.certain ? rule.tier !== tier : TIERS.indexOf(rule.tier) > TIERS.indexOf(tier);
    if (elsewhere || !rule.speaks(action, named)) {
      return `Stage tier names control ${quote(rid)}, which does not speak of this act`;
    }
    for (const id of rule.obliges) obliged.add(id);
    if (rule.denies) given = 'deny';
    else if (given === 'allow' && rule.obliges.some((id) => asking.has(id))) given = 'ask';
  }
  for (const [rid, rule] of tiers.rules) {
    if (rule.certain && rule.tier === tier && rule.speaks(action, named) && !stage.rids.includes(rid)) {
      return `Stage tier passes over control ${quote(rid)}, which speaks of this act`;
    }
  }
  return given === stage.verdict ? null : `The controls of stage tier say ${given}, the stage says ${stage.verdict}`;
}
