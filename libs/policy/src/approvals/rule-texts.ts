import { canonicalJson, type Json } from '@writ/kernel';
import { RISK_TIERS, type RiskTier } from '@writ/words';
import { FLOW_RULE } from '../flow/rule-ids';
import type { Snapshot } from '../snapshot';
import { LAPSES } from '../tiers/document';
import { TIER_RULE, tierRule } from '../tiers/rule-ids';

/** The rules of a policy as they are written, by id. */
export interface RuleTexts {
  /** The rule as one line; undefined for an id the policy does not have. */
  line(rid: string): string | undefined;
  /** A condition's expression. */
  condition(id: string): Json | undefined;
}

const read = new WeakMap<Snapshot, RuleTexts>();

/** Read once per snapshot, when somebody is first asked under it: deciding needs no text. */
export function ruleTexts(snapshot: Snapshot): RuleTexts {
  const held = read.get(snapshot);
  if (held) return held;
  const { rules, conditions, flow, tiers = {} } = JSON.parse(snapshot.body) as Body;
  const lines = new Map<string, string>();
  // As they stand in the canonical text, so that whoever wrote one first is found there.
  const flowRules = { ...flow?.rules, ...(flow?.trifecta !== undefined && { trifecta: flow.trifecta }) };
  for (const [id, rule] of Object.entries(flowRules)) {
    lines.set(`${FLOW_RULE}${id}`, lineOf(id, rule));
  }
  for (const tier of RISK_TIERS) {
    const { controls = {}, ...rest } = tiers[tier] ?? {};
    for (const [id, rule] of Object.entries(controls)) lines.set(tierRule(tier, id), lineOf(id, rule));
    for (const id of LAPSES) if (rest[id] !== undefined) lines.set(tierRule(tier, id), lineOf(id, rest[id]));
  }
  for (const line of rules.split('\n')) {
    if (line.startsWith('p')) lines.set(line.slice(line.lastIndexOf(', ') + 2), line);
  }
  const texts: RuleTexts = { line: (rid) => lines.get(rid), condition: (id) => conditions[id] };
  read.set(snapshot, texts);
  return texts;
}

const lineOf = (id: string, rule: Json): string => `${JSON.stringify(id)}:${canonicalJson(rule)}`;

interface Body {
  readonly rules: string;
  readonly conditions: { readonly [id: string]: Json };
  readonly flow?: { readonly rules: { readonly [id: string]: Json }; readonly trifecta?: Json };
  readonly tiers?: { readonly [T in RiskTier]?: TierBody };
}

type TierBody = { readonly controls?: { readonly [id: string]: Json } } & {
  readonly [L in (typeof LAPSES)[number]]?: Json;
};

/** A rule in words: `role:customer may tool.invoke tool:refund, when large, after ask_payments`. */
export function ruleWords(rid: string, line: string): string {
  if (rid.startsWith(TIER_RULE)) {
    const [tier, id] = rid.slice(TIER_RULE.length).split(':');
    return `control ${id} of tier ${tier}`;
  }
  if (line.startsWith('"')) return `flow rule ${line.slice(1, line.indexOf('"', 1))}`;
  const columns = line.split(', ');
  if (columns[0] === 'p2') {
    const [, from, to, , purpose, mode, condition, effect, obligations] = columns;
    const why = purpose === '*' ? '' : ` for ${purpose}`;
    const how = mode === 'service' ? ', as a service' : '';
    return `${from} ${may(effect)} hand over to ${to}${why}${how}${tail(condition, obligations)}`;
  }
  const [, subject, , object, action, condition, effect, obligations] = columns;
  return `${subject} ${may(effect)} ${action} ${object}${tail(condition, obligations)}`;
}

const may = (effect: string | undefined): string => (effect === 'deny' ? 'must not' : 'may');
const tail = (condition = '', obligations = ''): string =>
  `${condition === '' ? '' : `, when ${condition}`}${obligations === '' ? '' : `, after ${obligations.split('|').join(' and ')}`}`;
