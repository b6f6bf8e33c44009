import { canonicalJson, type Json } from '@writ/kernel';
import type { PolicyBundle } from '../bundle';
import type { Snapshot } from '../snapshot';
import { ruleOf, type WrittenRule } from './written';

/** One thing two policies say differently. */
export interface PolicyDifference {
  readonly part: PolicyPart;
  /** Id of the rule, the condition, the guardrail and so on; `user:ann role:keeper` for who holds a role. */
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** Whether anybody may more by it, or less; `either` where that depends on what refers to it. */
  readonly leads: 'more' | 'less' | 'either';
  /** What it says now, or said, in words. */
  readonly words: string;
  /** As it was written: a line of the rules, or JSON. */
  readonly before: string | null;
  readonly after: string | null;
}

const POLICY_PARTS = [
  'rule',
  'role',
  'class',
  'condition',
  'obligation',
  'attribute',
  'limit',
  'vocabulary',
  'flow',
  'guardrail',
  'absolute',
  'tier',
] as const;
export type PolicyPart = (typeof POLICY_PARTS)[number];

interface Said {
  readonly part: PolicyPart;
  readonly name: string;
  readonly text: string;
  readonly words: string;
  readonly gives: 'more' | 'less' | 'either';
}

/** What `after` says otherwise than `before` (null: than nothing), what gives anybody more first, then by part and name. */
export function comparePolicies(
  before: Pick<Snapshot, 'body'> | null,
  after: Pick<Snapshot, 'body'>,
): readonly PolicyDifference[] {
  const old = before === null ? new Map<string, Said>() : saidBy(before);
  const now = saidBy(after);
  const differences: PolicyDifference[] = [];
  for (const [key, one] of now) {
    const was = old.get(key);
    if (was?.text === one.text) continue;
    const { part, name, words } = one;
    const common = { part, name, words, before: was?.text ?? null, after: one.text };
    differences.push(
      was ? { ...common, change: 'changed', leads: 'either' } : { ...common, change: 'added', leads: one.gives },
    );
  }
  for (const [key, { part, name, words, text, gives }] of old) {
    if (now.has(key)) continue;
    const leads = gives === 'either' ? gives : gives === 'more' ? 'less' : 'more';
    differences.push({ part, name, change: 'removed', leads, words, before: text, after: null });
  }
  return differences.sort(
    (a, b) =>
      FIRST.indexOf(a.leads) - FIRST.indexOf(b.leads) ||
      POLICY_PARTS.indexOf(a.part) - POLICY_PARTS.indexOf(b.part) ||
      (a.name < b.name ? -1 : 1),
  );
}

const FIRST = ['more', 'either', 'less'] as const;

/** Everything a policy says, each thing under a key of its own. */
function saidBy({ body }: Pick<Snapshot, 'body'>): Map<string, Said> {
  const bundle = JSON.parse(body) as PolicyBundle;
  const said = new Map<string, Said>();
  const add = (one: Said): void => void said.set(`${one.part} ${one.name}`, one);
  for (const line of bundle.rules.split('\n')) add(lineSaid(line));
  const each = (part: PolicyPart, all: { readonly [name: string]: unknown }, prefix = ''): void => {
    for (const [name, value] of Object.entries(all)) {
      const text = canonicalJson(value as Json);
      add({ part, name: prefix + name, text, words: `${part} ${prefix}${name}`, gives: 'either' });
    }
  };
  each('condition', bundle.conditions);
  each('obligation', bundle.obligations);
  each('attribute', bundle.attributes);
  each('limit', bundle.limits);
  each('vocabulary', bundle.vocabulary ?? {});
  const { rules = {}, tools = {}, ...flow } = bundle.flow ?? {};
  each('flow', flow);
  each('flow', rules, 'rules.');
  each('flow', tools, 'tools.');
  each('guardrail', bundle.guardrails?.checks ?? {});
  each('absolute', bundle.guardrails?.absolute ?? {});
  each('tier', bundle.tiers ?? {});
  return said;
}

function lineSaid(line: string): Said {
  const columns = line.split(', ');
  const [section, member = '', group = ''] = columns;
  if (section === 'g' || section === 'g2') {
    const part = section === 'g' ? 'role' : 'class';
    const words = section === 'g' ? `${member} has ${group}` : `${member} is in ${group}`;
    return { part, name: `${member} ${group}`, text: line, words, gives: 'either' };
  }
  const rule = ruleOf(line, columns);
  const gives = rule.effect === 'deny' ? 'less' : 'more';
  return { part: 'rule', name: rule.rid, text: line, words: ruleWords(rule), gives };
}

/** `role:customer may tool.invoke tool:refund, if large, after ask_payments`. */
function ruleWords({ section, subject, action, object, condition, effect, obligations }: WrittenRule): string {
  const may = effect === 'deny' ? 'must not' : 'may';
  const act =
    section === 'p' ? `${named(action, 'do everything')} ${named(object, 'on everything')}` : `hand over to ${object}`;
  const when = condition === null ? '' : `, if ${condition}`;
  const owed = obligations.length === 0 ? '' : `, with ${obligations.join(' and ')}`;
  return `${subject} ${may} ${act}${when}${owed}`;
}

const named = (text: string, all: string): string => (text === '*' ? all : text);
