import { newId, type RunId } from '@writ/kernel';
import { attributes, NOW, SHOP, snapshotOf, tenant, toolCall } from '../../../../test/policy/parts';
import type { TenantAuthority } from '../authority';
import { decide } from '../decide';
import { Decided } from '../decided';
import { type AskedAct, bindingOf, documentOf } from './binding';
import type { Approval } from './store';
import { type AtUse, refusedBy, weigh } from './weigh';

const args = { amount: '500' };
const request = toolCall({
  object: { type: 'tool', id: 'refund', digest: 'sha256:tool' },
  args,
  attributes: attributes({ 'order.owner': 'user:ann' }),
});
const WITH_BOB = SHOP.replace('  g2, tool:get_order', '  g, user:bob, role:payments, {tenant}\n  g2, tool:get_order');

async function asked(policy: string, part: Partial<AskedAct> = {}): Promise<AskedAct> {
  const snapshot = await snapshotOf(policy);
  const authority: TenantAuthority = { tenant, snapshot, stops: [], epochs: { tenant: 3, platform: 1 } };
  const decision = decide(authority, request);
  return {
    request,
    decision,
    snapshot,
    args,
    argsDigest: 'sha256:args',
    targetDigest: 'sha256:tool',
    caller: 'service:shop',
    ...part,
  };
}

const granted = (act: AskedAct, part: Partial<Approval> = {}): Approval => ({
  tenant,
  id: newId('approval'),
  run: newId('run') as RunId,
  workflow: 'shop',
  path: '',
  action: 'tool.invoke',
  target: 'refund',
  agent: 'orders',
  initiator: 'user:ann',
  status: 'approved',
  reason: null,
  requestedAt: NOW,
  expiresAt: NOW + 86_400_000,
  escalatesAt: null,
  escalatedAt: null,
  resolvedAt: NOW,
  resolvedBy: 'user:bob',
  usedAt: null,
  replacedBy: null,
  document: documentOf(act, []),
  ...part,
});

const atUse = (approval: Approval, act: AskedAct, part: Partial<AtUse> = {}): AtUse => ({
  approval,
  again: false,
  votes: [{ voter: { id: 'user:bob', kind: 'user', roles: [] }, verdict: 'approve' }],
  binding: bindingOf(act),
  decision: act.decision,
  snapshot: act.snapshot,
  now: NOW + 1_000,
  ...part,
});

/** What a changed policy makes of an approval that was granted under the one before. */
async function under(changed: string): Promise<string> {
  const approval = granted(await asked(WITH_BOB));
  const now = await asked(changed);
  if (now.decision.verdict !== 'ask') return now.decision.verdict;
  const weighed = weigh(atUse(approval, now));
  return weighed.kind === 'granted' ? 'granted' : weighed.reason;
}

describe('an approval at the moment it is used', () => {
  it('allows the act it was about, under a decision that names it and still says that people were asked', async () => {
    const act = await asked(WITH_BOB);
    const approval = granted(act);
    const weighed = weigh(atUse(approval, act));
    expect(weighed).toMatchObject({
      kind: 'granted',
      decision: { verdict: 'allow', reason: 'approved', approval: approval.id, stage: 'initiator' },
    });
    if (weighed.kind !== 'granted') throw new Error(weighed.reason);
    expect(weighed.decision.stages.some(({ verdict }) => verdict === 'ask')).toBe(true);
    expect(Decided.grounds(weighed.decision)).toBe(Decided.grounds(act.decision));
  });

  it('is void after a change of the policy that alters the verdict, an obligation or who decides', async () => {
    const ask = 'ask: { type: require_approval, values: { count: 1, roles: [payments] } }';
    expect(await under(WITH_BOB.replace("at_least: '1000.01'", "at_least: '400'"))).toBe('deny');
    expect(await under(WITH_BOB.replace("at_least: '100.01'", "at_least: '600'"))).toBe('allow');
    const changed = [
      ask.replace('count: 1', 'count: 2'),
      ask.replace('[payments]', '[payments, security]'),
      ask.replace('[payments]', '[payments], expires_ms: 1000'),
    ];
    for (const other of changed)
      expect([other, await under(WITH_BOB.replace(ask, other))]).toEqual([other, 'policy_changed']);
    // The rule that asks says something else under the same name.
    expect(await under(WITH_BOB.replace("at_least: '100.01'", "at_least: '100.02'"))).toBe('policy_changed');
    expect(await under(WITH_BOB.replace('large, allow, ask, large-refund', 'large, allow, ask, larger-refund'))).toBe(
      'policy_changed',
    );
  });

  it('outlives a change of the policy that has nothing to do with it', async () => {
    const rules = '  p, role:clerk, {tenant}, tool:other, tool.invoke, , allow, , other-rule\n  g2, tool:get_order';
    expect(await under(WITH_BOB.replace('  g2, tool:get_order', rules))).toBe('granted');
    expect(await under(WITH_BOB.replace('handoff_depth: 3', 'handoff_depth: 4'))).toBe('granted');
    expect(await under(WITH_BOB.replace('g, user:cleo, role:clerk', 'g, user:cleo, role:packer'))).toBe('granted');
  });

  it('does not count a voter who has lost the role since', async () => {
    expect(await under(SHOP)).toBe('voter_lost_right');
    expect(await under(WITH_BOB.replace('g, user:bob, role:payments', 'g, user:bob, role:packer'))).toBe(
      'voter_lost_right',
    );
  });

  it('is for these arguments, this definition, this chain and this object, and no others', async () => {
    const act = await asked(WITH_BOB);
    const approval = granted(act);
    const reason = (other: AskedAct): string => {
      const weighed = weigh(atUse(approval, other, { decision: act.decision }));
      return weighed.kind === 'granted' ? 'granted' : weighed.reason;
    };
    expect(reason({ ...act, argsDigest: 'sha256:other' })).toBe('arguments_changed');
    expect(reason({ ...act, targetDigest: 'sha256:other' })).toBe('definition_changed');
    const chain = [{ agent: 'orders', digest: 'sha256:another-prompt' }];
    expect(reason({ ...act, request: { ...request, chain } })).toBe('chain_changed');
    expect(reason({ ...act, request: { ...request, resource: { type: 'order', id: '#W2' } } })).toBe(
      'resource_changed',
    );
    const initiator = { ...request.initiator, roles: ['customer', 'clerk'] };
    expect(reason({ ...act, request: { ...request, initiator } })).toBe('chain_changed');
  });

  it('ends with its time, but for another try of the act it was used for', async () => {
    const act = await asked(WITH_BOB);
    const approval = granted(act, { expiresAt: NOW + 500 });
    expect(weigh(atUse(approval, act))).toEqual({ kind: 'unfit', reason: 'used_too_late' });
    expect(weigh(atUse({ ...approval, status: 'used' }, act, { again: true })).kind).toBe('granted');
    expect(weigh(atUse({ ...approval, status: 'used', expiresAt: NOW + 5_000 }, act)).kind).toBe('unfit');
  });

  it.each(['pending', 'rejected', 'expired', 'withdrawn', 'replaced'] as const)(
    'is none while it is %s',
    async (status) => {
      const act = await asked(WITH_BOB);
      expect(weigh(atUse(granted(act, { status }), act)).kind).toBe('unfit');
      expect(weigh(atUse(granted(act, { status }), act, { again: true })).kind).toBe('unfit');
    },
  );

  it('makes an allow of nothing but an ask of this process [I1]', async () => {
    const act = await asked(WITH_BOB);
    const approval = granted(act);
    const forged = { ...act.decision };
    expect(() => weigh(atUse(approval, act, { decision: forged }))).toThrow('asked nobody');
    const answered = weigh(atUse(approval, act));
    if (answered.kind !== 'granted') throw new Error(answered.reason);
    expect(() => weigh(atUse(approval, act, { decision: answered.decision }))).toThrow('asked nobody');
  });

  it('is a denial that names it when it was rejected, or nobody answered', async () => {
    const act = await asked(WITH_BOB);
    for (const [status, reason] of [
      ['rejected', 'approval_rejected'],
      ['expired', 'approval_expired'],
    ] as const) {
      const approval = granted(act, { status });
      const refused = refusedBy(act.decision, approval);
      expect(refused).toMatchObject({ verdict: 'deny', reason, approval: approval.id });
      expect(Decided.grounds(refused)).toBeUndefined();
    }
  });
});
