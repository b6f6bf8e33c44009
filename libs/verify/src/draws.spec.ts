import { drawOf, newId } from '@writ/kernel';
import fc from 'fast-check';
import { drawFault, drawnUnder } from './draws';

const hash = (digit: string): string => digit.repeat(64);
const view = (share: number, always: readonly string[] = []) =>
  ({ rules: new Map(), reviews: new Map([['high', { share, always }]]) }) as never;

/** The end of a run, as whoever draws rightly writes it. */
const end = (run: string, share: number, change: object = {}) => ({
  type: 'run.finished',
  run,
  prev: hash('a'),
  outcome: 'succeeded',
  tier: 'high',
  detail: {
    code: null,
    policy: hash('9'),
    seed: hash('a'),
    share,
    review: drawOf(hash('a'), run) < share ? 'share' : 'none',
  },
  ...change,
});

describe('the draw of a run', () => {
  test('falls below a share as often as the share says, and is the same for everybody', () => {
    const runs = Array.from({ length: 4_000 }, () => newId('run'));
    const drawn = runs.filter((run) => drawOf(hash('b'), run) < 0.25).length;
    // Twelve standard deviations: a run of this test that fails by chance will not be seen.
    expect(Math.abs(drawn - 1_000)).toBeLessThan(330);
    for (const run of runs.slice(0, 50)) {
      const place = drawOf(hash('b'), run);
      expect([place, place >= 0, place < 1]).toEqual([drawOf(hash('b'), run), true, true]);
    }
  });

  test('of the same run and seed is this very number, for ever', () => {
    expect(drawOf(hash('0'), 'run_01k8x0q3wsf5z8k2m4n6p8r0t2')).toBe(0.44786085334631665);
  });

  test('holds where it was made rightly, whatever the share, with the policy at hand and without', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (share) => {
        const event = end(newId('run'), share);
        expect([drawFault(event, view(share)), drawFault(event, undefined)]).toEqual([null, null]);
      }),
    );
  });

  const run = newId('run');
  const detail = { code: null, policy: hash('9'), seed: hash('a'), share: 1, review: 'share' };
  test.each<[string, object, ReturnType<typeof view> | null | undefined, string | null]>([
    ['every one is drawn', { detail }, view(1), null],
    [
      'all that end so are',
      { outcome: 'failed', detail: { ...detail, share: 0, review: 'always' } },
      view(0, ['failed']),
      null,
    ],
    ['left out', { detail: { ...detail, review: 'none' } }, view(1), 'follows as share'],
    ['left out, told without the policy', { detail: { ...detail, review: 'none' } }, undefined, 'follows as share'],
    ['put in', { detail: { ...detail, share: 0 } }, view(0), 'follows as none'],
    ['left out by another share', { detail: { ...detail, share: 0, review: 'none' } }, view(1), 'draws 1 of the runs'],
    [
      'left out by a seed of choice',
      { detail: { ...detail, seed: hash('c') } },
      view(1),
      'did not go by the event before',
    ],
    ['by a policy that draws none', { detail }, null, 'has nobody look'],
    [
      'of a quarantined run',
      { type: 'run.quarantined', outcome: 'unit_refused', detail: { ...detail, share: 0, review: 'none' } },
      view(0, ['quarantined']),
      'follows as always',
    ],
    ['that says nothing', { detail: { policy: hash('9') } }, view(1), 'cannot be read'],
  ])('%s', (_what, change, tiers, expected) => {
    const fault = drawFault(end(run, 1, change), tiers);
    if (expected === null) expect(fault).toBeNull();
    else expect(fault).toContain(expected);
  });

  test('is looked for where a run ends, and only where a policy has people look', () => {
    expect(drawnUnder(end(run, 1))).toBe(hash('9'));
    expect(drawnUnder({ ...end(run, 1), detail: { code: null } })).toBeNull();
    expect(drawnUnder({ ...end(run, 1), type: 'run.started' })).toBeNull();
  });
});
