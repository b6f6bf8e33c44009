import fc from 'fast-check';
import { newId } from '@writ/kernel';
import type { DecisionRequest } from '@writ/policy';
import { Content } from '../../libs/verify/src/content';
import { Problems } from '../../libs/verify/src/report';
import { attributes, SHOP, snapshotOf, tenant } from '../policy/parts';
import {
  decided,
  type Evidence,
  evidence,
  numRuns,
  policies,
  type Policy,
  requestOf,
  said,
  snapshotOfPolicy,
} from './recorded';

describe('recombining verdicts', () => {
  it('finds nothing wrong with any decision that was really made', async () => {
    const seen = { allow: 0, deny: 0, ask: 0 };
    await fc.assert(
      fc.asyncProperty(policies, async (policy) => {
        const snapshot = await snapshotOfPolicy(policy);
        for (const [i, asked] of policy.requests.entries()) {
          const request = requestOf(asked);
          const decision = decided({ snapshot, request }, i % 10 === 9);
          seen[decision.verdict] += 1;
          expect(said({ snapshot, request }, evidence(decision))).toEqual({ faults: [], byRules: 1 });
        }
      }),
      { numRuns },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(10);
  });

  it('[I7] a denial made into an allow is named, however its stages are dressed', async () => {
    let denials = 0;
    await fc.assert(
      fc.asyncProperty(policies, fc.nat(3), async (policy, how) => {
        const snapshot = await snapshotOfPolicy(policy);
        for (const asked of policy.requests) {
          const request = requestOf(asked);
          const decision = decided({ snapshot, request });
          if (decision.verdict !== 'deny') continue;
          denials += 1;
          const honest = evidence(decision);
          const last = honest.stages.at(-1)!;
          const before = honest.stages.slice(0, -1);
          const stages = [
            honest.stages,
            [...before, [last[0]!, 'allow', ...last.slice(2)]],
            before,
            [...before, [last[0]!, 'allow', 'rul_000000000000']],
          ][how]!;
          const forged: Evidence = { ...honest, verdict: 'allow', reason: 'allowed', stages };
          expect(said({ snapshot, request }, forged).faults).toHaveLength(1);
        }
      }),
      { numRuns },
    );
    expect(denials).toBeGreaterThan(100);
  });

  it('an allow whose rules oblige, or which a rule that always applies forbids, cannot leave that out', async () => {
    const snapshot = await snapshotOf(SHOP);
    const refund = { type: 'tool', id: 'refund' } as const;
    const base = requestOf({
      user: 'user:a',
      asserted: ['r'],
      chain: [],
      object: 'tool:x',
      handoff: false,
      mandate: null,
    });
    const request: DecisionRequest = {
      ...base,
      initiator: { tenant, kind: 'user', id: 'user:ann', roles: ['customer'] },
      chain: [{ agent: 'orders', digest: 'd' }],
      object: refund,
      resource: { type: 'order', id: '1' },
      args: { amount: '500' },
      attributes: attributes({ 'order.owner': 'user:ann' }),
    };
    const asked = evidence(decided({ snapshot, request }));
    expect([asked.verdict, said({ snapshot, request }, asked).faults]).toEqual(['ask', []]);
    const { obligations: _, ...free } = asked;
    expect(said({ snapshot, request }, { ...free, verdict: 'allow', reason: 'allowed' } as Evidence).faults).toEqual([
      'Its stages say ask, its verdict allow.',
    ]);
    // What people answered turns an ask, and only an ask, into a verdict; and the event names their answer.
    const approval = 'apr_01k8x0q3wsf5z8k2m4n6p8r0t7';
    for (const [verdict, reason] of [
      ['allow', 'approved'],
      ['deny', 'approval_rejected'],
      ['deny', 'approval_expired'],
    ] as const) {
      const answered = { ...asked, verdict, reason } as Evidence;
      expect(said({ snapshot, request }, answered, { approval }).faults).toEqual([]);
      expect(said({ snapshot, request }, answered).faults).toEqual(['People answered it, and it names no approval.']);
      const swapped = { ...answered, verdict: verdict === 'allow' ? 'deny' : 'allow' } as Evidence;
      expect(said({ snapshot, request }, swapped, { approval }).faults).toHaveLength(1);
    }
    const stages = asked.stages.map(([stage, , ...rids]) => [stage!, 'allow', ...rids]);
    expect(
      said({ snapshot, request }, { ...asked, verdict: 'allow', reason: 'approved', stages } as Evidence, { approval })
        .faults,
    ).toEqual(['People answered it, and its stages say allow, not ask.']);
    expect(
      said({ snapshot, request }, { ...free, verdict: 'allow', reason: 'allowed', stages } as Evidence).faults,
    ).toEqual(['The rules of stage initiator say ask, the stage says allow.']);
    const own = asked.stages.map(([stage, , ...rids]) => [
      stage!,
      'allow',
      ...rids.filter((rid) => rid !== 'large-refund'),
    ]);
    // Whether the amount was large is not in the evidence: a condition that is said not to have held is taken at its word.
    expect(
      said({ snapshot, request }, { ...free, verdict: 'allow', reason: 'allowed', stages: own } as Evidence).faults,
    ).toEqual([]);
    const handoff: DecisionRequest = {
      ...request,
      chain: [{ agent: 'triage', digest: 'd' }],
      action: 'handoff',
      object: { type: 'agent', id: 'vault' },
      handoff: { to: 'vault', purpose: 'x', depth: 1 },
    };
    const denied = evidence(decided({ snapshot, request: handoff }));
    expect([denied.verdict, denied.stages.at(-1)]).toEqual(['deny', ['agent', 'deny', 'never-vault']]);
    const forged = { ...denied, verdict: 'allow', reason: 'allowed' } as const;
    const agreeing = [
      ['guardrail', 'allow'],
      ['agent', 'allow', 'orders-vault'],
      ['initiator', 'allow', 'rul_0'],
    ];
    expect(said({ snapshot, request: handoff }, { ...forged, stages: agreeing }).faults).toEqual([
      'Stage agent names rule "orders-vault", which does not speak of this act.',
    ]);
  });

  it.each([
    ['a verdict nobody knows', { verdict: 'maybe' as 'allow' }, 'There is no verdict "maybe"'],
    ['stages that are no list', { stages: 'all' as unknown as string[][] }, 'This decision cannot be read'],
    [
      'a stage nobody knows',
      {
        stages: [
          ['guardrail', 'allow'],
          ['<b>', 'allow'],
        ],
      },
      'There is no stage "<b>"',
    ],
    [
      'stages in another order',
      {
        stages: [
          ['initiator', 'allow'],
          ['guardrail', 'allow'],
        ],
      },
      'stands where it is not asked',
    ],
    [
      'a stage asked twice',
      {
        stages: [
          ['guardrail', 'allow'],
          ['initiator', 'allow'],
          ['initiator', 'allow'],
        ],
      },
      'stands where',
    ],
    ['no guardrail', { stages: [['initiator', 'allow']] }, 'stands where it is not asked'],
    ['no initiator', { stages: [['guardrail', 'allow']] }, 'Stage initiator was not asked'],
    ['no stages', { stages: [] }, 'Stage guardrail was not asked'],
    ['a reason of another verdict', { reason: 'stopped' as 'allowed' }, 'does not go with the reason "stopped"'],
  ])('%s is named', async (_what, change, message) => {
    const snapshot = await snapshotOf(SHOP);
    const request = requestOf({
      user: 'user:a',
      asserted: [],
      chain: [],
      object: 'tool:x',
      handoff: false,
      mandate: null,
    });
    const honest = {
      id: 'dec_1',
      verdict: 'allow',
      reason: 'allowed',
      stages: [
        ['guardrail', 'allow'],
        ['initiator', 'allow'],
      ],
      mode: 'enforce',
    } as unknown as Evidence;
    expect(said({ snapshot, request }, { ...honest, ...change }).faults[0]).toContain(message);
  });

  it('what guardrails said is held against the policy they are of, and cannot be left out', async () => {
    const guardrails = {
      checks: {
        no_cards: { at: ['output'], detect: ['payment_card'] },
        asks: { at: ['output'], words: ['bluebird'], ask: 'ask' },
      },
      absolute: { no_drop: { actions: ['tool.invoke'], objects: ['tool:z'] } },
    };
    const rules = ['p, *, {tenant}, *, *, , allow'];
    const obligations = { ask: { type: 'require_approval' } };
    const snapshot = await snapshotOf(JSON.stringify({ rules, obligations, guardrails }));
    const asked = { user: 'user:a', asserted: [], chain: [{ agent: 'a', mode: 'attenuate' }] } as const;
    const of = (object: 'tool:x' | 'tool:z', fired: string | null): DecisionRequest => {
      const base = requestOf({
        ...asked,
        asserted: [],
        chain: [...asked.chain],
        object,
        handoff: false,
        mandate: null,
      });
      const heard = snapshot.guardrails!.checks.map(({ id, version }) => ({
        guardrail: id,
        version,
        outcome: id === fired ? ('fired' as const) : ('passed' as const),
        what: {},
      }));
      return { ...base, run: newId('run'), guards: { boundary: 'output', agents: ['a'], heard, tier: 'medium' } };
    };
    const verdicts = [of('tool:x', null), of('tool:x', 'no_cards'), of('tool:x', 'asks'), of('tool:z', null)].map(
      (request) => {
        const honest = evidence(decided({ snapshot, request }));
        expect(said({ snapshot, request }, honest).faults).toEqual([]);
        // Told as if nothing had stood against it.
        const stages = [['guardrail', 'allow'], ...honest.stages.slice(1)] as Evidence['stages'];
        const forged = { ...honest, verdict: 'allow', reason: 'allowed', stages } as Evidence;
        if (honest.verdict !== 'allow') expect(said({ snapshot, request }, forged).faults).toHaveLength(1);
        return [honest.verdict, honest.reason];
      },
    );
    expect(verdicts).toEqual([
      ['allow', 'allowed'],
      ['deny', 'guardrail_denied'],
      ['ask', 'approval_required'],
      ['deny', 'forbidden_absolutely'],
    ]);
  });

  it('a condition is worked out again where evidence holds what it reads, and is taken at its word elsewhere', async () => {
    const rules = [
      'p, *, {tenant}, *, *, , allow, , base',
      'p, *, {tenant}, tool:x, tool.invoke, late, deny, , never-late',
      'p, agent:a, {tenant}, tool:x, tool.invoke, early, allow, , when-early',
      'p, agent:a, {tenant}, tool:x, tool.invoke, much, deny, , not-much',
    ];
    const conditions = {
      early: { within: { from: '00:00', to: '11:00' } },
      late: { not: { within: { from: '00:00', to: '11:00' } } },
      much: { all: [{ eq: ['agent.id', 'agent:a'] }, { amount: { of: 'args./n', at_least: '5' } }] },
    };
    const guardrails = { absolute: { led: { actions: ['tool.invoke'], objects: ['tool:z'], when: 'by_b' } } };
    const all = { ...conditions, by_b: { eq: ['agent.id', 'agent:b'] } };
    const snapshot = await snapshotOf(JSON.stringify({ rules, conditions: all, guardrails }));
    const chain: Policy['requests'][number]['chain'] = [{ agent: 'a', mode: 'attenuate' }];
    const asked = { user: 'user:a', asserted: [], chain, object: 'tool:x', handoff: false, mandate: null } as const;
    const request = requestOf({ ...asked, asserted: [], chain });
    const honest = evidence(decided({ snapshot, request }));
    expect([honest.verdict, said({ snapshot, request }, honest).faults]).toEqual(['allow', []]);
    const told = (...rids: string[]): Evidence => ({
      ...honest,
      stages: honest.stages.map(([stage, verdict, ...of]) => [stage!, verdict!, ...(stage === 'agent' ? rids : of)]),
    });
    const faults = (recorded: Evidence, of = request) => said({ snapshot, request: of }, recorded).faults;
    expect(faults(told('base'))).toEqual(['Stage agent passes over rule "when-early", which speaks of this act.']);
    expect(faults(told('base', '?when-early'))).toEqual([
      'Stage agent could not tell the condition of rule "when-early", which is true.',
    ]);
    const forbidden = {
      ...told('base', 'never-late', 'when-early'),
      verdict: 'deny',
      reason: 'forbidden_by_rule',
    } as const;
    const denied = {
      ...forbidden,
      stages: [forbidden.stages[0]!, ['agent', 'deny', ...forbidden.stages[1]!.slice(2)]],
    };
    expect(faults(denied)).toEqual(['Stage agent names rule "never-late", whose condition is not true of this act.']);
    // How much it was is not in the evidence.
    const much = { ...denied, stages: [denied.stages[0]!, ['agent', 'deny', 'base', 'when-early', 'not-much']] };
    expect(faults(much)).toEqual([]);
    const byB = requestOf({ ...asked, asserted: [], chain: [{ agent: 'b', mode: 'attenuate' }], object: 'tool:z' });
    const absolute = evidence(decided({ snapshot, request: byB }));
    expect([absolute.reason, faults(absolute, byB)]).toEqual(['forbidden_absolutely', []]);
    const allowed = ['guardrail', 'agent', 'initiator'].map((stage) => [
      stage,
      'allow',
      ...(stage === 'guardrail' ? [] : ['base']),
    ]);
    const forged = { ...absolute, verdict: 'allow', reason: 'allowed', stages: allowed } as Evidence;
    expect(faults(forged, byB)).toEqual(['Stage guardrail passes over absolute rule "led", which speaks of this act.']);
    const byA = requestOf({ ...asked, asserted: [], chain, object: 'tool:z' });
    expect(faults(absolute, byA)).toEqual([
      'Stage guardrail names "absolute:led", whose condition is not true of this act.',
    ]);
  });

  it('a mandate is held to by the tools it names; within which limits a call was is taken at its word', async () => {
    const snapshot = await snapshotOf(JSON.stringify({ rules: ['p, *, {tenant}, *, *, , allow'] }));
    const asked = { user: 'user:a', asserted: [], chain: [{ agent: 'a', mode: 'attenuate' as const }], handoff: false };
    const of = (object: 'tool:x' | 'tool:z' | 'model:m', tools: NonNullable<DecisionRequest['mandate']>['tools']) => ({
      ...requestOf({ ...asked, asserted: [], chain: [...asked.chain], object, mandate: null }),
      mandate: { tools },
    });
    const flipped = (request: DecisionRequest): readonly string[] => {
      const honest = evidence(decided({ snapshot, request }));
      expect(said({ snapshot, request }, honest).faults).toEqual([]);
      const allows = honest.verdict === 'allow';
      const stages = honest.stages.map(([stage, verdict, ...rids]) => [
        stage!,
        stage === 'mandate' ? (allows ? 'deny' : 'allow') : verdict!,
        ...rids,
      ]);
      const other = allows ? { verdict: 'deny', reason: 'mandate_exceeded' } : { verdict: 'allow', reason: 'allowed' };
      return said({ snapshot, request }, { ...honest, ...other, stages } as Evidence).faults;
    };
    expect(flipped(of('tool:x', [{ tool: 'x' }]))).toEqual([
      'Stage mandate refuses tool "x", which the mandate names without a limit.',
    ]);
    expect(flipped(of('tool:z', [{ tool: 'x' }]))).toEqual([
      'Stage mandate allows tool "z", which the mandate does not name.',
    ]);
    expect(flipped(of('model:m', []))).toEqual(['Stage mandate refuses what no mandate speaks of.']);
    expect(flipped(of('tool:x', [{ tool: 'x', only: { '/n': [1] } }]))).toEqual([]);
    expect(flipped(of('tool:x', [{ tool: 'x', only: { '/n': [2] } }]))).toEqual([]);
  });

  it('a policy that is not its digest’s is named and not used', async () => {
    const snapshot = await snapshotOf(SHOP);
    const problems = new Problems();
    const content = new Content({ tenant }, problems);
    content.policy(snapshot.digest, snapshot.body.replace('deny', 'allow'), 77);
    content.policy('<script>', 5, 78);
    expect(problems.first().map(({ fault, byte }) => [fault, byte])).toEqual([
      ['policy', 77],
      ['policy', 78],
    ]);
  });
});
