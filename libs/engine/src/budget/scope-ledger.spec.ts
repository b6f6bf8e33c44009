import fc from 'fast-check';
import { type Amounts, minus, plus, SUMMED, tighter } from './amounts';
import { costOf } from './price';
import { encloses, exhausted, ScopeLedger } from './scope-ledger';

const SEEDED = { seed: 20_261_123, numRuns: 300 };
const PATHS = ['', 'a', 'a/=x', 'a/=x/b', 'a/=y', 'a/=y/#1/c', 'ab', 'd/=w1', 'd/=w2'] as const;

const amounts: fc.Arbitrary<Amounts> = fc.record({
  model_calls: fc.integer({ min: 0, max: 3 }),
  tokens: fc.integer({ min: 0, max: 200 }),
  cost_micros: fc.integer({ min: 0, max: 50 }),
});
const limits: fc.Arbitrary<Amounts> = fc.record(
  {
    model_calls: fc.integer({ min: 0, max: 12 }),
    tokens: fc.integer({ min: 0, max: 900 }),
    cost_micros: fc.integer({ min: 0, max: 300 }),
  },
  { requiredKeys: [] },
);

const at = (path: string, bound: Amounts) => ({ path, bound, now: 0, depth: 1 });

/** Room for the calls of a run, as a scope of each path. */
function ledgerOf(scopes: readonly { readonly path: string; readonly limits: Amounts }[]): ScopeLedger {
  const ledger = new ScopeLedger();
  for (const scope of scopes) ledger.limit({ ...scope, level: scope.path === '' ? 'run' : 'branch', since: 0 });
  return ledger;
}

describe('the budgets of a run and its parts', () => {
  it('[I13] of 10 calls are taken by 10 of 100 branches, never by an 11th', () => {
    const ledger = ledgerOf([{ path: '', limits: { model_calls: 10 } }]);
    const began = Array.from({ length: 100 }, (_, i) => `fan/=b${i}`).filter((path, i) => {
      if (ledger.crossing(at(path, { model_calls: 1 }))) return false;
      ledger.reserve(i, 1, { path, bound: { model_calls: 1 } });
      return true;
    });
    expect(began).toHaveLength(10);
    for (let step = 0; step < 10; step++) ledger.settle(step, 1, { model_calls: 1 });
    expect(ledger.crossing(at('fan/=b99', { model_calls: 1 }))).toMatchObject({ dimension: 'model_calls', after: 11 });
  });

  it('[I6] [I13] no order of reserving and settling takes any scope above its limit, and no part above its whole', () => {
    const step = fc.record({
      path: fc.constantFrom(...PATHS),
      bound: amounts,
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      end: fc.constantFrom('settle', 'lose', 'stay'),
    });
    const scopes = fc.uniqueArray(fc.record({ path: fc.constantFrom(...PATHS), limits }), { selector: (s) => s.path });
    fc.assert(
      fc.property(scopes, fc.array(step, { maxLength: 60 }), (given, steps) => {
        const ledger = ledgerOf(given);
        const really = new Map<string, Amounts>();
        steps.forEach(({ path, bound, share, end }, i) => {
          if (ledger.crossing(at(path, bound)) !== null) return;
          ledger.reserve(i, 1, { path, bound });
          let used = bound;
          if (end === 'settle') {
            used = Object.fromEntries(Object.entries(bound).map(([name, n]) => [name, Math.floor(n * share)]));
            ledger.settle(i, 1, used);
          } else if (end === 'lose') ledger.settle(i, 1, null);
          // Settled once: a second settlement, of a replay or a late answer, changes nothing.
          if (end !== 'stay') ledger.settle(i, 1, {});
          for (const scope of given) {
            if (encloses(scope.path, path)) really.set(scope.path, plus(really.get(scope.path) ?? {}, used));
          }
        });
        for (const { path, limits: most } of given) {
          const used = really.get(path) ?? {};
          for (const name of SUMMED) {
            if (most[name] !== undefined) expect(used[name] ?? 0).toBeLessThanOrEqual(most[name]);
          }
        }
      }),
      SEEDED,
    );
  });

  it('[I13] a child that gets what is left, at most, cannot spend what its parent does not have', () => {
    fc.assert(
      fc.property(limits, limits, fc.array(amounts, { maxLength: 30 }), (own, asked, calls) => {
        const parent = ledgerOf([{ path: '', limits: own }]);
        const given = tighter(asked, parent.room('kid', 0));
        parent.limit({ path: 'kid', level: 'delegation', limits: given, since: 0 });
        let total: Amounts = {};
        calls.forEach((bound, i) => {
          const path = i % 2 === 0 ? 'kid/=t' : 'own';
          if (parent.crossing(at(path, bound))) return;
          parent.reserve(i, 1, { path, bound });
          total = plus(total, bound);
        });
        for (const name of SUMMED) {
          if (own[name] !== undefined) expect(total[name] ?? 0).toBeLessThanOrEqual(own[name]);
          if (own[name] !== undefined) expect(given[name] ?? Infinity).toBeLessThanOrEqual(own[name]);
        }
      }),
      SEEDED,
    );
  });

  it('the same journal folds to the same room, whoever folds it', () => {
    const fold = (): ScopeLedger => {
      const ledger = ledgerOf([{ path: '', limits: { tokens: 100 } }]);
      ledger.reserve(1, 1, at('a', { tokens: 40 }));
      ledger.settle(1, 1, null);
      ledger.reserve(1, 2, at('a', { tokens: 40 }));
      ledger.settle(1, 2, { tokens: 12 });
      return ledger;
    };
    expect(fold().room('a', 0)).toEqual({ tokens: 48 });
    expect(fold().standing()).toEqual(fold().standing());
  });

  it('names the narrowest scope that has no room, and counts depth and wall time by scope', () => {
    const ledger = ledgerOf([
      { path: '', limits: { model_calls: 1, depth: 3, wall_ms: 1_000 } },
      { path: 'a/=x', limits: { model_calls: 1 } },
    ]);
    ledger.reserve(1, 1, at('a/=x/b', { model_calls: 1 }));
    expect(ledger.crossing(at('a/=x', { model_calls: 1 }))?.scope).toEqual({ path: 'a/=x', level: 'branch' });
    expect(ledger.crossing(at('a/=y', { model_calls: 1 }))?.scope).toEqual({ path: '', level: 'run' });
    expect(ledger.crossing({ path: 'c', bound: {}, now: 0, depth: 4 })).toMatchObject({ dimension: 'depth', after: 4 });
    expect(ledger.crossing({ path: 'c', bound: {}, now: 1_001, depth: 1 })).toMatchObject({ dimension: 'wall_ms' });
    expect(ledger.crossing({ path: 'c', bound: {}, now: 1_000, depth: 3 })).toBeNull();
  });

  it('a path that only begins with the same letters is another one', () => {
    expect([encloses('a', 'ab'), encloses('a', 'a/=b'), encloses('', 'x'), encloses('a/=x', 'a')]).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('is refused as a budget, which is neither a denial nor a full machine', () => {
    const ledger = ledgerOf([{ path: '', limits: { tool_calls: 0 } }]);
    const failure = exhausted(ledger.crossing(at('a', { tool_calls: 1 }))!, 'tool pay');
    expect(failure).toMatchObject({ code: 'budget_exhausted', class: 'budget', details: { limit: 0 } });
  });

  it('adding and taking away are each other’s inverse', () => {
    fc.assert(
      fc.property(amounts, amounts, (one, other) => expect(minus(plus(one, other), other)).toEqual(one)),
      SEEDED,
    );
  });
});

describe('the price of a call', () => {
  const price = { input_micros: 3_000_000, output_micros: 15_000_000, cached_input_micros: 300_000 };

  it('is that of its tokens, cached ones apart, and rounded up', () => {
    expect(costOf(price, { input: 1_000, output: 100 })).toBe(4_500);
    expect(costOf(price, { input: 1_000, output: 0, cached: 400 })).toBe(1_920);
    expect(costOf({ input_micros: 1, output_micros: 1 }, { input: 1, output: 0 })).toBe(1);
  });

  it('that nobody declared is unknown, never nothing', () => {
    expect([costOf(null, { input: 1, output: 1 }), costOf(undefined, { input: 0, output: 0 })]).toEqual([null, null]);
  });

  it('never exceeds what was reserved for it when the tokens did not', () => {
    const tokens = fc.record({ input: fc.nat(10_000), output: fc.nat(10_000) });
    fc.assert(
      fc.property(tokens, fc.double({ min: 0, max: 1, noNaN: true }), (bound, share) => {
        const used = { input: Math.floor(bound.input * share), output: Math.floor(bound.output * share) };
        expect(costOf(price, used)!).toBeLessThanOrEqual(costOf(price, bound)!);
      }),
      SEEDED,
    );
  });
});
