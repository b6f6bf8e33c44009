import fc from 'fast-check';
import { checkSchedule, dueTimes, LATE_MS, MAX_AT_ONCE, nextAfter, type Schedule } from './schedule';

const at = (text: string): number => Date.parse(text);
const iso = (times: readonly number[]): string[] => times.map((ms) => new Date(ms).toISOString());
const hourly: Schedule = { cron: '0 * * * *', timeZone: 'UTC', missed: 'once' };

describe('a schedule', () => {
  it('goes by the clocks of its time zone, over both changes of summer time', () => {
    const seven = { cron: '0 7 * * *', timeZone: 'Europe/Berlin' };
    const times = (from: string, count: number): string[] => {
      const found: number[] = [];
      for (let time = at(from); found.length < count; found.push(time)) time = nextAfter(seven, time)!;
      return iso(found);
    };
    expect(times('2026-03-28T00:00:00Z', 2)).toEqual(['2026-03-28T06:00:00.000Z', '2026-03-29T05:00:00.000Z']);
    expect(times('2026-10-24T00:00:00Z', 2)).toEqual(['2026-10-24T05:00:00.000Z', '2026-10-25T06:00:00.000Z']);
  });

  it('never fires twice for the hour that comes twice, nor not at all for the one that is left out', () => {
    const daily = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' };
    for (const [from, to] of [
      ['2026-03-27T12:00:00Z', '2026-03-31T12:00:00Z'],
      ['2026-10-23T12:00:00Z', '2026-10-27T12:00:00Z'],
    ] as const) {
      const found: number[] = [];
      for (let time = nextAfter(daily, at(from))!; time < at(to); time = nextAfter(daily, time)!) found.push(time);
      expect(found).toHaveLength(4);
    }
  });

  it('is refused by name when it is none, or never comes', () => {
    const refused = (cron: string, timeZone = 'UTC') => checkSchedule({ cron, timeZone }, 0);
    for (const [cron, zone] of [
      ['often', 'UTC'],
      ['61 * * * *', 'UTC'],
      ['0 0 31 2 *', 'UTC'],
      ['* * * * * * *', 'UTC'],
      ['0 * * * *', 'Mars/Olympus'],
    ] as const) {
      expect([cron, refused(cron, zone)]).toMatchObject([cron, { ok: false, failure: { code: 'schema_violation' } }]);
    }
    expect(refused('*/10 * * * * *')).toEqual({ ok: true, value: 10_000 });
  });
});

describe('what is due', () => {
  const due = at('2026-11-23T00:00:00Z');
  const rule = (missed: Schedule['missed'], now: string) => {
    const { fire, missed: passed, next } = dueTimes({ ...hourly, missed }, { due, now: at(now) });
    return { fire: iso(fire), missed: passed && iso([passed.from, passed.to]), next: next && iso([next])[0] };
  };

  it('is nothing before its time', () => {
    expect(rule('once', '2026-11-22T23:59:59.999Z')).toEqual({ fire: [], missed: null, next: iso([due])[0] });
  });

  it('is on time while it is less than a minute late, whatever the rule', () => {
    for (const missed of ['skip', 'once', 'all'] as const) {
      expect(rule(missed, '2026-11-23T00:00:59Z')).toEqual({
        fire: ['2026-11-23T00:00:00.000Z'],
        missed: null,
        next: '2026-11-23T01:00:00.000Z',
      });
    }
  });

  it('of times missed is none, the latest, or each, as the rule says', () => {
    const now = '2026-11-23T03:30:00Z';
    const next = '2026-11-23T04:00:00.000Z';
    const four = ['00', '01', '02', '03'].map((hour) => `2026-11-23T${hour}:00:00.000Z`);
    expect(rule('skip', now)).toEqual({ fire: [], missed: [four[0], four[3]], next });
    expect(rule('once', now)).toEqual({ fire: [four[3]], missed: [four[0], four[2]], next });
    expect(rule('all', now)).toEqual({ fire: four, missed: null, next });
  });

  it('after a gap is the one on time beside the missed ones', () => {
    const now = '2026-11-23T03:00:10Z';
    const next = '2026-11-23T04:00:00.000Z';
    const [zero, one, two, three] = ['00', '01', '02', '03'].map((hour) => `2026-11-23T${hour}:00:00.000Z`);
    expect(rule('skip', now)).toEqual({ fire: [three], missed: [zero, two], next });
    expect(rule('once', now)).toEqual({ fire: [two, three], missed: [zero, one], next });
  });

  it('is bounded at one look, and goes on where it stopped', () => {
    const every = { cron: '* * * * * *', timeZone: 'UTC', missed: 'all' } as const;
    const first = dueTimes(every, { due, now: due + 3_600_000 });
    expect(first.fire).toHaveLength(MAX_AT_ONCE);
    expect(first.next).toBe(due + MAX_AT_ONCE * 1000);
  });

  it('a week of seconds missed is passed over at once', () => {
    const every = { cron: '* * * * * *', timeZone: 'UTC', missed: 'skip' } as const;
    const now = due + 7 * 86_400_000;
    // Of this thread's own time: what else the machine does is not counted.
    const before = process.threadCpuUsage();
    const found = dueTimes(every, { due, now });
    const { user, system } = process.threadCpuUsage(before);
    expect(user + system).toBeLessThan(1_000_000);
    expect(found.fire[0]).toBe(now - LATE_MS);
  });

  it('fires each time once over any sequence of looks, and none twice', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 400_000 }), { minLength: 1, maxLength: 30 }),
        fc.constantFrom('skip' as const, 'once' as const, 'all' as const),
        (waits, missed) => {
          const schedule: Schedule = { cron: '*/20 * * * * *', timeZone: 'UTC', missed };
          let [next, now]: [number | null, number] = [due, due];
          const fired: number[] = [];
          const passed: { from: number; to: number }[] = [];
          for (const wait of waits) {
            now += wait;
            const found = dueTimes(schedule, { due: next!, now });
            fired.push(...found.fire);
            if (found.missed) passed.push(found.missed);
            next = found.next;
          }
          expect(new Set(fired).size).toBe(fired.length);
          expect(fired).toEqual([...fired].sort((a, b) => a - b));
          // Every time up to the next one was fired, or stands among the missed.
          for (let time = due; time < next!; time += 20_000) {
            const found = fired.includes(time) || passed.some(({ from, to }) => from <= time && time <= to);
            expect([time, found]).toEqual([time, true]);
          }
          if (missed === 'all') expect(passed).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });
});
