import { covers } from '@writ/rules';
import type { PolicyBundle } from '../bundle';
import type { Snapshot } from '../snapshot';

/** One rule as it is written, by its columns. */
export interface WrittenRule {
  readonly section: 'p' | 'p2';
  readonly rid: string;
  /** `p`: subject; `p2`: source. */
  readonly subject: string;
  /** `p`: object; `p2`: target. */
  readonly object: string;
  /** `p` only. */
  readonly action: string;
  readonly condition: string | null;
  readonly effect: string;
  readonly obligations: readonly string[];
  readonly line: string;
}

/** A policy as people wrote it: what a snapshot's indexes no longer tell, read once when somebody first asks. */
export interface Written {
  readonly rules: readonly WrittenRule[];
  rule(rid: string): WrittenRule | undefined;
  /** People, services and agents it names, each once; no patterns. */
  readonly subjects: readonly string[];
  /** Roles and patterns that rules of `p` name as their subject, each once: whoever holds them, or is covered by them. */
  readonly groups: readonly string[];
  /** Whether what a rule says hangs on who exactly asks: its condition reads something of the initiator. */
  isPersonal(rid: string): boolean;
  /** The shortest way from a name up to a group, both included; null where there is none. */
  path(from: string, to: string): readonly string[] | null;
}

const held = new WeakMap<Snapshot, Written>();

export function written(snapshot: Snapshot): Written {
  const known = held.get(snapshot);
  if (known) return known;
  const { rules: text, conditions } = JSON.parse(snapshot.body) as Pick<PolicyBundle, 'rules' | 'conditions'>;
  const personal = new Set(Object.keys(conditions).filter((id) => readsInitiator(conditions[id])));
  const rules: WrittenRule[] = [];
  const above = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const columns = line.split(', ');
    if (columns[0] === 'g') {
      const groups = above.get(columns[1]!);
      if (groups) groups.push(columns[2]!);
      else above.set(columns[1]!, [columns[2]!]);
    } else if (columns[0] === 'p' || columns[0] === 'p2') rules.push(ruleOf(line, columns));
  }
  const byId = new Map(rules.map((rule) => [rule.rid, rule]));
  const names = [...rules.map(({ subject }) => subject), ...above.keys()];
  const found: Written = {
    rules,
    rule: (rid) => byId.get(rid),
    subjects: [...new Set(names.filter(isSomebody))].sort(),
    groups: [...new Set(rules.filter(({ section }) => section === 'p').map(({ subject }) => subject))]
      .filter((subject) => !isSomebody(subject))
      .sort(),
    isPersonal: (rid) => personal.has(byId.get(rid)?.condition ?? ''),
    path: (from, to) => shortest(above, from, to),
  };
  held.set(snapshot, found);
  return found;
}

const readsInitiator = (condition: unknown): boolean => JSON.stringify(condition).includes('"initiator.');

const isSomebody = (name: string): boolean => /^(user|service|agent):[^*]+$/.test(name);

export function ruleOf(line: string, columns: readonly string[]): WrittenRule {
  const [section, subject = '', second = '', third = '', fourth = ''] = columns;
  const condition = columns.at(-4) ?? '';
  const obligations = columns.at(-2) ?? '';
  return {
    section: section === 'p' ? 'p' : 'p2',
    rid: columns.at(-1) ?? '',
    subject,
    object: section === 'p' ? third : second,
    action: section === 'p' ? fourth : '',
    condition: condition === '' ? null : condition,
    effect: columns.at(-3) ?? '',
    obligations: obligations === '' ? [] : obligations.split('|'),
    line,
  };
}

function shortest(above: ReadonlyMap<string, readonly string[]>, from: string, to: string): readonly string[] | null {
  const reached = new Map<string, string | null>([[from, null]]);
  for (const name of reached.keys()) {
    if (name === to || covers(to, name)) return wayTo(reached, name, to);
    for (const group of above.get(name) ?? []) if (!reached.has(group)) reached.set(group, name);
  }
  return null;
}

function wayTo(reached: ReadonlyMap<string, string | null>, name: string, to: string): readonly string[] {
  const way = name === to ? [name] : [to, name];
  for (let below = reached.get(name) ?? null; below !== null; below = reached.get(below) ?? null) way.push(below);
  return way.reverse();
}
