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

  it('of a busy worker are a quarter for who has many, while others come there, and all again when they do not', () => {
    const { machine, places, fill } = of(64);
    expect(fill(MANY)).toBe(56);
    machine.busy = 1;
    places.look();
    places.leave(MANY);
    expect(places.share(MANY)).toBe(55);
    places.take(FEW);
    places.look();
    expect(places.share(MANY)).toBeNull();
    for (let i = 0; i < 40; i++) places.leave(MANY);
    expect(places.share(MANY)).toBe(15);
    places.take(MANY);
    expect(places.share(MANY)).toBeNull();
    places.leave(FEW);
    machine.at += 10_001;
    places.look();
    expect(places.share(MANY)).toBe(16);
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
