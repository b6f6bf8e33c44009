import type { RunStarted } from '../events';
import { Crew } from '../crew';
import { emptyPending, type HeldRun } from '../held-run';
import { emptyState } from '../state';
import { RestedRuns } from './rested-runs';
import { sizeOf } from './size-of';

const held = (run: string, more: Partial<HeldRun> = {}): HeldRun =>
  ({
    tenant: 'ten_1',
    run,
    leaseEpoch: 7,
    state: emptyState({ input: {}, deadline_at: null } as unknown as RunStarted),
    resumes: null,
    create: null,
    seq: 3,
    pending: emptyPending(),
    letGo: false,
    crew: new Crew(),
    claims: [],
    committing: false,
    ...more,
  }) as unknown as HeldRun;

describe('runs that came to rest', () => {
  it('are kept as they are, and given once', () => {
    const rested = new RestedRuns(4);
    const run = held('run_1');
    rested.keep('run_1', run, 0);
    expect(rested.take('run_1', 1)).toMatchObject({ run: 'run_1', leaseEpoch: 7, seq: 3, state: run.state });
    expect(rested.take('run_1', 1)).toBeNull();
  });

  it('are never more than so many: the one that rests longest goes first', () => {
    const rested = new RestedRuns(3);
    for (const run of ['run_1', 'run_2', 'run_3', 'run_2', 'run_4']) rested.keep(run, held(run), 0);
    expect(rested.size).toBe(3);
    expect(['run_1', 'run_2', 'run_3', 'run_4'].map((run) => rested.take(run, 0) !== null)).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });

  it('are forgotten after a minute, whether anybody asks for them or not', () => {
    const rested = new RestedRuns(3);
    rested.keep('run_1', held('run_1'), 0);
    rested.keep('run_2', held('run_2'), 30_000);
    rested.forget(60_000);
    expect(rested.size).toBe(1);
    expect(rested.take('run_2', 90_000)).toBeNull();
  });

  it('are not kept where they are large', () => {
    const rested = new RestedRuns(3);
    const state = emptyState({ input: { text: 'x'.repeat(70_000) } } as unknown as RunStarted);
    rested.keep('run_1', held('run_1', { state }), 0);
    expect(rested.size).toBe(0);
  });

  it.each<[string, () => Partial<HeldRun>]>([
    ['has facts that are not committed', () => ({ pending: { ...emptyPending(), mail: ['mail_1' as never] } })],
    ['has a unit on its way', () => ({ committing: true })],
    ['is not led at all yet', () => ({ resumes: { from: 6, owner: 'wrk_1' as never } })],
    ['is let go of', () => ({ letGo: true })],
  ])('are kept only at rest: one that %s is not', (_what, more) => {
    const rested = new RestedRuns(3);
    rested.keep('run_1', held('run_1'), 0);
    rested.keep('run_1', held('run_1', more()), 0);
    expect(rested.size).toBe(0);
  });
});

describe('what a value takes', () => {
  it('grows with its texts and its parts, wherever they are', () => {
    const text = 'x'.repeat(1_000);
    for (const value of [text, [text], { text }, new Map([['key', text]]), new Set([text]), [[{ a: [text] }]]]) {
      expect(sizeOf(value, 10_000)).toBeGreaterThanOrEqual(1_000);
      expect(sizeOf(value, 10_000)).toBeLessThan(1_300);
    }
  });

  it('is not counted to its end above the most that is asked for', () => {
    let looked = 0;
    const parts = Array.from({ length: 10_000 }, () => ({
      get part() {
        looked += 1;
        return 'x'.repeat(100);
      },
    }));
    expect(sizeOf(parts, 1_000)).toBeGreaterThan(1_000);
    expect(looked).toBeLessThan(20);
  });
});
