import type { Admissions, RunLoad, TenantLoad } from '@writ/database';
import type { Clock, TenantId } from '@writ/kernel';
import { Admission } from './admission';

const A = 'ten_a' as TenantId;
const B = 'ten_b' as TenantId;
const IDLE: TenantLoad = {
  active: 0,
  inLine: 0,
  waitedMs: 0,
  linedUpMs: 0,
  weight: 1,
  mostActive: null,
  mostInLine: 100_000,
};

/** The database of these tests: loads as the functions of the schema answer them, and how each was asked for. */
class Lines {
  readonly looks: ('to its end' | 'short')[] = [];
  readonly tenants = new Map<TenantId, TenantLoad>();
  tookMs = 1;
  #now = 0;

  constructor(readonly places: number) {}

  get clock(): Clock {
    return { now: () => this.#now, monotonic: () => this.#now };
  }

  pass(ms: number): void {
    this.#now += ms;
  }

  open(): Admission {
    const store = {
      load: (mostLined?: number): Promise<RunLoad> => {
        this.looks.push(mostLined === undefined ? 'to its end' : 'short');
        this.#now += mostLined === undefined ? this.tookMs * 100 : this.tookMs;
        const most = mostLined ?? Infinity;
        const tenants = [...this.tenants].map(
          ([tenant, load]) => [tenant, { ...load, inLine: Math.min(load.inLine, most) }] as const,
        );
        return Promise.resolve({ places: this.places, tenants: new Map(tenants) });
      },
    };
    return new Admission(store as unknown as Admissions, this.clock);
  }
}

describe('a start is judged by what was last seen', () => {
  it('of a tenant below its share as one to be led now, however long somebody else’s line is', async () => {
    const lines = new Lines(32);
    lines.tenants.set(A, { ...IDLE, active: 40, inLine: 50_000 });
    const admission = lines.open();
    await admission.look();
    expect(admission.enter(B)).toBe('now');
    expect(admission.enter(A)).toBe('in_line');
  });

  it('and looks again before what a tenant may have is used up by runs that may have ended', async () => {
    const lines = new Lines(32);
    lines.tenants.set(A, { ...IDLE, active: 40, inLine: 50_000 });
    const admission = lines.open();
    await admission.look();
    // Twenty a second, each over at once: never more than one of them is under way.
    for (let i = 0; i < 200; i++) {
      lines.pass(50);
      expect(admission.enter(B)).toBe('now');
      await Promise.resolve();
      await Promise.resolve();
    }
  });

  it('and never as if those were not there that it is just looking for', async () => {
    const lines = new Lines(4);
    lines.tenants.set(A, { ...IDLE, active: 10, mostActive: 1, mostInLine: 1 });
    const admission = lines.open();
    await admission.look();
    expect(admission.enter(A)).toBe('in_line');
    // Old enough to be looked at again, and what is seen is still the old.
    lines.pass(60);
    expect(admission.enter(A)).toBe('busy');
    expect(lines.looks).toEqual(['to its end', 'short']);
  });

  it('as busy once its line is as long as it may be, counted to its end', async () => {
    const lines = new Lines(4);
    lines.tenants.set(A, { ...IDLE, active: 10, inLine: 2_998, mostInLine: 3_000 });
    const admission = lines.open();
    await admission.look();
    expect([admission.enter(A), admission.enter(A), admission.enter(A)]).toEqual(['in_line', 'in_line', 'busy']);
    // A short look does not forget how long the line is known to be.
    lines.pass(60);
    await admission.look();
    expect(lines.looks).toEqual(['to its end', 'short']);
    expect(admission.enter(A)).toBe('busy');
    lines.pass(10_000);
    lines.tenants.set(A, { ...IDLE, active: 10, inLine: 10, mostInLine: 3_000 });
    await admission.look();
    expect(admission.enter(A)).toBe('in_line');
  });
});

describe('the answer to a start into a line', () => {
  const pacing = async (inLine: number, others: readonly TenantId[]) => {
    const lines = new Lines(32);
    lines.tenants.set(A, { ...IDLE, active: 40, inLine });
    const admission = lines.open();
    await admission.look();
    for (const tenant of [...others, A]) admission.enter(tenant);
    return { lines, admission };
  };

  it('is held back in proportion to what it took, up to a bound, where the line is long and others come', async () => {
    const { admission } = await pacing(999, [B]);
    expect([admission.paceMs(A, 0), admission.paceMs(A, 10), admission.paceMs(A, 10_000)]).toEqual([0, 40, 250]);
  });

  it('is not where the line is short, nobody else comes, or nobody else has come for long', async () => {
    expect((await pacing(150, [B])).admission.paceMs(A, 10)).toBe(0);
    expect((await pacing(999, [])).admission.paceMs(A, 10)).toBe(0);
    const { lines, admission } = await pacing(999, [B]);
    expect(admission.paceMs(B, 10)).toBe(0);
    lines.pass(5_001);
    await admission.look();
    admission.enter(A);
    expect(admission.paceMs(A, 10)).toBe(0);
  });
});

describe('looking', () => {
  it('counts long lines to their end for a twentieth of the time at most, and short looks go on between', async () => {
    const lines = new Lines(4);
    lines.tenants.set(A, { ...IDLE, active: 10, inLine: 50_000 });
    const admission = lines.open();
    for (let i = 0; i < 400; i++) {
      await admission.look();
      lines.pass(50);
    }
    const counted = lines.looks.filter((look) => look === 'to its end').length;
    expect(counted).toBeGreaterThan(2);
    expect(counted * 100 * lines.tookMs).toBeLessThanOrEqual(0.06 * lines.clock.monotonic());
  });

  it('at short lines never counts them to their end again', async () => {
    const lines = new Lines(4);
    lines.tenants.set(A, { ...IDLE, active: 10, inLine: 12 });
    const admission = lines.open();
    for (let i = 0; i < 20; i++) {
      await admission.look();
      lines.pass(1_000);
    }
    expect(lines.looks.filter((look) => look === 'to its end')).toHaveLength(1);
  });
});
