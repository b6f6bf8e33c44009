import type { Hop } from '@writ/kernel';
import fc from 'fast-check';
import { hopsToAsk } from '@writ/rules';
import { authorityOf, SHOP, snapshotOf, stopOf, tenant, toolCall } from '../../../test/policy/parts';
import type { TenantAuthority } from './authority';
import { decide } from './decide';
import type { DecisionRequest, Mandate } from './types';

const AGENTS = ['a', 'b', 'c', 'd'] as const;
const TOOLS = ['t0', 't1', 't2', 't3'] as const;
const hop = (agent: string, mode?: Hop['mode']): Hop => ({ agent, digest: `sha256:${agent}`, ...(mode && { mode }) });

const handoff = (chain: readonly Hop[], to: string, purpose = 'refunds'): DecisionRequest =>
  toolCall({
    chain,
    action: 'handoff',
    object: { type: 'agent', id: to },
    handoff: { to, purpose, depth: chain.length },
  });

describe('a handoff', () => {
  const ask = async (chain: readonly Hop[], to: string, purpose?: string) =>
    decide(await authorityOf(SHOP), handoff(chain, to, purpose));

  it('needs a rule for the pair and the purpose, and one that lets the initiator use the receiver', async () => {
    expect(await ask([hop('triage')], 'orders')).toMatchObject({ verdict: 'allow', handoffMode: 'attenuate' });
    expect(await ask([hop('orders')], 'triage')).toMatchObject({ reason: 'handoff_not_granted', stage: 'agent' });
    expect(await ask([hop('triage')], 'billing', 'refunds')).toMatchObject({
      verdict: 'allow',
      handoffMode: 'service',
    });
    expect(await ask([hop('triage')], 'billing', 'gossip')).toMatchObject({ reason: 'handoff_not_granted' });
    const stranger = { tenant, kind: 'user', id: 'user:zoe', roles: [] } as const;
    const request = { ...handoff([hop('triage')], 'orders'), initiator: stranger };
    expect(decide(await authorityOf(SHOP), request)).toMatchObject({ reason: 'initiator_not_granted' });
  });

  it('is refused beyond the depth the bundle allows', async () => {
    const chain = [hop('triage'), hop('orders'), hop('triage')];
    expect(await ask(chain, 'orders')).toMatchObject({ verdict: 'allow' });
    const deeper = await ask([...chain, hop('triage')], 'orders');
    expect(deeper).toMatchObject({ verdict: 'deny', reason: 'handoff_not_granted', stage: 'agent' });
    expect(deeper.nearMisses[0]!.missing).toBe('handoff depth 4 exceeds 3');
  });

  it('[I6] that is forbidden to an earlier agent is not reached through a later one', async () => {
    expect(await ask([hop('orders')], 'vault')).toMatchObject({ verdict: 'allow' });
    expect(await ask([hop('triage'), hop('orders', 'attenuate')], 'vault')).toMatchObject({
      verdict: 'deny',
      reason: 'forbidden_by_rule',
      stage: 'delegation',
    });
  });

  it('[I6] is a service only if every agent it sheds could have made it one', async () => {
    expect(await ask([hop('orders')], 'billing', 'gossip')).toMatchObject({ handoffMode: 'service' });
    const chain = [hop('triage'), hop('orders', 'attenuate')];
    expect(await ask(chain, 'billing', 'refunds')).toMatchObject({ verdict: 'allow', handoffMode: 'service' });
    expect(await ask(chain, 'billing', 'gossip')).toMatchObject({ verdict: 'allow', handoffMode: 'attenuate' });
  });
});

describe('a delegation', () => {
  const CUSTOMER = '  p, role:customer, {tenant}, agent:*, handoff, , allow\n';
  const granted = SHOP.replace(CUSTOMER, `${CUSTOMER}  p, role:customer, {tenant}, agent:orders, delegate, , allow\n`);
  const delegate = (chain: readonly Hop[], to: string): DecisionRequest => ({
    ...handoff(chain, to),
    action: 'delegate',
  });
  const ask = async (policy: string, chain: readonly Hop[], to: string) =>
    decide(await authorityOf(policy), delegate(chain, to));

  it('asks the same of the pair as a handoff, and the initiator for a right of its own', async () => {
    expect(await ask(granted, [hop('triage')], 'orders')).toMatchObject({ verdict: 'allow', handoffMode: 'attenuate' });
    expect(await ask(SHOP, [hop('triage')], 'orders')).toMatchObject({ reason: 'initiator_not_granted' });
    expect(await ask(granted, [hop('orders')], 'triage')).toMatchObject({ reason: 'handoff_not_granted' });
    expect(await ask(granted, [hop('triage')], 'vault')).toMatchObject({ reason: 'forbidden_by_rule' });
  });

  it('by a workflow comes from no agent, and is the initiator’s to be allowed', async () => {
    expect(await ask(granted, [], 'orders')).toMatchObject({ verdict: 'allow' });
    expect(await ask(granted, [], 'triage')).toMatchObject({ reason: 'initiator_not_granted' });
    expect(decide(await authorityOf(granted), handoff([], 'orders'))).toMatchObject({ reason: 'evaluation_error' });
  });

  it('[I6] that is forbidden to an earlier agent is not reached through a later one', async () => {
    const all = granted.replace('agent:orders, delegate', 'agent:*, delegate');
    expect(await ask(all, [hop('orders')], 'vault')).toMatchObject({ verdict: 'allow' });
    expect(await ask(all, [hop('triage'), hop('orders', 'attenuate')], 'vault')).toMatchObject({
      reason: 'forbidden_by_rule',
      stage: 'delegation',
    });
  });

  it('is refused by a stop on the one it goes to', async () => {
    const authority = await authorityOf(granted, [stopOf({ scope: 'agent', target: 'orders' })]);
    expect(decide(authority, delegate([hop('triage')], 'orders'))).toMatchObject({ reason: 'stopped' });
  });
});

describe('a service', () => {
  it('acts with its own rights, and counts as attenuated once its rule is gone', async () => {
    const chain = [hop('triage'), hop('billing', 'service')];
    const refund = toolCall({
      chain,
      initiator: { tenant, kind: 'user', id: 'user:cleo', roles: [] },
      object: { type: 'tool', id: 'refund' },
      args: { amount: '5' },
    });
    expect(decide(await authorityOf(SHOP), refund)).toMatchObject({ verdict: 'allow' });
    const revoked = SHOP.replace(/^.*to-billing$/m, '');
    expect(decide(await authorityOf(revoked), refund)).toMatchObject({ reason: 'delegation_not_granted' });
    const forbidden = SHOP.replace(
      /^(.*)to-billing$/m,
      '$1to-billing\n  p2, agent:triage, agent:billing, {tenant}, *, service, , deny',
    );
    expect(decide(await authorityOf(forbidden), refund)).toMatchObject({ reason: 'delegation_not_granted' });
  });

  it('is believed only for its own hop', async () => {
    const snapshot = await snapshotOf(SHOP);
    const names = (chain: readonly Hop[]) => hopsToAsk(snapshot.handoffs, chain).map(({ agent }) => agent);
    expect(names([hop('triage'), hop('orders', 'attenuate'), hop('billing', 'service')])).toEqual([]);
    expect(names([hop('triage'), hop('billing', 'service'), hop('orders', 'attenuate')])).toEqual(['billing']);
    // No rule ever made orders a service of triage: the word in the chain is not enough.
    expect(names([hop('triage'), hop('orders', 'service')])).toEqual(['triage']);
    expect(names([hop('triage', 'service')])).toEqual([]);
  });
});

interface World {
  readonly authority: TenantAuthority;
  readonly services: ReadonlySet<string>;
}

/** Random grants: agents and the user over tools, some denials, some pairs that may hand over as a service. */
const rules = fc.record({
  grants: fc.array(fc.tuple(fc.constantFrom(...AGENTS, 'user:ann'), fc.constantFrom(...TOOLS, '*')), { maxLength: 14 }),
  denials: fc.array(fc.tuple(fc.constantFrom(...AGENTS, 'user:ann'), fc.constantFrom(...TOOLS)), { maxLength: 3 }),
  services: fc.array(fc.tuple(fc.constantFrom(...AGENTS), fc.constantFrom(...AGENTS)), { maxLength: 4 }),
});

async function world(model: typeof rules extends fc.Arbitrary<infer M> ? M : never): Promise<World> {
  const who = (name: string): string => (name.includes(':') ? name : `agent:${name}`);
  const line = ([subject, tool]: readonly [string, string], effect: string): string =>
    `p, ${who(subject)}, {tenant}, tool:${tool}, tool.invoke, , ${effect}`;
  const services = model.services.map(([a, b]) => `p2, agent:${a}, agent:${b}, {tenant}, *, service, , allow`);
  const text = [
    'p, user:nobody, {tenant}, tool:none, tool.invoke, , allow',
    ...model.grants.map((grant) => line(grant, 'allow')),
    ...model.denials.map((denial) => line(denial, 'deny')),
    ...services,
  ];
  const authority = await authorityOf(JSON.stringify({ rules: text }));
  return { authority, services: new Set(model.services.map(([a, b]) => `${a}>${b}`)) };
}

const hops = fc.array(fc.tuple(fc.constantFrom(...AGENTS), fc.constantFrom('attenuate' as const, 'service' as const)), {
  minLength: 1,
  maxLength: 6,
});
const mandates: fc.Arbitrary<Mandate | null> = fc.option(
  fc.subarray([...TOOLS]).map((tools) => ({ tools: tools.map((tool) => ({ tool })) })),
);

describe('rights after handoffs', () => {
  const allowed = (at: World, chain: readonly Hop[], mandate: Mandate | null): ReadonlySet<string> =>
    new Set(
      TOOLS.filter((tool) => {
        const initiator = { tenant, kind: 'user', id: 'user:ann', roles: [] } as const;
        const request = toolCall({ initiator, chain, mandate, object: { type: 'tool', id: tool }, args: {} });
        return decide(at.authority, request).verdict === 'allow';
      }),
    );

  it('[I6] never exceed the initiator, the mandate, the agent itself, or any agent not shed by a standing rule', async () => {
    let seen = 0;
    await fc.assert(
      fc.asyncProperty(rules, hops, mandates, async (model, path, mandate) => {
        const at = await world(model);
        const chain = path.map(([agent, mode], i) => hop(agent, i === 0 ? undefined : mode));
        const root = allowed(at, [], null);
        const named = mandate === null ? new Set<string>(TOOLS) : new Set(mandate.tools.map(({ tool }) => tool));
        for (let end = 1; end <= chain.length; end++) {
          const here = chain.slice(0, end);
          // Where the last service begins that a rule still backs: everything before it is shed.
          let from = 0;
          for (let i = 1; i < end; i++) {
            const pair = `${here[i - 1]!.agent}>${here[i]!.agent}`;
            if (here[i]!.mode === 'service' && at.services.has(pair)) from = i;
          }
          const asked = here.slice(from).map((one) => allowed(at, [one], null));
          const expected = TOOLS.filter(
            (tool) => root.has(tool) && named.has(tool) && asked.every((grants) => grants.has(tool)),
          );
          expect([...allowed(at, here, mandate)]).toEqual(expected);
          seen += expected.length;
        }
      }),
      { numRuns: 300 },
    );
    expect(seen).toBeGreaterThan(50);
  });

  it('[I6] only shrink along a chain without services, whatever is handed over to whom', async () => {
    await fc.assert(
      fc.asyncProperty(rules, hops, mandates, async (model, path, mandate) => {
        const at = await world({ ...model, services: [] });
        const chain = path.map(([agent, mode], i) => hop(agent, i === 0 ? undefined : mode));
        let before: ReadonlySet<string> = allowed(at, [], mandate);
        for (let end = 1; end <= chain.length; end++) {
          const now = allowed(at, chain.slice(0, end), mandate);
          for (const tool of now) expect(before.has(tool)).toBe(true);
          before = now;
        }
      }),
      { numRuns: 200 },
    );
  });
});
