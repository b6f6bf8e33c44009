import { TENANT_COLUMN } from '@writ/rules';
import type { Question } from '../casbin';
import type { StoredRules } from './policy-columns';

/** A request made up from a policy, and which of its conditions are to hold. */
export interface MadeUp {
  readonly section: 'p' | 'p2';
  readonly request: Question['request'];
  readonly truths: ReadonlyMap<string, boolean>;
}

/** The names of a policy with what its patterns cover, and some that nobody wrote. */
function names(words: Iterable<string>): readonly string[] {
  const all = new Set(['', 'user:nobody', 'tool:none']);
  for (const word of words) {
    const stem = word.endsWith('*') ? word.slice(0, -1) : word;
    all.add(stem).add(`${stem}x`);
    if (stem.length > 1) all.add(stem.slice(0, -1));
  }
  return [...all];
}

/** Requests made up from the rules themselves, so that they meet them: names of rules, of members, and near misses. */
export function* madeUp({ rules, roles, classes }: StoredRules, seed: number): Generator<MadeUp, never, void> {
  const actions = rules.filter((rule) => rule.section === 'p');
  const handoffs = rules.filter((rule) => rule.section === 'p2');
  const members = roles.flatMap(({ member, group }) => [member, group]);
  const pools = {
    subjects: names([...actions.map((rule) => rule.subject), ...members]),
    objects: names([...actions.map((rule) => rule.object), ...classes.flatMap(({ member, group }) => [member, group])]),
    actions: names(actions.map((rule) => rule.action)),
    sources: names([...handoffs.map((rule) => rule.source), ...members]),
    targets: names([...handoffs.map((rule) => rule.target), ...members]),
    purposes: names(handoffs.map((rule) => rule.purpose)),
  };
  const conditions = [...new Set(rules.flatMap(({ condition }) => condition ?? []))];
  let state = seed >>> 0;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  const one = (pool: readonly string[]): string => pool[random(pool.length)]!;
  const near = (own: string, pool: readonly string[]): string =>
    random(3) > 0 && !own.endsWith('*') ? own : one(pool);
  for (;;) {
    const truths = new Map(conditions.map((id) => [id, random(2) === 0]));
    const section = handoffs.length > 0 && (actions.length === 0 || random(5) === 0) ? 'p2' : 'p';
    // Most columns are those of one rule, or a request would seldom meet any.
    if (section === 'p') {
      const rule = actions[random(actions.length)]!;
      const subject = near(rule.subject, pools.subjects);
      const request = [
        subject,
        TENANT_COLUMN,
        near(rule.object, pools.objects),
        near(rule.action, pools.actions),
      ] as const;
      yield { section, request, truths };
    } else {
      const rule = handoffs[random(handoffs.length)]!;
      const source = near(rule.source, pools.sources);
      const request = [
        source,
        near(rule.target, pools.targets),
        TENANT_COLUMN,
        near(rule.purpose, pools.purposes),
      ] as const;
      yield { section, request, truths };
    }
  }
}
