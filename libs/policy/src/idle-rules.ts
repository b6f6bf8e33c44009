import { RISK_TIERS } from '@writ/words';
import type { PolicyBundle } from './bundle';
import { storedRules } from './direct/policy-columns';
import { tierRule } from './tiers/rule-ids';

/** Kinds of objects that are published under names of the tenant's own choosing. */
const PUBLISHED = ['tool', 'model', 'agent', 'workflow'];

/** Sentences shown at most; a policy written before its definitions has one for nearly each rule. */
const MOST = 100;

/**
 * What the rules of a bundle name whole and nobody has published, `tool:refnud` for instance, one sentence each. No fault:
 * a rule may well be there first. `published` holds names such as `tool:refund`. The bundle is one that can be built.
 */
export function idleRules(
  { rules: text, tiers = {} }: PolicyBundle,
  published: ReadonlySet<string>,
): readonly string[] {
  const { rules, classes } = storedRules(JSON.stringify({ rules: text }));
  const named = rules.flatMap((rule) => {
    const names = rule.section === 'p' ? [rule.subject, rule.object] : [rule.source, rule.target];
    return names.map((name) => [name, `Rule ${rule.rid}`] as const);
  });
  const classed = classes.map(({ member, group }) => [member, `Class ${group}`] as const);
  const controlled = RISK_TIERS.flatMap((tier) =>
    Object.entries(tiers[tier]?.controls ?? {}).flatMap(([id, { objects }]) =>
      objects.map((name) => [name, `Control ${tierRule(tier, id)}`] as const),
    ),
  );
  const missing = new Map<string, string>();
  for (const [name, who] of [...named, ...classed, ...controlled]) {
    const kind = name.slice(0, name.indexOf(':'));
    if (!PUBLISHED.includes(kind) || name.endsWith('*') || published.has(name) || missing.has(name)) continue;
    missing.set(name, `${who} names ${name}, which is not published.`);
  }
  return [...missing.values()].slice(0, MOST);
}
