import { isId } from '@writ/kernel';
import { attributes, authorityOf, NOW, SHOP, snapshotOf, stopOf, tenant, toolCall } from '../../../test/policy/parts';
import { decide } from './decide';
import type { DecisionRequest } from './types';

const own = attributes({ 'order.owner': 'user:ann' });
const foreign = attributes({ 'order.owner': 'user:bob' });
const refund = (amount: unknown, part: Partial<DecisionRequest> = {}): DecisionRequest =>
  toolCall({ object: { type: 'tool', id: 'refund' }, args: { amount: amount as string }, attributes: own, ...part });

const verdictOf = async (request: DecisionRequest) => {
  const { verdict, reason, stage, explicit } = decide(await authorityOf(SHOP), request);
  return { verdict, reason, stage, explicit };
};

describe('a decision', () => {
  it('carries its reasons: every stage asked, every rule that matched, what was read, under what', async () => {
    const authority = await authorityOf(SHOP);
    const decision = decide(authority, toolCall({ attributes: own }));
    expect(decision).toEqual({
      id: expect.stringMatching(/^dec_/),
      verdict: 'allow',
      reason: 'allowed',
      stage: 'initiator',
      explicit: true,
      stages: [
        { stage: 'guardrail', subject: tenant, verdict: 'allow', explicit: false, matches: [] },
        {
          stage: 'agent',
          subject: 'agent:orders',
          verdict: 'allow',
          explicit: true,
          matches: [{ rid: 'agent-orders', effect: 'allow', condition: null, read: {} }],
        },
        {
          stage: 'initiator',
          subject: 'user:ann',
          verdict: 'allow',
          explicit: true,
          matches: [
            {
              rid: 'own-order',
              effect: 'allow',
              condition: 'own',
              read: {
                'resource.owner': 'user:ann',
                'initiator.id': 'user:ann',
                'resource.owner equals initiator.id': true,
              },
            },
          ],
        },
      ],
      obligations: [],
      nearMisses: [],
      snapshot: authority.snapshot!.digest,
      authority: { tenant: 3, platform: 1 },
      at: NOW,
    });
    expect(isId('decision', decision.id)).toBe(true);
    expect(Object.isFrozen(decision) && Object.isFrozen(decision.stages)).toBe(true);
  });

  it('is denied by silence at the stage that is silent', async () => {
    expect(await verdictOf(toolCall({ chain: [{ agent: 'nobody', digest: 'x' }], attributes: own }))).toEqual({
      verdict: 'deny',
      reason: 'agent_not_granted',
      stage: 'agent',
      explicit: false,
    });
    expect(await verdictOf(toolCall({ attributes: foreign }))).toEqual({
      verdict: 'deny',
      reason: 'initiator_not_granted',
      stage: 'initiator',
      explicit: false,
    });
  });

  it('[I6] never lets an agent exceed the one it acts for', async () => {
    const stranger = { tenant, kind: 'user', id: 'user:zoe', roles: [] } as const;
    expect(await verdictOf(toolCall({ initiator: stranger, attributes: own }))).toMatchObject({
      reason: 'initiator_not_granted',
    });
    const clerk = { tenant, kind: 'user', id: 'user:cleo', roles: [] } as const;
    expect(await verdictOf(toolCall({ initiator: clerk, attributes: foreign }))).toMatchObject({ verdict: 'allow' });
  });

  it('asks the initiator alone when no agent acts', async () => {
    const start = toolCall({ chain: [], action: 'run.start', object: { type: 'workflow', id: 'support' } });
    const decision = decide(await authorityOf(SHOP), start);
    expect(decision.verdict).toBe('allow');
    expect(decision.stages.map(({ stage }) => stage)).toEqual(['guardrail', 'initiator']);
  });

  it('asks a person when any rule that allows says so, and collects what all of them demand', async () => {
    const decision = decide(await authorityOf(SHOP), refund('500'));
    expect(decision).toMatchObject({
      verdict: 'ask',
      reason: 'approval_required',
      stage: 'initiator',
      obligations: [{ id: 'ask', type: 'require_approval', values: { count: 1, roles: ['payments'] } }],
    });
    expect(
      decision.stages
        .at(-1)!
        .matches.map(({ rid }) => rid)
        .sort(),
    ).toEqual(['large-refund', 'own-refund']);
    expect(await verdictOf(refund('100'))).toMatchObject({ verdict: 'allow' });
  });

  it('[I7] is denied by one rule that forbids, whatever allows beside it', async () => {
    expect(await verdictOf(refund('5000'))).toEqual({
      verdict: 'deny',
      reason: 'forbidden_by_rule',
      stage: 'agent',
      explicit: true,
    });
  });

  it('[I7] is denied when a rule that might forbid cannot be evaluated, and says so', async () => {
    const decision = decide(await authorityOf(SHOP), refund('a lot'));
    expect(decision).toMatchObject({ verdict: 'deny', reason: 'forbidden_by_rule', stage: 'agent' });
    expect(decision.stages.at(-1)!.matches).toContainEqual(
      expect.objectContaining({ rid: 'huge-refund', effect: 'deny', error: expect.stringContaining('not a decimal') }),
    );
  });

  it('[I7] is not allowed by a rule that cannot be evaluated, and records that it erred', async () => {
    const decision = decide(await authorityOf(SHOP), toolCall());
    expect(decision).toMatchObject({ verdict: 'deny', reason: 'initiator_not_granted', explicit: false });
    expect(decision.stages.at(-1)!.matches).toEqual([
      expect.objectContaining({ rid: 'own-order', effect: 'allow', error: expect.stringContaining('not brought') }),
    ]);
  });

  it('[I7] is denied when a rule obliges to something the caller cannot honour', async () => {
    const decision = decide(await authorityOf(SHOP), refund('500'), new Set(['redact']));
    expect(decision).toMatchObject({
      verdict: 'deny',
      reason: 'unknown_obligation',
      stage: 'initiator',
      obligations: [],
    });
  });

  it('[I7] is denied when the evaluation itself breaks', async () => {
    const authority = await authorityOf(SHOP);
    const broken = Object.defineProperty({ ...authority.snapshot! }, 'actions', {
      get: () => {
        throw new Error('out of order');
      },
    });
    const decision = decide({ ...authority, snapshot: broken }, toolCall({ attributes: own }));
    expect(decision).toMatchObject({ verdict: 'deny', reason: 'evaluation_error', stage: 'agent' });
    expect(decision.nearMisses[0]!.missing).toContain('out of order');
  });

  it('[I7] is denied for arguments that cannot be pinned down', async () => {
    const decision = decide(await authorityOf(SHOP), toolCall({ attributes: own, args: { order_id: '\u0000' } }));
    expect(decision).toMatchObject({ verdict: 'deny', reason: 'evaluation_error' });
  });

  it('is denied while there is no policy, or none that could be built', async () => {
    const authority = await authorityOf(SHOP);
    const none = decide({ ...authority, snapshot: null }, toolCall({ attributes: own }));
    expect(none).toMatchObject({ verdict: 'deny', reason: 'policy_unavailable', stage: 'policy', snapshot: '' });
    const failure = { code: 'bundle_corrupt', class: 'permanent', message: 'no' } as const;
    const stale = decide({ ...authority, failure }, toolCall({ attributes: own }));
    expect(stale).toMatchObject({ verdict: 'deny', reason: 'policy_unavailable' });
  });
});

describe('a request nobody should make', () => {
  const id = (text: string) => ({ initiator: { tenant, kind: 'user', id: text, roles: [] } }) as const;
  it.each<[string, Partial<DecisionRequest>]>([
    ['another tenant', { tenant: 'ten_other' as typeof tenant }],
    [
      'an initiator of another tenant',
      { initiator: { ...id('user:ann').initiator, tenant: 'ten_x' as typeof tenant } },
    ],
    ['an action that does not exist', { action: 'tool.destroy' as 'tool.invoke' }],
    ['an action named like a prototype’s member', { action: 'constructor' as 'tool.invoke' }],
    ['a role as an initiator', id('role:clerk')],
    ['a class as an initiator', id('class:orders')],
    ['an initiator without an id', id('')],
    ['a handoff to nobody', { action: 'handoff', object: { type: 'agent', id: 'billing' } }],
    [
      'a handoff to another agent than its object',
      {
        action: 'handoff',
        object: { type: 'agent', id: 'billing' },
        handoff: { to: 'vault', purpose: 'x', depth: 1 },
      },
    ],
    [
      'a handoff from no agent',
      {
        action: 'handoff',
        chain: [],
        object: { type: 'agent', id: 'billing' },
        handoff: { to: 'billing', purpose: 'x', depth: 1 },
      },
    ],
  ])('by %s is denied as an error', async (_what, part) => {
    expect(await verdictOf(toolCall({ attributes: own, ...part }))).toMatchObject({
      verdict: 'deny',
      reason: 'evaluation_error',
      stage: 'policy',
    });
  });

  it('[I11] is answered by no other tenant’s rules, even under a shared snapshot', async () => {
    const snapshot = await snapshotOf(SHOP);
    const other = { tenant: 'ten_other' as typeof tenant, snapshot, stops: [], epochs: { tenant: 1, platform: 1 } };
    expect(decide(other, toolCall({ attributes: own }))).toMatchObject({ verdict: 'deny', reason: 'evaluation_error' });
  });

  it('by a role asserted under a principal’s name gains nothing', async () => {
    for (const role of ['user:cleo', 'agent:orders', '*', 'class:orders']) {
      const initiator = { tenant, kind: 'user', id: 'user:eve', roles: [role] } as const;
      expect(await verdictOf(toolCall({ initiator, attributes: foreign }))).toMatchObject({ verdict: 'deny' });
    }
  });
});

describe('a stop', () => {
  const stopped = async (part: Parameters<typeof stopOf>[0], request: Partial<DecisionRequest> = {}) => {
    const authority = await authorityOf(SHOP, [stopOf(part)]);
    return decide(authority, toolCall({ attributes: own, run: 'run_1' as never, workflow: 'support', ...request }));
  };

  it.each([
    [{ scope: 'all', tenant: '*' }],
    [{ scope: 'tenant' }],
    [{ scope: 'tenant', tenant: '*', target: tenant }],
    [{ scope: 'agent', target: 'orders' }],
    [{ scope: 'agent', target: 'agent:orders' }],
    [{ scope: 'agent', target: 'sha256:orders' }],
    [{ scope: 'tool', target: 'get_order' }],
    [{ scope: 'tool', target: 'sha256:tool', tenant: '*' }],
    [{ scope: 'workflow', target: 'support' }],
    [{ scope: 'run', target: 'run_1' }],
  ] as const)('%j covers the act, and nothing overrides it', async (part) => {
    const decision = await stopped(part);
    expect(decision).toMatchObject({ verdict: 'deny', reason: 'stopped', stage: 'guardrail', explicit: true });
    expect(decision.stages).toHaveLength(1);
    expect(decision.stages[0]!.matches[0]).toMatchObject({ rid: expect.stringMatching(/^stp_/), effect: 'deny' });
  });

  it.each([
    [{ scope: 'tenant', tenant: '*', target: 'ten_other' }],
    [{ scope: 'agent', target: 'triage' }],
    [{ scope: 'tool', target: 'refund' }],
    [{ scope: 'model', target: 'get_order' }],
    [{ scope: 'workflow', target: 'sales' }],
    [{ scope: 'run', target: 'run_2' }],
    [{ scope: 'all', tenant: 'ten_other' }],
  ] as const)('%j does not', async (part) => {
    expect(await stopped(part as Parameters<typeof stopOf>[0])).toMatchObject({ verdict: 'allow' });
  });

  it('on an earlier agent stops what it handed over, and on a receiver stops the handoff to it', async () => {
    const chain = [
      { agent: 'triage', digest: 'a' },
      { agent: 'orders', digest: 'b', mode: 'attenuate' },
    ] as const;
    expect(await stopped({ scope: 'agent', target: 'triage' }, { chain })).toMatchObject({ reason: 'stopped' });
    const handoff = {
      action: 'handoff',
      object: { type: 'agent', id: 'billing' },
      handoff: { to: 'billing', purpose: 'x', depth: 1 },
    } as const;
    expect(await stopped({ scope: 'agent', target: 'billing' }, handoff)).toMatchObject({ reason: 'stopped' });
  });

  it('never stands in the way of whoever looks, cancels or releases it', async () => {
    const authority = await authorityOf(`rules: ['p, role:customer, {tenant}, *, *, , allow']`, [
      stopOf({ scope: 'all', tenant: '*' }),
    ]);
    for (const action of ['run.read', 'run.cancel', 'stop.release', 'policy.change', 'audit.read'] as const) {
      const request = toolCall({ chain: [], action, object: { type: 'stop', id: 'x' } });
      expect(decide(authority, request)).toMatchObject({ verdict: 'allow' });
    }
    const start = toolCall({ chain: [], action: 'run.start', object: { type: 'workflow', id: 'x' } });
    expect(decide(authority, start)).toMatchObject({ reason: 'stopped' });
  });
});

describe('a mandate', () => {
  const under = async (
    mandate: DecisionRequest['mandate'],
    args: DecisionRequest['args'] = { order_id: '#W1', n: 5 },
  ) => decide(await authorityOf(SHOP), toolCall({ attributes: own, mandate: mandate ?? null, args: args ?? {} }));

  it('that was not given restricts nothing, and an empty one grants nothing', async () => {
    expect(await under(null)).toMatchObject({ verdict: 'allow', stage: 'initiator' });
    expect(await under({ tools: [] })).toMatchObject({ verdict: 'deny', reason: 'mandate_exceeded', stage: 'mandate' });
    expect(await under({ tools: [{ tool: 'get_order' }] })).toMatchObject({ verdict: 'allow', stage: 'mandate' });
  });

  it.each<[boolean, NonNullable<DecisionRequest['mandate']>['tools'][number]]>([
    [true, { tool: 'get_order', only: { '/order_id': ['#W1', '#W2'] } }],
    [false, { tool: 'get_order', only: { '/order_id': ['#W2'] } }],
    [false, { tool: 'get_order', only: { '/missing': [null] } }],
    [true, { tool: 'get_order', atMost: { '/n': 5 } }],
    [false, { tool: 'get_order', atMost: { '/n': 4.99 } }],
    [false, { tool: 'get_order', atMost: { '/order_id': 5 } }],
    [false, { tool: 'get_order', atMost: { '/missing': 5 } }],
    [false, { tool: 'get_order', atMost: { 'no pointer': 5 } }],
    [false, { tool: 'refund' }],
  ])('allows (%s) what it names, within its limits: %j', async (allowed, grant) => {
    expect((await under({ tools: [grant] })).verdict).toBe(allowed ? 'allow' : 'deny');
  });

  it('grants by any of its entries for a tool, each with all its limits', async () => {
    const grants = [
      { tool: 'get_order', only: { '/order_id': ['#W9'] } },
      { tool: 'get_order', only: { '/order_id': ['#W1'] }, atMost: { '/n': 5 } },
    ];
    expect(await under({ tools: grants })).toMatchObject({ verdict: 'allow' });
    expect(await under({ tools: grants }, { order_id: '#W1', n: 6 })).toMatchObject({ reason: 'mandate_exceeded' });
  });

  it('never gives a right the rules do not', async () => {
    const mandate = { tools: [{ tool: 'get_order' }] };
    expect(decide(await authorityOf(SHOP), toolCall({ attributes: foreign, mandate }))).toMatchObject({
      reason: 'initiator_not_granted',
    });
  });
});
