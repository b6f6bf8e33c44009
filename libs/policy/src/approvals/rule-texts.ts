import type { Json } from '@writ/kernel';
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
  const { rules, conditions } = JSON.parse(snapshot.body) as { rules: string; conditions: { [id: string]: Json } };
  const lines = new Map<string, string>();
  for (const line of rules.split('\n')) {
    if (line.startsWith('p')) lines.set(line.slice(line.lastIndexOf(', ') + 2), line);
  }
  const texts: RuleTexts = { line: (rid) => lines.get(rid), condition: (id) => conditions[id] };
  read.set(snapshot, texts);
  return texts;
}

/** A rule in words: `role:customer may tool.invoke tool:refund, when large, after ask_payments`. */
export function ruleWords(line: string): string {
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
