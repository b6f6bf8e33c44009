import { sharedBusy } from './busy';

describe('what the runs of a worker share', () => {
  it('is busy as far as the database is at work on their commits, whatever the thread does', () => {
    const stats = { units: 0, batches: 0, refused: 0, resent: 0, reconnects: 0, waiting: 0, inFlight: 0, busyMs: 7 };
    let at = 1_000;
    const clock = { now: () => at, monotonic: () => at };
    const busy = sharedBusy({ stats: () => stats }, clock);
    at += 200;
    stats.busyMs += 200;
    const committing = busy();
    expect(committing).toBeGreaterThanOrEqual(0.8);
    expect(committing).toBeLessThanOrEqual(1);
  });

  it('is asked of the time since it was asked last', () => {
    const stats = { units: 0, batches: 0, refused: 0, resent: 0, reconnects: 0, waiting: 0, inFlight: 0, busyMs: 0 };
    let at = 0;
    const clock = { now: () => at, monotonic: () => at };
    const busy = sharedBusy({ stats: () => stats }, clock);
    for (const share of [1, 0.95, 1]) {
      at += 400;
      stats.busyMs += 400 * share;
      expect(busy()).toBeGreaterThanOrEqual(0.8 * share - 1e-9);
    }
  });
});
