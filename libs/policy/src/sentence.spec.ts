import { attributes, authorityOf, SHOP, stopOf, toolCall } from '../../../test/policy/parts';
import { decide } from './decide';
import { sentence } from './sentence';
import type { Decision, DecisionRequest } from './types';

const own = attributes({ 'order.owner': 'user:ann' });

async function said(part: Partial<DecisionRequest>, stops: Parameters<typeof authorityOf>[1] = []): Promise<string> {
  return sentence(decide(await authorityOf(SHOP, stops), toolCall(part)));
}

describe('the sentence about a decision', () => {
  it('names the owner and the rule when somebody reaches for what is another’s', async () => {
    expect(await said({ attributes: attributes({ 'order.owner': 'user:bob' }) })).toBe(
      'Denied: order #W1 belongs to user:bob, and rule own-order allows only the owner.',
    );
  });

  it('names them however the owner is written: with a prefix of its own, or without', async () => {
    for (const clause of [
      'eq: [{ path: resource.owner, with: "user:" }, { path: initiator.id }]',
      'eq: [resource.owner, { path: initiator.id, without: "user:" }]',
    ]) {
      const text = SHOP.replace('eq: [resource.owner, { path: initiator.id }]', clause);
      const request = toolCall({ attributes: attributes({ 'order.owner': 'bob' }) });
      const told = sentence(decide(await authorityOf(text), request));
      expect(told).toMatch(/^Denied: order #W1 belongs to (user:)?bob, and rule own-order allows only the owner\.$/);
    }
  });

  it('names the rules that allowed', async () => {
    expect(await said({ attributes: own })).toBe(
      'Allowed: by rule agent-orders for agent orders, by rule own-order for initiator user:ann.',
    );
  });

  it('names the rule that asks for approval', async () => {
    const refund = { object: { type: 'tool', id: 'refund' }, args: { amount: 500 }, attributes: own } as const;
    expect(await said(refund)).toContain('Approval required: by rule own-refund and large-refund');
  });

  it('names the rule that forbids, with what it read', async () => {
    const refund = { object: { type: 'tool', id: 'refund' }, attributes: own } as const;
    expect(await said({ ...refund, args: { amount: 5000 } })).toBe(
      'Denied: rule huge-refund forbids it to agent orders (args./amount is 5000).',
    );
    expect(await said({ ...refund, args: {} })).toBe(
      'Denied: rule huge-refund forbids it unless its condition says otherwise, and that could not be told (args./amount is absent).',
    );
  });

  it('names the role that is missing, and never another person', async () => {
    const initiator = { ...toolCall().initiator, roles: [] };
    expect(await said({ initiator, attributes: own })).toBe(
      'Denied: no rule grants initiator user:ann this; nearest is rule own-order, which needs role customer.',
    );
    const text = `rules: ['p, user:boss, {tenant}, tool:get_order, tool.invoke, , allow', 'p, agent:orders, {tenant}, tool:*, tool.invoke, , allow']`;
    const decision = decide(await authorityOf(text), toolCall());
    expect(sentence(decision)).toBe('Denied: no rule grants initiator user:ann this.');
    expect(JSON.stringify(decision)).not.toContain('boss');
  });

  it('names the stop', async () => {
    const stop = stopOf({ scope: 'tool', target: 'get_order' });
    expect(await said({ attributes: own }, [stop])).toBe(`Denied: stop ${stop.id} is in force for tool get_order.`);
  });

  it('names what the mandate lacks', async () => {
    expect(await said({ attributes: own, mandate: { tools: [] } })).toBe(
      'Denied: the mandate does not name tool get_order.',
    );
  });

  it('is one sentence for every reason there is', async () => {
    const base: Decision = decide(await authorityOf(SHOP), toolCall());
    const reasons = [
      'stopped',
      'agent_not_granted',
      'initiator_not_granted',
      'delegation_not_granted',
      'handoff_not_granted',
      'mandate_exceeded',
      'forbidden_by_rule',
      'unknown_obligation',
      'evaluation_error',
      'policy_unavailable',
    ] as const;
    for (const reason of reasons) {
      const text = sentence({ ...base, reason, stages: [], nearMisses: [] });
      expect(text).toMatch(/^Denied: [^.]{10,}\.$/);
    }
  });

  it('explains with at most three near misses', async () => {
    const rules = Array.from({ length: 9 }, (_, i) => `p, role:r${i}, {tenant}, tool:x, tool.invoke, , allow`);
    const authority = await authorityOf(JSON.stringify({ rules }));
    const decision = decide(authority, toolCall({ chain: [], object: { type: 'tool', id: 'x' } }));
    expect(decision.nearMisses).toHaveLength(3);
    expect(decision.nearMisses[0]).toMatchObject({
      stage: 'initiator',
      missing: expect.stringMatching(/^needs role r/),
    });
  });
});
