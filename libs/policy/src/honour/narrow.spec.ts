import type { HopBounds, ToolGrant } from '@writ/kernel';
import fc from 'fast-check';
import { beyondTools } from '../mandate';
import type { Obligation } from '../types';
import { narrowed } from './narrow';

const NOW = 1_000_000;
const TOOLS = ['look', 'pay'];
const amounts = fc.integer({ min: 0, max: 3 });
const grants = fc.array(
  fc.record(
    {
      tool: fc.constantFrom(...TOOLS),
      only: fc.dictionary(fc.constantFrom('/to', '/note'), fc.subarray(['ann', 'bob', 'eve'], { minLength: 2 }), {
        maxKeys: 1,
      }),
      atMost: fc.dictionary(fc.constantFrom('/amount', '/tip'), amounts, { maxKeys: 1 }),
    },
    { requiredKeys: ['tool'] },
  ),
  { minLength: 1, maxLength: 4 },
);
const labels = fc.subarray(['untrusted', 'private', 'secret']);
const given: fc.Arbitrary<HopBounds> = fc.record(
  { tools: grants, depth: amounts, labels, expires_at: fc.integer({ min: NOW, max: NOW + 10 }) },
  { requiredKeys: [] },
);
const imposed = fc.record(
  {
    tools: grants.map((all) =>
      all.map(({ tool, only, atMost }) => ({ tool, ...(only && { only }), ...(atMost && { at_most: atMost }) })),
    ),
    depth: amounts,
    uses: amounts,
    labels,
    lasts_ms: fc.integer({ min: 1, max: 10 }),
  },
  { requiredKeys: ['uses'] },
);
const obligation = (values: object): Obligation => ({ id: 'o', type: 'bound_delegation', values: values as never });
const calls = fc.record({
  tool: fc.constantFrom(...TOOLS),
  args: fc.record(
    { to: fc.constantFrom('ann', 'bob', 'eve'), note: fc.constantFrom('ann', 'x'), amount: amounts, tip: amounts },
    { requiredKeys: [] },
  ),
});

type Call = { readonly tool: string; readonly args: object };
const covers = (tools: readonly ToolGrant[] | undefined, { tool, args }: Call): boolean =>
  tools === undefined ||
  beyondTools(tools, { action: 'tool.invoke', object: { type: 'tool', id: tool }, args: args as never }, 'it') === null;
const grantsOf = (tools: readonly (ToolGrant & { readonly at_most?: ToolGrant['atMost'] })[] | undefined) =>
  tools?.map(({ at_most: atMost, ...grant }): ToolGrant => ({ ...grant, ...(atMost && { atMost }) }));

describe('what a rule leaves of what is passed on', () => {
  test('[I6] a call is covered exactly where what was given and every rule cover it', () => {
    const seen = { covered: 0, beyond: 0 };
    fc.assert(
      fc.property(given, imposed, imposed, calls, (bounds, one, other, call) => {
        const { tools } = narrowed(bounds, [obligation(one), obligation(other)], NOW).bounds;
        const all = [bounds.tools, grantsOf(one.tools as never), grantsOf(other.tools as never)];
        const expected = all.every((list) => covers(list, call));
        seen[expected ? 'covered' : 'beyond'] += 1;
        expect(covers(tools, call)).toBe(expected);
      }),
      { numRuns: 500 },
    );
    expect(Math.min(seen.covered, seen.beyond)).toBeGreaterThan(0);
  });

  test('[I6] the least depth, uses, time and labels count, in whatever order the rules come', () => {
    fc.assert(
      fc.property(given, imposed, imposed, (bounds, one, other) => {
        const { bounds: left, uses } = narrowed(bounds, [obligation(one), obligation(other)], NOW);
        const least = (...all: (number | undefined)[]): number | undefined => {
          const said = all.filter((value) => value !== undefined);
          return said.length === 0 ? undefined : Math.min(...said);
        };
        const ends = [one, other].map(({ lasts_ms: lasts }) => (lasts === undefined ? undefined : NOW + lasts));
        expect(left.depth).toBe(least(bounds.depth, one.depth, other.depth));
        expect(left.expires_at).toBe(least(bounds.expires_at, ...ends));
        expect(uses).toBe(least(one.uses, other.uses));
        const ceilings = [bounds.labels, one.labels, other.labels].filter((list) => list !== undefined);
        const common = ['untrusted', 'private', 'secret'].filter((label) =>
          ceilings.every((list) => list.includes(label)),
        );
        expect(left.labels && [...left.labels].sort()).toEqual(ceilings.length === 0 ? undefined : common.sort());
        const turned = narrowed(bounds, [obligation(other), obligation(one)], NOW);
        expect([turned.bounds.depth, turned.bounds.expires_at, turned.uses]).toEqual([
          left.depth,
          left.expires_at,
          uses,
        ]);
      }),
    );
  });

  test('nothing is bounded where no rule says so', () => {
    const ask: Obligation = { id: 'a', type: 'require_approval', values: {} };
    expect(narrowed({}, [ask], NOW)).toEqual({ bounds: {}, uses: undefined });
  });
});
