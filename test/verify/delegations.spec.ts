import fc from 'fast-check';
import { type Hop, type HopBounds, newId } from '@writ/kernel';
import type { DecisionRequest } from '@writ/policy';
import { NOW, snapshotOf, tenant } from '../policy/parts';
import { decided, type Evidence, evidence, numRuns, policies, requestOf, said, snapshotOfPolicy } from './recorded';

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

describe('delegations, recombined', () => {
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

  it('[I6] what is handed on, by its labels, its shape and the bounds that rules impose', async () => {
    const seen = new Map<string, number>();
    const forged = { ask: 0, deny: 0 };
    const policy = fc.record({
      mode: fc.constantFrom('attenuate', 'service'),
      bound: fc.constantFrom('', 'kept', 'brief', 'kept|ask'),
      service: fc.constantFrom(undefined, {}, { ask: 'ask' }, { payload: 'any' }, { payload: 'any', ask: 'ask' }),
      act: fc.constantFrom('handoff', 'delegate', 'tool.invoke', 'board.read'),
      ceiling: fc.option(fc.subarray(['untrusted', 'secret']), { nil: undefined }),
      entered: fc.subarray([
        { from: 'tool', name: 'web', step: 1, labels: ['untrusted'], value: 'W2' },
        { from: 'tool', name: 'vault', step: 2, labels: ['secret'], value: 'hunter2' },
      ] as const),
      brief: fc.constantFrom('W1', 'W2', 'hunter2', 'made up'),
      shaped: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(policy, async ({ mode, bound, service, act, ceiling, entered, brief, shaped }) => {
        const tools = { vault: { labels: ['secret'], sink: 'read' } };
        const snapshot = await snapshotOf(
          JSON.stringify({
            rules: ['p,*,{tenant},*,*,,allow', `p2,agent:a,*,{tenant},*,${mode},,allow,${bound}`],
            obligations: {
              ask: { type: 'require_approval' },
              kept: { type: 'bound_delegation', values: { labels: ['secret'] } },
              brief: { type: 'bound_delegation', values: { depth: 0, uses: 1 } },
            },
            flow: { tools, ...(service && { service }) },
          }),
        );
        const passes = act === 'handoff' || act === 'delegate';
        const lent: Hop = {
          agent: 'a',
          digest: 'd',
          delegation: newId('delegation'),
          ...(ceiling && { bounds: { labels: ceiling } }),
        };
        const request: DecisionRequest = {
          tenant,
          initiator: { tenant, kind: 'user', id: 'user:a', roles: [] },
          chain: [lent],
          action: act as 'handoff',
          object: { type: passes ? 'agent' : act === 'board.read' ? 'board' : 'tool', id: passes ? 'b' : 'vault' },
          heard: { parts: { brief }, ...(shaped && { shaped }), ...(act === 'handoff' && { all: true }) },
          flow: {
            sources: [{ from: 'input', name: '', step: null, labels: [], value: 'W1' }, ...entered],
            unlabelled: false,
            left: false,
            tool: () => null,
          },
          now: NOW,
          ...(passes && { handoff: { to: 'b', purpose: 'any', depth: 1 } }),
        };
        const decision = decided({ snapshot, request });
        const honest = evidence(decision);
        const what = `${act} ${decision.verdict} ${honest.stages.at(-1)!.slice(2).join(' ')}`.trim();
        seen.set(what, (seen.get(what) ?? 0) + 1);
        expect(said({ snapshot, request }, honest).faults).toEqual([]);
        if (decision.verdict === 'allow') return;
        forged[decision.verdict] += 1;
        const stages = honest.stages.map(([stage, , ...rids]) => [stage!, 'allow', ...rids]);
        const { obligations: _, ...plain } = honest;
        const allowed = { ...plain, stages, verdict: 'allow', reason: 'allowed' } as Evidence;
        expect(said({ snapshot, request }, allowed).faults).toHaveLength(1);
      }),
      { numRuns: numRuns * 5 },
    );
    expect(Math.min(forged.ask, forged.deny)).toBeGreaterThan(10);
    for (const rid of ['labels', 'payload', 'service']) {
      expect([rid, [...seen.keys()].some((what) => what.includes(`delegation:${rid}`))]).toEqual([rid, true]);
    }
  });
});
