import fc from 'fast-check';
import { PlatformParts } from './platform-parts';

type Act =
  { readonly told: number; readonly part: string | null } | { readonly under: number; readonly by: string | null };

/** What is said of these, in the order in which a log holds them: the places of those that should not be. */
function faults(acts: readonly Act[]): number[] {
  const parts = new PlatformParts();
  for (const [index, act] of acts.entries()) {
    if ('told' in act) parts.activated({ detail: { platform: act.part, platform_epoch: act.told } }, index);
    else {
      const authority = { tenant: 1, platform: act.under };
      parts.passed({ authority }, act.by, { at: { index, byte: null }, event: null });
    }
  }
  return parts.faults().map(({ index }) => index ?? -1);
}

const changes = fc.array(fc.constantFrom('a', 'b', null), { maxLength: 4 });

/** What a product that keeps its word commits: acts under each epoch, by what had been added by then. */
function honest(parts: readonly (string | null)[]): Act[] {
  const acts: Act[] = [{ under: 1, by: null }];
  let part: string | null = null;
  for (const [i, next] of parts.entries()) {
    const epoch = 3 * i + 3;
    if (next !== part) acts.push({ told: epoch, part: next });
    part = next;
    // A stop of the platform raises its epoch too, and what it adds stays.
    acts.push({ under: epoch, by: part }, { under: epoch + 1, by: part });
  }
  return acts;
}

describe('what the platform adds, held against acts', () => {
  it('finds nothing wrong with what really happened, in whatever order the log holds it', () => {
    fc.assert(
      fc.property(changes, fc.infiniteStream(fc.nat()), (parts, random) => {
        const acts = honest(parts);
        expect(faults(acts)).toEqual([]);
        const shuffled = acts.map((act) => [random.next().value as number, act] as const).sort(([a], [b]) => a - b);
        expect(faults(shuffled.map(([, act]) => act))).toEqual([]);
      }),
    );
  });

  it('names an act that passed under a policy without what had been added, before or after it is told', () => {
    const told: Act = { told: 5, part: 'a' };
    expect(faults([told, { under: 5, by: null }])).toEqual([1]);
    expect(faults([told, { under: 9, by: 'b' }])).toEqual([1]);
    expect(faults([{ under: 6, by: null }, told])).toEqual([0]);
    expect(faults([{ under: 4, by: null }, told, { under: 5, by: 'a' }])).toEqual([]);
    expect(faults([told, { told: 7, part: null }, { under: 7, by: 'a' }])).toEqual([2]);
  });

  it('says nothing of a log that tells of none, nor of acts that do not tell their epoch', () => {
    const parts = new PlatformParts();
    parts.activated({ detail: { previous: null, rules: 3 } }, 0);
    parts.passed({ authority: { tenant: 1, platform: 9 } }, null, { at: { index: 1, byte: null }, event: null });
    parts.passed({}, 'a', { at: { index: 2, byte: null }, event: null });
    expect(parts.faults()).toEqual([]);
  });
});
