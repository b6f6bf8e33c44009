import type { ItemOf } from '@writ/contract';
import { type TenantAuthority, tiering } from '@writ/policy';
import { governing } from '@writ/registry';
import { time } from '../search/window';

type Entry = ItemOf<'listInventory'>;
type Inventoried = Awaited<ReturnType<typeof governing.inventory>>[number];

/** One entry as it stands under a policy; `used` is when something like `agent orders` was last used, in epoch milliseconds. */
export function entryOf(
  one: Inventoried,
  around: {
    readonly snapshot: TenantAuthority['snapshot'];
    readonly used: ReadonlyMap<string, number>;
    readonly now: number;
  },
): Entry {
  const { snapshot, used, now } = around;
  const { definition, reaches, usedBy } = one;
  const part = governing.answerable(definition);
  const rules = snapshot?.tiers?.of(part.tier) ?? null;
  const lapses = tiering.lapsed(part, now).map(({ kind, words }) => ({
    lapse: kind,
    words,
    does: rules?.lapses[kind]?.does ?? ('nothing' as const),
  }));
  const last = used.get(`${definition.kind} ${definition.name}`);
  return {
    kind: definition.kind,
    name: definition.name,
    version: one.version,
    digest: one.digest,
    owner: definition.owner ?? null,
    purpose: definition.purpose ?? null,
    tier: part.tier,
    classed: definition.risk !== undefined,
    reaches,
    review_by: definition.review_by ?? null,
    lapses,
    blocked: lapses.some(({ does }) => does === 'block'),
    controls: rules
      ? [...rules.controls.map(({ rid }) => rid), ...Object.values(rules.lapses).map(({ rid }) => rid)]
      : [],
    used_by: usedBy,
    last_used_at: last === undefined ? null : time(last),
    author: one.author,
    published_at: one.created_at,
  };
}
