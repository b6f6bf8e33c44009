import { highestRisk, RISK_TIERS, type RiskTier } from '@writ/words';
import fc from 'fast-check';
import { authorityOf, NOW, tenant, toolCall } from '../../../../test/policy/parts';
import { mergeBundles, parseBundle } from '../bundle';
import { decide } from '../decide';
import { explain } from '../explain/explain';
import { whoCan } from '../explain/who-can';
import { sentence } from '../sentence';
import { buildSnapshot } from '../snapshot';
import type { DecisionRequest } from '../types';
import type { ActRisk, Answerable } from './facts';
import { lapsed } from './tier-stage';

const DAY_MS = 86_400_000;

const RULES = [
  'p, *, {tenant}, *, tool.invoke, , allow, , calls',
  'p, *, {tenant}, *, model.invoke, , allow, , speaks',
  'p, user:*, {tenant}, *, agent.change, , allow, , publishes',
  'g, user:ann, role:risk_owner, {tenant}',
  'g2, tool:pay, class:money, {tenant}',
];
const OBLIGATIONS = {
  two: { type: 'require_approval', values: { count: 2 } },
  one: { type: 'require_approval' },
  slow: { type: 'rate_limit', values: { most: 10, per_ms: 60_000 } },
  hide: { type: 'redact', values: { fields: ['/card'] } },
};

const bundle = (tiers: object, more: object = {}): string =>
  JSON.stringify({ rules: RULES, obligations: OBLIGATIONS, tiers, ...more });

const part = (tier: RiskTier, more: Partial<Answerable> = {}): Answerable => ({
  type: 'tool',
  id: 'pay',
  tier,
  reviewBy: NOW + DAY_MS,
  owned: true,
  ...more,
});
const call = (risk: ActRisk, more: Partial<DecisionRequest> = {}): DecisionRequest =>
  toolCall({ object: { type: 'tool', id: 'pay' }, risk, ...more });

const decided = async (tiers: object, request: DecisionRequest) => decide(await authorityOf(bundle(tiers)), request);

async function refusalOf(tiers: object): Promise<string | null> {
  const parsed = parseBundle(bundle(tiers));
  const built = parsed.ok ? await buildSnapshot(parsed.value) : parsed;
  return built.ok ? null : built.failure.code;
}

describe('the tier of an act', () => {
  it('counts for who may do it: people who are asked first are, and nobody may what it forbids', async () => {
    const tiers = { high: { controls: { two: { actions: ['tool.invoke'], oblige: ['two'] } }, overdue: 'block' } };
    const authority = await authorityOf(bundle(tiers));
    const act = { action: 'tool.invoke', object: { type: 'tool', id: 'pay' }, now: NOW } as const;
    const known = [
      { id: 'user:ann', kind: 'user' as const, roles: [] },
      { id: 'agent:risky', kind: 'agent' as const, roles: [] },
    ];
    const may = (...parts: Answerable[]) =>
      whoCan(authority, act, {
        known,
        riskOf: (agents) => ({ parts: [...parts, ...agents.map((id) => part('high', { type: 'agent', id }))] }),
      }).flatMap(({ subject, verdict }) => (known.some(({ id }) => id === subject) ? [`${subject} ${verdict}`] : []));
    expect(may(part('low'))).toEqual(['agent:risky ask', 'user:ann allow']);
    expect(may(part('high'))).toEqual(['agent:risky ask', 'user:ann ask']);
    expect(may(part('high', { reviewBy: NOW }))).toEqual([]);
  });

  const tier = fc.constantFrom(...RISK_TIERS);

  it('[I6] is the highest of all that has a part in it: it never sinks by another agent, a child run or a harmless tool', async () => {
    const authority = await authorityOf(bundle({ low: {}, medium: {}, high: {} }));
    fc.assert(
      fc.property(fc.array(tier, { minLength: 1, maxLength: 8 }), fc.option(tier, { nil: undefined }), (all, least) => {
        const parts = all.map((one, i) => part(one, { type: 'agent', id: `a${i}` }));
        const risk = { parts, ...(least !== undefined && { atLeast: least }) };
        const { stages } = decide(authority, call(risk));
        expect(stages.at(-1)).toMatchObject({ stage: 'tier', subject: highestRisk([...all, least ?? 'low']) });
        const longer = decide(authority, call({ ...risk, parts: [...parts, part('low', { id: 'z' })] }));
        expect(longer.stages.at(-1)?.subject).toBe(stages.at(-1)?.subject);
      }),
    );
  });

  it('[I7] unknown in a run, under a policy with controls of tiers, denies', async () => {
    const { risk: _none, ...request } = call({ parts: [] }, { run: 'run_x' as never });
    const { verdict, reason } = await decided({ high: {} }, request);
    expect([verdict, reason]).toEqual(['deny', 'evaluation_error']);
  });

  it('is no stage where the policy has no tiers, and the bundle is the text it was before there were any', async () => {
    const parsed = parseBundle(JSON.stringify({ rules: RULES }));
    const built = parsed.ok ? await buildSnapshot(parsed.value) : null;
    expect(built?.ok && built.value.body.includes('tiers')).toBe(false);
    const authority = await authorityOf(JSON.stringify({ rules: RULES }));
    const { stages, verdict } = decide(authority, call({ parts: [part('high')] }));
    expect([verdict, stages.map(({ stage }) => stage)]).toEqual(['allow', ['guardrail', 'agent', 'initiator']]);
  });
});

describe('controls of a tier', () => {
  const controls = { pays: { actions: ['tool.invoke'], objects: ['class:money'], oblige: ['two', 'slow'] } };

  it('oblige acts of their tier on their objects, beside the rules that allow them', async () => {
    const decision = await decided({ high: { controls } }, call({ parts: [part('high')] }));
    expect(decision).toMatchObject({ verdict: 'ask', reason: 'approval_required', stage: 'tier' });
    expect(decision.obligations.map(({ id }) => id)).toEqual(['two', 'slow']);
    expect(sentence(decision)).toBe('Approval required: by control pays of tier high.');
  });

  it.each([
    ['another tier', { parts: [part('medium')] }, {}],
    ['another object', { parts: [part('high')] }, { object: { type: 'tool', id: 'look' } }],
    ['another act', { parts: [part('high')] }, { action: 'model.invoke', object: { type: 'model', id: 'm' } }],
  ] as const)('do not speak of %s', async (_what, risk, more) => {
    const decision = await decided({ high: { controls } }, call(risk, more as never));
    expect([decision.verdict, decision.obligations]).toEqual(['allow', []]);
  });

  it('never allow what no rule allows', async () => {
    const rules = RULES.filter((line) => !line.includes('tool.invoke'));
    const authority = await authorityOf(bundle({ high: { controls } }, { rules }));
    expect(decide(authority, call({ parts: [part('high')] })).verdict).toBe('deny');
  });
});

describe('what nobody answers for any more', () => {
  const overdue = part('high', { type: 'agent', id: 'refunds', reviewBy: NOW });

  it('lapses when the day is over on which it had to be reviewed, and not before', () => {
    expect(lapsed(part('low', { reviewBy: NOW + 1 }), NOW)).toEqual([]);
    expect(lapsed(part('low', { reviewBy: NOW }), NOW).map(({ kind }) => kind)).toEqual(['overdue']);
    expect(lapsed(part('low', { reviewBy: null, owned: false }), NOW).map(({ kind }) => kind)).toEqual([
      'undated',
      'unowned',
    ]);
  });

  it('block: it may not act, and nobody through it', async () => {
    const decision = await decided({ high: { overdue: 'block' } }, call({ parts: [part('low'), overdue] }));
    expect(decision).toMatchObject({ verdict: 'deny', reason: 'accountability_lapsed', stage: 'tier', explicit: true });
    expect(sentence(decision)).toBe(
      `Denied: by control overdue of tier high: agent refunds was to be reviewed by ${new Date(NOW - DAY_MS).toISOString().slice(0, 10)}.`,
    );
  });

  it('ask: people are asked; warn: it goes on record with the decision and nothing else changes', async () => {
    const asked = await decided({ high: { overdue: { ask: 'one' } } }, call({ parts: [overdue] }));
    expect([asked.verdict, asked.obligations.map(({ id }) => id)]).toEqual(['ask', ['one']]);
    const warned = await decided({ high: { overdue: 'warn' } }, call({ parts: [overdue] }));
    expect([warned.verdict, warned.stages.at(-1)?.matches.map(({ rid }) => rid)]).toEqual([
      'allow',
      ['tier:high:overdue'],
    ]);
    expect(sentence(warned)).toContain(', though agent refunds was to be reviewed by');
  });

  it('goes by the word of its own tier, not of the act’s', async () => {
    const tiers = { low: { overdue: 'warn' }, high: { overdue: 'block' } };
    const late = part('low', { id: 'clock', reviewBy: NOW });
    expect((await decided(tiers, call({ parts: [part('high'), late] }))).verdict).toBe('allow');
  });

  it('is published anew all the same: that is how somebody answers for it again', async () => {
    const request = toolCall({
      chain: [],
      action: 'agent.change',
      object: { type: 'agent', id: 'refunds' },
      risk: { parts: [overdue] },
    });
    expect((await decided({ high: { overdue: 'block', undated: 'block' } }, request)).verdict).toBe('allow');
  });
});

describe('who may publish in a tier', () => {
  const publishing = (id: string, roles: readonly string[] = []): DecisionRequest =>
    toolCall({
      initiator: { tenant, kind: 'user', id, roles },
      chain: [],
      action: 'agent.change',
      object: { type: 'agent', id: 'refunds' },
      risk: { parts: [part('high', { type: 'agent', id: 'refunds' })] },
    });
  const tiers = { high: { publish: { roles: ['risk_owner'] } } };

  it('is whoever holds one of its roles, by policy or with their credential, and nobody else', async () => {
    expect((await decided(tiers, publishing('user:ann'))).verdict).toBe('allow');
    expect((await decided(tiers, publishing('user:ben', ['risk_owner']))).verdict).toBe('allow');
    const refused = await decided(tiers, publishing('user:ben'));
    expect(refused).toMatchObject({ verdict: 'deny', reason: 'tier_not_granted' });
    expect(refused.nearMisses).toEqual([expect.objectContaining({ missing: 'needs role risk_owner' })]);
  });
});

describe('what a tier refuses', () => {
  const remedies = async (tiers: object, request: DecisionRequest): Promise<readonly string[]> =>
    (await explain(await authorityOf(bundle(tiers)), request)).remedies.map((one) => one.sentence);

  it('says what would allow it, which was tried', async () => {
    const late = part('high', { type: 'agent', id: 'refunds', reviewBy: null });
    expect(await remedies({ high: { undated: 'block' } }, call({ parts: [late] }))).toEqual([
      'To allow it: publish it anew with an owner and a later review date (agent refunds has no date by which it is reviewed).',
    ]);
    const publishing = toolCall({
      initiator: { tenant, kind: 'user', id: 'user:ben', roles: [] },
      chain: [],
      action: 'agent.change',
      object: { type: 'agent', id: 'refunds' },
      risk: { parts: [late] },
    });
    expect(await remedies({ high: { publish: { roles: ['risk_owner'] } } }, publishing)).toEqual([
      'To allow it: give user:ben the role risk_owner (rule tier:high:publish).',
    ]);
  });
});

describe('a policy with tiers', () => {
  it.each([
    ['unknown_obligation', { high: { controls: { c: { actions: ['tool.invoke'], oblige: ['none'] } } } }],
    ['bad_obligation', { high: { controls: { c: { actions: ['model.invoke'], oblige: ['hide'] } } } }],
    ['bad_obligation', { high: { overdue: { ask: 'slow' } } }],
    ['unknown_obligation', { high: { unowned: { ask: 'none' } } }],
    ['bad_tiers', { high: { controls: { overdue: { actions: ['tool.invoke'], oblige: ['one'] } } } }],
    ['unknown_guardrail', { high: { guardrails: ['no_cards'] } }],
    ['bundle_shape', { severe: {} }],
    ['bundle_shape', { high: { controls: { c: { actions: ['tool.call'], oblige: ['one'] } } } }],
    ['bundle_shape', { high: { controls: { c: { actions: [], oblige: ['one'] } } } }],
    ['bundle_shape', { high: { controls: { c: { actions: ['tool.invoke'], objects: ['pay'], oblige: ['one'] } } } }],
    ['bundle_shape', { high: { review: { share: 1.5 } } }],
    ['bundle_shape', { high: { review: { share: 0.5, always: ['lost'] } } }],
    ['bundle_shape', { high: { overdue: 'shout' } }],
    ['bundle_shape', { high: { budget: { tokens: -1 } } }],
  ])('is refused as %s for %j, and what is in force stays in force', async (code, tiers) => {
    expect(await refusalOf(tiers)).toBe(code);
  });

  it('is one bundle’s to bring', () => {
    const read = (text: string) => {
      const parsed = parseBundle(text);
      if (!parsed.ok) throw new Error(parsed.failure.message);
      return parsed.value;
    };
    const one = read(JSON.stringify({ tiers: { high: {} } }));
    const merged = mergeBundles(read('{}'), one);
    expect(merged.ok && merged.value.tiers).toEqual(one.tiers);
    const twice = mergeBundles(one, one);
    expect(twice.ok ? null : twice.failure.code).toBe('bundle_conflict');
  });
});
