import { canonicalJson, newId } from '@writ/kernel';
import { decide, type Decision, outside } from '@writ/policy';
import { Content } from '../../libs/verify/src/content';
import { Problems } from '../../libs/verify/src/report';
import { NOW, snapshotOf, tenant } from '../policy/parts';

const POLICY = JSON.stringify({
  rules: [
    'p, user:*, {tenant}, record:*, view, owner, allow, , own',
    'p, agent:clerk, {tenant}, record:*, view, , allow, , clerk',
    'p, user:eve, {tenant}, record:*, view, , deny, , not-eve',
  ],
  conditions: { owner: { eq: ['resource.owner', { path: 'subject.id' }] } },
  attributes: { 'record.owner': { type: 'string' } },
  vocabulary: { actions: ['view'], types: ['record'] },
});

const asked = async (who: string, agents: readonly string[] = []): Promise<Decision> => {
  const snapshot = await snapshotOf(POLICY);
  const question = outside.requestOf({
    tenant,
    subject: { type: 'user', id: who },
    action: { name: 'view' },
    resource: { type: 'record', id: '1', properties: { owner: 'ann' } },
    chain: agents.map((agent) => ({ agent, digest: '' })),
    now: NOW,
  });
  return decide({ tenant, snapshot, stops: [], epochs: { tenant: 1, platform: 1 } }, question);
};

/** What the verifier says of an answer as it is recorded, and how many verdicts it took from their rules. */
async function said(
  decision: Decision,
  part: { readonly verdict?: string; readonly stages?: readonly unknown[] } = {},
) {
  const snapshot = await snapshotOf(POLICY);
  const problems = new Problems();
  const content = new Content({ tenant }, problems);
  content.policy(snapshot.digest, snapshot.body, 0);
  const stages = decision.stages.map(({ stage, verdict, matches }) => [
    stage,
    verdict,
    ...matches.map(({ rid, error }) => (error === undefined ? rid : `?${rid}`)),
  ]);
  const { id, verdict, reason } = decision;
  const event = {
    schema: 1,
    id: newId('event'),
    tenant,
    origin: `writ/${tenant}`,
    type: 'decision.evaluated',
    run: 'tenant',
    time: new Date(NOW).toISOString(),
    run_seq: 0,
    prev: '0'.repeat(64),
    actor: 'service:shop',
    action: 'view',
    object: { type: 'decision', id },
    decision: { id, verdict, reason, stages, mode: 'enforce', snapshot: snapshot.digest, ...part },
  };
  content.event(new TextEncoder().encode(canonicalJson(event)), { index: 0, byte: null }, false);
  return { faults: problems.first().map(({ message }) => message), byRules: content.decisions.by_rules };
}

describe('an answer given to an application outside', () => {
  it('is recombined from the rules it names, allowed or not, with agents or without', async () => {
    for (const decision of [
      await asked('ann'),
      await asked('ann', ['clerk']),
      await asked('ben'),
      await asked('eve'),
      await asked('ann', ['somebody']),
    ]) {
      expect(await said(decision)).toEqual({ faults: [], byRules: 1 });
    }
  });

  it('that was turned afterwards does not pass', async () => {
    const denied = await asked('ben');
    expect((await said(denied, { verdict: 'allow' })).faults).toHaveLength(1);
    const initiator = ['initiator', 'allow', 'clerk'];
    const silent = denied.stages.map(({ stage, verdict }) =>
      stage === 'initiator' ? ['initiator', 'deny', 'own'] : [stage, verdict],
    );
    expect((await said(denied, { stages: silent })).faults).toHaveLength(1);
    const allowed = await asked('ann');
    expect(
      (
        await said(allowed, {
          stages: [
            ['guardrail', 'allow'],
            ['initiator', 'allow'],
          ],
        })
      ).faults,
    ).toHaveLength(1);
    expect(
      (
        await said(allowed, {
          stages: [
            ['guardrail', 'allow'],
            ['initiator', 'allow', 'nobody'],
          ],
        })
      ).faults,
    ).toHaveLength(1);
    expect((await said(allowed, { stages: [initiator] })).faults).toHaveLength(1);
  });
});
