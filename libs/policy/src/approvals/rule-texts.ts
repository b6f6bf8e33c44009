import { canonicalJson, type Json } from '@writ/kernel';
import { FLOW_RULE } from '../flow/rule-ids';
import type { Snapshot } from '../snapshot';

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
  const { rules, conditions, flow } = JSON.parse(snapshot.body) as Body;
  const lines = new Map<string, string>();
  // As they stand in the canonical text, so that whoever wrote one first is found there.
  const flowRules = { ...flow?.rules, ...(flow?.trifecta !== undefined && { trifecta: flow.trifecta }) };
  for (const [id, rule] of Object.entries(flowRules)) {
    lines.set(`${FLOW_RULE}${id}`, `${JSON.stringify(id)}:${canonicalJson(rule)}`);
  }
  for (const line of rules.split('\n')) {
    if (line.startsWith('p')) lines.set(line.slice(line.lastIndexOf(', ') + 2), line);
  }
  const texts: RuleTexts = { line: (rid) => lines.get(rid), condition: (id) => conditions[id] };
  read.set(snapshot, texts);
  return texts;
}

interface Body {
  readonly rules: string;
  readonly conditions: { readonly [id: string]: Json };
  readonly flow?: { readonly rules: { readonly [id: string]: Json }; readonly trifecta?: Json };
}

/** A rule in words: `role:customer may tool.invoke tool:refund, when large, after ask_payments`. */
export function ruleWords(line: string): string {
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
