import { type DelegationId, type Hop, type HopBounds, newId } from '@writ/kernel';
import fc from 'fast-check';
import { authorityOf, NOW, tenant, toolCall } from '../../../test/policy/parts';
import type { TenantAuthority } from './authority';
import { decide } from './decide';
import type { DecisionRequest, Mandate } from './types';

const AGENTS = ['a', 'b', 'c', 'd', 'e'] as const;
const TOOLS = ['t0', 't1', 't2', 't3'] as const;
const ann = { tenant, kind: 'user', id: 'user:ann', roles: [] } as const;

const hop = (agent: string, more: Partial<Hop> = {}): Hop => ({ agent, digest: `sha256:${agent}`, ...more });
const passed = (agent: string, bounds?: HopBounds, mode: 'attenuate' | 'service' = 'attenuate'): Hop =>
  hop(agent, { mode, delegation: newId('delegation'), ...(bounds && { bounds }) });

const ALL = [
  'p, *, {tenant}, tool:*, tool.invoke, , allow',
  'p, *, {tenant}, model:*, model.invoke, , allow',
  'p, *, {tenant}, agent:*, handoff, , allow',
  'p, *, {tenant}, agent:*, delegate, , allow',
  'p2, *, *, {tenant}, *, attenuate, , allow',
];
const open = (lines: readonly string[] = ALL): Promise<TenantAuthority> =>
  authorityOf(JSON.stringify({ rules: lines }));
const call = (chain: readonly Hop[], part: Partial<DecisionRequest> = {}): DecisionRequest =>
  toolCall({ initiator: ann, chain, object: { type: 'tool', id: 't1' }, args: {}, ...part });
const pass = (chain: readonly Hop[], action: 'handoff' | 'delegate'): DecisionRequest =>
  call(chain, {
    action,
    object: { type: 'agent', id: 'e' },
    handoff: { to: 'e', purpose: 'help', depth: chain.length },
  });

describe('what is given along with a delegation', () => {
  it('[I6] bounds the tools, their arguments, and every agent after the one it was given to', async () => {
    const authority = await open();
    const bounds = { tools: [{ tool: 't1', only: { '/to': ['ann'] }, atMost: { '/amount': 5 } }] };
    const ask = (chain: readonly Hop[], args: object, tool = 't1') =>
      decide(authority, call(chain, { object: { type: 'tool', id: tool }, args: args as never }));
    for (const chain of [
      [hop('a'), passed('b', bounds)],
      [hop('a'), passed('b', bounds), passed('c'), passed('d')],
    ]) {
      expect(ask(chain, { to: 'ann', amount: 5 }).verdict).toBe('allow');
      for (const [args, tool] of [
        [{ to: 'bob', amount: 5 }, 't1'],
        [{ to: 'ann', amount: 6 }, 't1'],
        [{ amount: 1 }, 't1'],
        [{ to: 'ann', amount: 1 }, 't2'],
      ] as const) {
        expect(ask(chain, args, tool)).toMatchObject({ reason: 'delegation_exceeded', stage: 'delegation' });
      }
    }
    // Only tools are listed: what an agent says or reads leads to no right that a tool call would not need again.
    const model = { action: 'model.invoke', object: { type: 'model', id: 'm' } } as const;
    expect(decide(authority, call([hop('a'), passed('b', { tools: [] })], model)).verdict).toBe('allow');
    expect(ask([hop('a'), passed('b', { tools: [] })], {}).reason).toBe('delegation_exceeded');
  });

  it('[I6] is not shed by a service, as the grants of earlier agents are', async () => {
    const authority = await open([
      'p, user:ann, {tenant}, tool:*, tool.invoke, , allow',
      'p, agent:c, {tenant}, tool:*, tool.invoke, , allow',
      'p2, agent:b, agent:c, {tenant}, *, service, , allow',
    ]);
    const below = (bounds?: HopBounds) => [hop('a'), passed('b', bounds), passed('c', undefined, 'service')];
    expect(decide(authority, call(below())).verdict).toBe('allow');
    expect(decide(authority, call(below({ tools: [{ tool: 't0' }] })))).toMatchObject({
      reason: 'delegation_exceeded',
    });
  });

  it.each(['handoff', 'delegate'] as const)('says how deep a %s may go on below it', async (action) => {
    const authority = await open();
    const deep = (depth: number, below: number) =>
      decide(
        authority,
        pass([hop('a'), passed('b', { depth }), ...AGENTS.slice(2, 2 + below).map((name) => passed(name))], action),
      );
    expect(deep(0, 0)).toMatchObject({ reason: 'delegation_exceeded', stage: 'delegation' });
    expect(deep(1, 0).verdict).toBe('allow');
    expect(deep(1, 1)).toMatchObject({ reason: 'delegation_exceeded' });
    expect(deep(2, 1).verdict).toBe('allow');
  });

  it('ends when it is said to, for models as much as for tools', async () => {
    const authority = await open();
    const model = { action: 'model.invoke', object: { type: 'model', id: 'm' } } as const;
    const until = (end: number) => [hop('a'), passed('b', { expires_at: end }), passed('c')];
    expect(decide(authority, call(until(NOW + 1))).verdict).toBe('allow');
    expect(decide(authority, call(until(NOW)))).toMatchObject({ reason: 'delegation_expired', stage: 'delegation' });
    expect(decide(authority, call(until(NOW), model))).toMatchObject({ reason: 'delegation_expired' });
  });

  it('names the delegation to people, and to the agent only a code', async () => {
    const authority = await open();
    const given = passed('b');
    const revoked = { ...authority, revoked: new Set([given.delegation!]) };
    const decision = decide(revoked, call([hop('a'), given]));
    expect(decision).toMatchObject({ verdict: 'deny', reason: 'delegation_revoked', explicit: true });
    expect(decision.nearMisses[0]!.missing).toBe(`delegation ${given.delegation} was revoked`);
  });
});

const rights = fc.record({
  grants: fc.array(fc.tuple(fc.constantFrom(...AGENTS, '*', 'user:ann'), fc.constantFrom(...TOOLS, '*')), {
    minLength: 4,
    maxLength: 16,
  }),
  services: fc.array(fc.tuple(fc.constantFrom(...AGENTS), fc.constantFrom(...AGENTS)), { maxLength: 4 }),
});
const link = fc.record({
  /** Which node of the tree so far passes on. */
  under: fc.nat(40),
  agent: fc.constantFrom(...AGENTS),
  mode: fc.constantFrom('attenuate' as const, 'service' as const),
  tools: fc.option(fc.subarray([...TOOLS], { minLength: 1 }), { freq: 2 }),
});
const forest = fc.array(link, { minLength: 1, maxLength: 12 });
const mandates: fc.Arbitrary<Mandate | null> = fc.option(
  fc.subarray([...TOOLS]).map((tools) => ({ tools: tools.map((tool) => ({ tool })) })),
);

interface Node {
  readonly parent: number;
  readonly chain: readonly Hop[];
}

/** A tree of delegations, to depth 6, from its links; node 0 is the agent that the run begins with. */
function grown(links: readonly (typeof link extends fc.Arbitrary<infer L> ? L : never)[]): readonly Node[] {
  const nodes: Node[] = [{ parent: -1, chain: [hop('a')] }];
  for (const { under, agent, mode, tools } of links) {
    const parent = under % nodes.length;
    const { chain } = nodes[parent]!;
    if (chain.length > 6) continue;
    const bounds = tools === null ? undefined : { tools: tools.map((tool) => ({ tool })) };
    nodes.push({ parent, chain: [...chain, passed(agent, bounds, mode)] });
  }
  return nodes;
}

describe('trees of delegations', () => {
  it('[I6] allow a child no more than its root, its own grants, the mandate and what was given; and nothing once revoked', async () => {
    const seen = { allowed: 0, revoked: 0 };
    await fc.assert(
      fc.asyncProperty(rights, forest, mandates, fc.nat(40), async (model, links, mandate, cut) => {
        const line = ([who, tool]: readonly [string, string]): string =>
          `p, ${/[:*]/.test(who) ? who : `agent:${who}`}, {tenant}, tool:${tool}, tool.invoke, , allow`;
        const authority = await open([
          'p, user:nobody, {tenant}, tool:none, tool.invoke, , allow',
          ...model.grants.map(line),
          ...model.services.map(([from, to]) => `p2, agent:${from}, agent:${to}, {tenant}, *, service, , allow`),
        ]);
        const allowed = (under: TenantAuthority, chain: readonly Hop[], within: Mandate | null) =>
          TOOLS.filter((tool) => {
            const request = call(chain, { mandate: within, object: { type: 'tool', id: tool } });
            return decide(under, request).verdict === 'allow';
          });
        const nodes = grown(links);
        const gone = cut % nodes.length;
        const lost = nodes[gone]!.chain.at(-1)!.delegation;
        const after = lost === undefined ? authority : { ...authority, revoked: new Set<DelegationId>([lost]) };
        const user = allowed(authority, [], null);
        for (const { parent, chain } of nodes) {
          const mine = allowed(authority, chain, mandate);
          const grants = allowed(
            authority,
            [chain.at(-1)!].map(({ agent }) => hop(agent)),
            mandate,
          );
          const given = chain.flatMap(({ bounds }) => (bounds?.tools ? [bounds.tools.map(({ tool }) => tool)] : []));
          for (const tool of mine) {
            expect(user).toContain(tool);
            expect(grants).toContain(tool);
            for (const list of given) expect(list).toContain(tool);
            // Without a service a child may no more than whoever gave it the work.
            const last = chain.at(-1)!;
            if (parent >= 0 && last.mode === 'attenuate') {
              expect(allowed(authority, nodes[parent]!.chain, mandate)).toContain(tool);
            }
          }
          seen.allowed += mine.length;
          const below = lost !== undefined && chain.some(({ delegation }) => delegation === lost);
          expect(allowed(after, chain, mandate)).toEqual(below ? [] : mine);
          if (below) seen.revoked += mine.length;
        }
      }),
      { numRuns: 250 },
    );
    expect(seen.allowed).toBeGreaterThan(50);
    expect(seen.revoked).toBeGreaterThan(5);
  });
});
