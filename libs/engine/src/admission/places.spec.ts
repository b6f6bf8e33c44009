import type { TenantId } from '@writ/kernel';
import { Places } from './places';

const MANY = 'many' as TenantId;
const FEW = 'few' as TenantId;

function of(concurrency: number) {
  const machine = { at: 0, busy: 0 };
  const places = new Places({ concurrency, weightOf: () => 1, now: () => machine.at, busy: () => machine.busy });
  /** Takes all that a tenant may have. */
  const fill = (tenant: TenantId): number => {
    for (; places.share(tenant) !== null; places.take(tenant));
    return places.ledOf(tenant);
  };
  return { machine, places, fill };
}

describe('the places of a worker', () => {
  it('leave one in eight to tenants that have few, and as many again beyond the last', () => {
    const { places, fill } = of(64);
    expect(fill(MANY)).toBe(56);
    expect(fill(FEW)).toBe(16);
    expect(places.taken).toBe(72);
    places.leave(FEW);
    expect([places.share(MANY), places.share(FEW)]).toEqual([null, 15]);
  });

  it('of a busy worker are halved for who has most of them, look by look, while others come there', () => {
    const { machine, places, fill } = of(64);
    expect(fill(MANY)).toBe(56);
    machine.busy = 1;
    places.look();
    places.leave(MANY);
    expect(places.share(MANY)).toBe(55);
    places.take(FEW);
    /** What it may have when all but so many of its runs have ended. */
    const allowed = (): number => {
      while (places.share(MANY) === null) places.leave(MANY);
      return fill(MANY);
    };
    const halved = [1, 2, 3, 4, 5, 6, 7].map(() => (places.look(), allowed()));
    expect(halved).toEqual([28, 14, 7, 4, 2, 1, 1]);
    expect([places.ledOf(FEW), places.share(FEW)]).toEqual([1, 1]);
    machine.busy = 0.6;
    places.look();
    expect(allowed()).toBe(1);
    machine.busy = 0.2;
    expect([1, 2, 3].map(() => (places.look(), allowed()))).toEqual([2, 3, 4]);
    places.leave(FEW);
    machine.at += 5_001;
    places.look();
    expect(allowed()).toBe(56);
  });

  it('of a busy worker are as many as ever where nobody has more than all others together', () => {
    const { machine, places, fill } = of(64);
    for (let i = 0; i < 20; i++) for (const tenant of [FEW, MANY]) places.take(tenant);
    machine.busy = 1;
    for (let i = 0; i < 8; i++) places.look();
    expect(fill(MANY)).toBe(44);
  });

  it('of a busy worker are never fewer for who had most than for each of the others', () => {
    const { machine, places, fill } = of(64);
    for (let i = 0; i < 6; i++) places.take(FEW);
    expect(fill(MANY)).toBe(56);
    machine.busy = 1;
    for (let i = 0; i < 8; i++) places.look();
    while (places.ledOf(MANY) > 0) places.leave(MANY);
    expect(fill(MANY)).toBe(6);
  });

  it('are at least one, however few there are', () => {
    const { machine, places, fill } = of(1);
    machine.busy = 1;
    places.take(FEW);
    places.leave(FEW);
    places.look();
    expect(fill(MANY)).toBe(1);
    places.look();
    places.leave(MANY);
    expect(places.share(MANY)).toBe(0);
  });

  it('are told for each tenant by its weight', () => {
    const places = new Places({ concurrency: 8, weightOf: (tenant) => (tenant === FEW ? 1 : 4), now: () => 0 });
    for (const tenant of [FEW, FEW, MANY, MANY]) places.take(tenant);
    expect([places.share(FEW), places.share(MANY)]).toEqual([2, 0.5]);
  });
});
