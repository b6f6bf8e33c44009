import { RuleReader, type Link, type Rule } from '@writ/rules';

/** The rules of a stored policy, whatever words it was written with. */
export interface StoredRules {
  readonly rules: readonly Rule[];
  readonly roles: readonly Link[];
  readonly classes: readonly Link[];
}

export function storedRules(body: string): StoredRules {
  const { rules: text } = JSON.parse(body) as { readonly rules: string };
  const reader = new RuleReader(null);
  const rules: Rule[] = [];
  const links = { g: [] as Link[], g2: [] as Link[] };
  for (const written of text.split('\n')) {
    const line = written.trim();
    if (line === '' || line.startsWith('#')) continue;
    const read = reader.read(line);
    if (read.section === 'p' || read.section === 'p2') rules.push(read.rule);
    else links[read.section].push(read.link);
  }
  return { rules, roles: links.g, classes: links.g2 };
}

/** Rules put before stock Casbin at once, whose time grows with them. */
const MOST = 200;

/** At most 200 rules: all of `first`, and others at even distances. */
export function projected(rules: readonly Rule[], first: ReadonlySet<string> = new Set()): readonly Rule[] {
  if (rules.length <= MOST) return rules;
  const chosen = rules.filter(({ rid }) => first.has(rid)).slice(0, MOST);
  const others = rules.filter(({ rid }) => !first.has(rid));
  const step = others.length / Math.max(1, MOST - chosen.length);
  for (let at = 0; chosen.length < MOST && Math.floor(at) < others.length; at += step)
    chosen.push(others[Math.floor(at)]!);
  return chosen;
}
