import { type Hop, newId } from '@writ/kernel';
import fc from 'fast-check';
import { authorityOf, SHOP, snapshotOf, tenant, toolCall } from '../../../test/policy/parts';
import { decide } from './decide';
import { type Passing, reach, type ReachAgent } from './reach';
import type { DecisionRequest } from './types';

const to = (name: string, more: Partial<Passing> = {}): Passing => ({
  to: name,
  how: 'handoff',
  tools: null,
  depth: null,
  ...more,
});
const agent = (name: string, tools: readonly string[], ...passes: readonly Passing[]): ReachAgent => ({
  name,
  tools,
  passes,
});

const shop = [
  agent('triage', ['get_order'], to('orders'), to('billing')),
  agent('orders', ['get_order', 'refund'], to('billing')),
  agent('billing', ['refund']),
];

describe('who reaches what', () => {
  it('is a way by rules, with what must be so besides', async () => {
    const { paths, complete } = reach(await snapshotOf(SHOP), shop, { tool: 'refund' });
    expect(complete).toBe(true);
    const ways = paths.map(({ from, at, steps, lacking }) => ({
      way: [from, ...steps.map((step) => `${step.mode} ${step.to}`)].join(' > '),
      at,
      lacking,
    }));
    expect(ways).toEqual([
      { way: 'billing', at: 'billing', lacking: [] },
      { way: 'orders > service billing', at: 'billing', lacking: [] },
      { way: 'orders', at: 'orders', lacking: [] },
      // Triage may not refund, and a service does it for whoever asks: a deputy that can be confused.
      { way: 'triage > service billing', at: 'billing', lacking: ['triage'] },
    ]);
    expect(paths.find(({ from }) => from === 'triage')).toMatchObject({
      steps: [{ rules: ['to-billing'] }],
      rules: ['agent-billing'],
      provided: ['if for refund*', 'unless huge'],
    });
  });

  it('is bounded by for whom it is, by what is given along, and by how deep', async () => {
    const snapshot = await snapshotOf(SHOP);
    const ways = (agents: readonly ReachAgent[], asked: object) =>
      reach(snapshot, agents, { tool: 'refund', ...asked }).paths.map(({ from, at }) => `${from}>${at}`);
    expect(ways(shop, { initiator: 'user:zoe' })).toEqual([]);
    expect(ways(shop, { initiator: 'customer', from: 'triage' })).toEqual(['triage>billing']);
    const given = [agent('triage', [], to('billing', { tools: ['get_order'] })), ...shop.slice(1)];
    expect(ways(given, { from: 'triage' })).toEqual([]);
    const shallow = [agent('triage', [], to('orders', { depth: 0 })), agent('orders', [], to('billing')), shop[2]!];
    expect(ways(shallow, { from: 'triage' })).toEqual([]);
  });

  it('does not grow with the number of ways: only those that bind less are followed', async () => {
    const names = Array.from({ length: 24 }, (_, i) => `n${i}`);
    const all = names.map((name) => agent(name, ['t'], ...names.filter((one) => one !== name).map((one) => to(one))));
    const snapshot = await snapshotOf(
      JSON.stringify({
        rules: ['p, *, {tenant}, tool:*, tool.invoke, , allow', 'p2, *, *, {tenant}, *, attenuate, , allow'],
      }),
    );
    const { paths, complete } = reach(snapshot, all);
    expect([paths.length, complete]).toEqual([24 * 24, true]);
  });
});

const AGENTS = ['a', 'b', 'c', 'd'] as const;
const TOOLS = ['t0', 't1'] as const;
const worlds = fc.record({
  grants: fc.array(fc.tuple(fc.constantFrom(...AGENTS), fc.constantFrom(...TOOLS, '*')), {
    minLength: 2,
    maxLength: 8,
  }),
  denials: fc.array(fc.tuple(fc.constantFrom(...AGENTS), fc.constantFrom(...TOOLS)), { maxLength: 2 }),
  handoffs: fc.array(
    fc.record({
      from: fc.constantFrom(...AGENTS, '*'),
      to: fc.constantFrom(...AGENTS),
      purpose: fc.constantFrom('*', '*', 'x', 'y'),
      mode: fc.constantFrom('attenuate', 'service'),
      effect: fc.constantFrom('allow', 'allow', 'allow', 'allow', 'deny'),
    }),
    { minLength: 2, maxLength: 10 },
  ),
  passes: fc.array(
    fc.record({
      from: fc.constantFrom(...AGENTS),
      to: fc.constantFrom(...AGENTS),
      tools: fc.option(fc.subarray([...TOOLS]), { freq: 3 }),
      depth: fc.option(fc.nat(2), { freq: 3 }),
    }),
    { minLength: 2, maxLength: 8 },
  ),
});

describe('the search over handoffs', () => {
  it('[I6] finds every way that decisions open, and no way that they never open', async () => {
    const seen = { ways: 0, services: 0 };
    await fc.assert(
      fc.asyncProperty(worlds, async ({ grants, denials, handoffs, passes }) => {
        const line = (effect: string) => (pair: readonly [string, string]) =>
          `p, agent:${pair[0]}, {tenant}, tool:${pair[1]}, tool.invoke, , ${effect}`;
        const who = (name: string): string => (name === '*' ? '*' : `agent:${name}`);
        const rules = [
          'p, user:ann, {tenant}, *, *, , allow',
          ...grants.map(line('allow')),
          ...denials.map(line('deny')),
          ...handoffs.map((h) => `p2, ${who(h.from)}, agent:${h.to}, {tenant}, ${h.purpose}, ${h.mode}, , ${h.effect}`),
        ];
        const authority = await authorityOf(JSON.stringify({ rules, limits: { handoff_depth: 3 } }));
        const agents = AGENTS.map((name) => {
          const own = passes.filter(({ from, to: other }) => from === name && other !== name);
          return agent(name, TOOLS, ...own.map(({ to: other, tools, depth }) => to(other, { tools, depth })));
        });
        const request = (chain: readonly Hop[], more: object): DecisionRequest =>
          toolCall({ initiator: { tenant, kind: 'user', id: 'user:ann', roles: [] }, chain, args: {}, ...more });
        const open = new Set<string>();
        /** Every way there is, by asking. */
        const follow = (chain: readonly Hop[]): void => {
          for (const tool of TOOLS) {
            const call = request(chain, { object: { type: 'tool', id: tool } });
            if (decide(authority, call).verdict === 'allow') {
              open.add(`${chain[0]!.agent} ${chain.at(-1)!.agent} ${tool}`);
              if (chain.some(({ mode }) => mode === 'service')) seen.services += 1;
            }
          }
          for (const passing of agents.find(({ name }) => name === chain.at(-1)!.agent)!.passes) {
            for (const purpose of ['x', 'y', 'z']) {
              const asked = request(chain, {
                action: 'handoff',
                object: { type: 'agent', id: passing.to },
                handoff: { to: passing.to, purpose, depth: chain.length },
              });
              const decision = decide(authority, asked);
              if (decision.verdict !== 'allow') continue;
              const bounds = {
                ...(passing.tools && { tools: passing.tools.map((tool) => ({ tool })) }),
                ...(passing.depth !== null && { depth: passing.depth }),
              };
              const hop = { agent: passing.to, digest: 'd', delegation: newId('delegation'), bounds };
              follow([...chain, { ...hop, mode: decision.handoffMode! }]);
            }
          }
        };
        for (const name of AGENTS) follow([{ agent: name, digest: 'd' }]);
        const found = reach(authority.snapshot!, agents, { initiator: 'user:ann' });
        const ways = new Set(found.paths.map(({ from, at, tool }) => `${from} ${at} ${tool}`));
        for (const way of open) expect(ways).toContain(way);
        // Purposes are the one thing taken as it could turn out: a way without one is there.
        for (const { from, at, tool, provided } of found.paths) {
          if (provided.length === 0) expect(open).toContain(`${from} ${at} ${tool}`);
        }
        seen.ways += open.size;
      }),
      { numRuns: 150 },
    );
    expect(Math.min(seen.ways, seen.services)).toBeGreaterThan(20);
  });
});
