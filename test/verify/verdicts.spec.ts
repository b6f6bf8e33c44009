import fc from 'fast-check';
import { canonicalJson, type DelegationId, digestOf, type Hop, type HopBounds, newId } from '@writ/kernel';
import { decide, type Decision, type DecisionRequest, type Snapshot } from '@writ/policy';
import { Content } from '../../libs/verify/src/content';
import { Problems } from '../../libs/verify/src/report';
import { attributes, NOW, SHOP, snapshotOf, stopOf, tenant } from '../policy/parts';

/** A decision as evidence, as the engine writes it: the rules of each stage by id, `?` before one whose condition erred. */
const evidence = (decision: Decision) => ({
  id: decision.id,
  verdict: decision.verdict,
  reason: decision.reason,
  stages: decision.stages.map(({ stage, verdict, matches }) => [
    stage,
    verdict,
    ...matches.map(({ rid, error }) => (error === undefined ? rid : `?${rid}`)),
  ]),
  ...(decision.obligations.length > 0 && { obligations: decision.obligations.map(({ id }) => id) }),
  mode: 'enforce',
});
type Evidence = Omit<ReturnType<typeof evidence>, 'obligations'> & { obligations?: string[] };

const TYPES = { allow: 'action.authorized', deny: 'action.denied', ask: 'action.asked' } as const;

interface Case {
  readonly snapshot: Snapshot;
  readonly request: DecisionRequest;
}

let serial = 0;
const event = (members: object): Uint8Array =>
  new TextEncoder().encode(
    canonicalJson({
      schema: 1,
      id: `evt_01k8x0q3wsf5z8k2m4n6${String(serial++).padStart(6, '0')}`,
      tenant,
      origin: `writ/${tenant}`,
      run: 'tenant',
      time: new Date(NOW).toISOString(),
      run_seq: 0,
      prev: '0'.repeat(64),
      ...members,
    }),
  );

/** What the verifier says of a decision recorded in a run: its faults, and how many decisions it took from their rules. */
function said(
  { snapshot, request }: Case,
  recorded: Evidence,
  more: { readonly approval?: string } = {},
): { readonly faults: string[]; readonly byRules: number } {
  const problems = new Problems();
  const content = new Content({ tenant }, problems);
  content.policy(snapshot.digest, snapshot.body, 0);
  const { initiator, chain, mandate } = request;
  const context = canonicalJson({
    initiator: initiator.id,
    roles: initiator.roles,
    chain: chain.map((hop) => ({ ...hop })),
    workflow: { name: 'w', digest: 'd' },
    snapshot: snapshot.digest,
    build: 'b',
    mandate: mandate ? digestOf(canonicalJson(mandate)) : null,
    keys: [],
  });
  const at = { index: 0, byte: null };
  content.event(event({ type: 'context', detail: { context } }), at, false);
  const { type, id } = request.object;
  const actor = chain.at(-1) ? `agent:${chain.at(-1)!.agent}` : initiator.id;
  const told = { ...more, type: TYPES[recorded.verdict], actor, action: request.action, object: { type, id } };
  content.event(event({ ...told, context: digestOf(context), decision: recorded }), at, false);
  return { faults: problems.first().map(({ message }) => message), byRules: content.decisions.by_rules };
}

const decided = ({ snapshot, request }: Case, stopped = false, revoked: readonly DelegationId[] = []): Decision => {
  const stops = stopped ? [stopOf({ scope: 'tenant' })] : [];
  return decide({ tenant, snapshot, stops, revoked: new Set(revoked), epochs: { tenant: 1, platform: 1 } }, request);
};

const users = ['user:a', 'user:ab', 'user:b'];
const agents = ['a', 'b', 'c'];
const roles = ['role:r', 'role:s', 'role:t'];
const objects = ['tool:x', 'tool:xy', 'tool:z', 'model:m', 'agent:a', 'agent:b'];
const subjects = [...users, ...agents.map((name) => `agent:${name}`), ...roles, 'user:*', 'agent:*', '*'];
// `lost` reads what no request has, so it errs: an allow of it does not count, a denial does.
const conditions = { yes: { eq: ['args./n', 1] }, no: { eq: ['args./n', 2] }, lost: { eq: ['args./missing', 1] } };
const rule = fc.record({
  sub: fc.constantFrom(...subjects),
  obj: fc.constantFrom(...objects, 'class:c', 'tool:x*', 'agent:*', '*', '*'),
  act: fc.constantFrom('tool.invoke', 'model.invoke', 'handoff', 'tool.*', '*', '*'),
  cond: fc.constantFrom('', '', '', 'yes', 'no', 'lost'),
  eft: fc.constantFrom('allow', 'allow', 'allow', 'allow', 'deny'),
  obl: fc.constantFrom('', '', '', 'ask'),
});
const handoffRule = fc.record({
  src: fc.constantFrom('agent:a', 'agent:b', 'role:r', '*'),
  dst: fc.constantFrom('agent:a', 'agent:b', 'agent:c', '*'),
  purpose: fc.constantFrom('*', '*', 'billing'),
  mode: fc.constantFrom('attenuate', 'service'),
  cond: fc.constantFrom('', '', 'no', 'lost'),
  eft: fc.constantFrom('allow', 'allow', 'deny'),
});
const hop = fc.record({
  agent: fc.constantFrom(...agents),
  mode: fc.constantFrom('attenuate', 'attenuate', 'service'),
});
const requests = fc.record({
  user: fc.constantFrom(...users),
  asserted: fc.subarray(['r', 's']),
  chain: fc.array(hop, { maxLength: 3 }),
  object: fc.constantFrom(...objects),
  handoff: fc.boolean(),
  mandate: fc.option(fc.constantFrom('x', 'z'), { freq: 6 }),
});
const policies = fc.record({
  rules: fc.array(rule, { minLength: 6, maxLength: 25 }),
  handoffs: fc.array(handoffRule, { maxLength: 8 }),
  links: fc.subarray(['g, user:a, role:r', 'g, agent:a, role:s', 'g, role:r, role:t', 'g2, tool:z, class:c']),
  requests: fc.array(requests, { minLength: 20, maxLength: 20 }),
});
type Policy = typeof policies extends fc.Arbitrary<infer P> ? P : never;

function snapshotOfPolicy({ rules, handoffs, links }: Policy): Promise<Snapshot> {
  const t = '{tenant}';
  const lines = [
    ...rules.map((r) => ['p', r.sub, t, r.obj, r.act, r.cond, r.eft, r.eft === 'deny' ? '' : r.obl].join(',')),
    ...handoffs.map((r) => ['p2', r.src, r.dst, t, r.purpose, r.mode, r.cond, r.eft].join(',')),
    ...links.map((link) => `${link}, ${t}`),
  ];
  const obligations = { ask: { type: 'require_approval', values: { count: 1, roles: ['x'] } } };
  return snapshotOf(JSON.stringify({ rules: lines, conditions, obligations }));
}

function requestOf(asked: Policy['requests'][number]): DecisionRequest {
  const [type, id] = asked.object.split(':') as ['tool' | 'model' | 'agent', string];
  const chain = asked.chain.map(({ agent, mode }, i): Hop => ({
    agent,
    digest: `d${i}`,
    ...(i > 0 && { mode: mode as 'service' }),
  }));
  const base = {
    tenant,
    initiator: { tenant, kind: 'user', id: asked.user, roles: asked.asserted },
    chain,
    args: { n: 1 },
    mandate: asked.mandate === null ? null : { tools: [{ tool: asked.mandate }] },
    now: NOW,
  } as const;
  if (asked.handoff && chain.length > 0) {
    const to = agents[asked.object.length % 3]!;
    const handoff = { to, purpose: 'billing', depth: chain.length };
    return { ...base, action: 'handoff', object: { type: 'agent', id: to }, handoff };
  }
  return { ...base, action: type === 'model' ? 'model.invoke' : 'tool.invoke', object: { type, id } };
}

const bounds: fc.Arbitrary<HopBounds | undefined> = fc.option(
  fc.record(
    {
      tools: fc.subarray(['x', 'xy', 'z']).map((tools) => tools.map((tool) => ({ tool }))),
      depth: fc.nat(2),
      expires_at: fc.constantFrom(NOW - 1, NOW, NOW + 1),
    },
    { requiredKeys: [] },
  ),
  { nil: undefined },
);

/** The same request, by delegations that carry so much. */
function bounded(request: DecisionRequest, carried: readonly (HopBounds | undefined)[]): DecisionRequest {
  const chain = request.chain.map((hop, i): Hop => {
    const along = carried[i];
    return i === 0 ? hop : { ...hop, delegation: newId('delegation'), ...(along && { bounds: along }) };
  });
  return { ...request, chain };
}

const numRuns = process.env['WRIT_SOAK'] === '1' ? 5_000 : 60;

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

  it('[I6] takes what was given along with a delegation into account, and what was taken back', async () => {
    const seen = new Map<string, number>();
    const carried = fc.array(bounds, { minLength: 3, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(policies, fc.array(carried, { minLength: 20, maxLength: 20 }), async (policy, along) => {
        const snapshot = await snapshotOfPolicy(policy);
        for (const [i, asked] of policy.requests.entries()) {
          const request = bounded(requestOf(asked), along[i]!);
          const last = request.chain.at(-1)?.delegation;
          const revoked = i % 7 === 6 && last !== undefined ? [last] : [];
          const decision = decided({ snapshot, request }, false, revoked);
          seen.set(decision.reason, (seen.get(decision.reason) ?? 0) + 1);
          expect(said({ snapshot, request }, evidence(decision)).faults).toEqual([]);
        }
      }),
      { numRuns },
    );
    for (const reason of ['delegation_revoked', 'delegation_expired', 'delegation_exceeded', 'allowed']) {
      expect([reason, (seen.get(reason) ?? 0) > 0]).toEqual([reason, true]);
    }
  });

  it('[I6] an act beyond the tools or the end of a delegation cannot be passed off as allowed', async () => {
    const everything = ['p,*,{tenant},*,*,,allow', 'p2,*,*,{tenant},*,attenuate,,allow'];
    const snapshot = await snapshotOf(JSON.stringify({ rules: everything }));
    const asked = {
      user: 'user:a',
      asserted: [],
      chain: [
        { agent: 'a', mode: 'attenuate' },
        { agent: 'b', mode: 'attenuate' },
      ],
      object: 'tool:x',
      handoff: false,
      mandate: null,
    } as const;
    const free = bounded(requestOf({ ...asked, asserted: [], chain: [...asked.chain] }), []);
    const allowed = evidence(decided({ snapshot, request: free }));
    const over = (along: HopBounds) => {
      const request = bounded(free, [undefined, along]);
      expect(decided({ snapshot, request }).verdict).toBe('deny');
      return said({ snapshot, request }, allowed).faults;
    };
    expect([allowed.verdict, said({ snapshot, request: free }, allowed).faults]).toEqual(['allow', []]);
    expect(over({ tools: [{ tool: 'z' }] })).toEqual([expect.stringMatching(/does not name tool "x"/)]);
    expect(over({ expires_at: NOW })).toEqual([expect.stringMatching(/had ended/)]);
    // A reason that speaks of a delegation where there is none is no reason.
    const alone = { ...free, chain: free.chain.map(({ agent, digest }) => ({ agent, digest })) };
    const lapsed = { ...allowed, verdict: 'deny', reason: 'delegation_revoked' } as const;
    const stages = [...allowed.stages.slice(0, 3), ['delegation', 'deny']] as Evidence['stages'];
    expect(said({ snapshot, request: alone }, { ...lapsed, stages }).faults).toEqual([
      expect.stringMatching(/there is no such delegation/),
    ]);
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
          // What a mandate allows is not in the evidence, only its digest: that stage is taken at its word.
          if (last[0] === 'mandate') continue;
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
