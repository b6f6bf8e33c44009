import type { TenantId } from '@writ/kernel';
import { Places } from './places';

const NOBODY: ReadonlyMap<TenantId, number> = new Map();

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

  it('of a busy worker are cut to a quarter for who has most of them, look by look, while others come there', () => {
    const { machine, places, fill } = of(64);
    expect(fill(MANY)).toBe(56);
    machine.busy = 1;
    places.look(NOBODY);
    places.leave(MANY);
    expect(places.share(MANY)).toBe(55);
    places.take(FEW);
    /** What it may have when all but so many of its runs have ended. */
    const allowed = (): number => {
      while (places.share(MANY) === null) places.leave(MANY);
      return fill(MANY);
    };
    const left = [1, 2, 3, 4].map(() => (places.look(NOBODY), allowed()));
    expect(left).toEqual([14, 4, 4, 4]);
    expect([places.ledOf(FEW), places.share(FEW)]).toEqual([1, 1]);
    machine.busy = 0.6;
    places.look(NOBODY);
    expect(allowed()).toBe(4);
    machine.busy = 0.2;
    expect([1, 2, 3].map(() => (places.look(NOBODY), allowed()))).toEqual([5, 6, 7]);
    places.leave(FEW);
    machine.at += 5_001;
    places.look(NOBODY);
    expect(allowed()).toBe(56);
  });

  it('of a busy worker are as many as ever where nobody has more than all others together', () => {
    const { machine, places, fill } = of(64);
    for (let i = 0; i < 20; i++) for (const tenant of [FEW, MANY]) places.take(tenant);
    machine.busy = 1;
    for (let i = 0; i < 8; i++) places.look(NOBODY);
    expect(fill(MANY)).toBe(44);
  });

  it('of a busy worker are never fewer for who had most than for each of the others', () => {
    const { machine, places, fill } = of(64);
    for (let i = 0; i < 6; i++) places.take(FEW);
    expect(fill(MANY)).toBe(56);
    machine.busy = 1;
    for (let i = 0; i < 8; i++) places.look(NOBODY);
    while (places.ledOf(MANY) > 0) places.leave(MANY);
    expect(fill(MANY)).toBe(6);
  });

  it('are limited for who wants most, not for who has most because the other is limited', () => {
    const { machine, places, fill } = of(64);
    const waiting = new Map([[MANY, 100]]);
    expect(fill(MANY)).toBe(56);
    places.take(FEW);
    machine.busy = 1;
    for (let i = 0; i < 4; i++) places.look(waiting);
    while (places.ledOf(MANY) > 1) places.leave(MANY);
    for (let i = 0; i < 29; i++) places.take(FEW);
    places.look(waiting);
    expect(places.share(FEW)).toBe(30);
    places.look(NOBODY);
    expect(places.share(FEW)).toBeNull();
  });

  it('are at least one, however few there are', () => {
    const { machine, places, fill } = of(1);
    machine.busy = 1;
    places.take(FEW);
    places.leave(FEW);
    places.look(NOBODY);
    expect(fill(MANY)).toBe(1);
    places.look(NOBODY);
    places.leave(MANY);
    expect(places.share(MANY)).toBe(0);
  });

  it('are told for each tenant by its weight', () => {
    const places = new Places({
      concurrency: 8,
      weightOf: (tenant) => (tenant === FEW ? 1 : 4),
      now: () => 0,
      busy: () => 0,
    });
    for (const tenant of [FEW, FEW, MANY, MANY]) places.take(tenant);
    expect([places.share(FEW), places.share(MANY)]).toEqual([2, 0.5]);
  });
});
