import type { Json } from '@writ/kernel';
import fc from 'fast-check';
import { authorityOf, snapshotOf, tenant, toolCall } from '../../../../test/policy/parts';
import { parseBundle } from '../bundle';
import { decide } from '../decide';
import { Decided } from '../decided';
import { KNOWN_OBLIGATIONS } from '../obligations';
import { buildSnapshot } from '../snapshot';
import { ACTIONS, type DecisionRequest, type Obligation } from '../types';
import { honouring } from './index';
import { withheld as given } from './withhold';

const redact = (...fields: string[]): Obligation => ({ id: 'r', type: 'redact', values: { fields } });
const mask = (values: Obligation['values']): Obligation => ({ id: 'm', type: 'mask_output', values });
const watermark = (values: Obligation['values'] = {}): Obligation => ({ id: 'w', type: 'watermark', values });
const TO = { for: 'user:ann', agent: 'orders', run: 'run_1', time: '2026-11-23T10:00:00.000Z' };
const withheld = (answer: Json, obligations: readonly Obligation[]): Json => given(answer, obligations, TO);

/** Good values of every type there is. */
const GOOD: { readonly [type: string]: Obligation['values'] } = {
  require_approval: { count: 2, roles: ['payments'] },
  redact: { fields: ['/card/number'] },
  mask_output: { keep_last: 4 },
  watermark: { text: '{for} in {run} at {time} by {agent}', fields: ['/body'] },
  rate_limit: { most: 10, per_ms: 60_000 },
  notify: {},
  record_full: {},
  budget: { tokens: 1_000, cost_micros: 50_000 },
  sandbox: { network: 'none', files: 'read', memory_mb: 64, time_ms: 2_000 },
  step_up: { who: 'initiator', within_ms: 60_000 },
  bound_delegation: { tools: ['x', { tool: 'y', at_most: { '/amount': 5 } }], uses: 2, depth: 1, lasts_ms: 1_000 },
};
const ASKING = ['require_approval', 'step_up'];

const policyWith = (type: string, values: Obligation['values'], action = '*'): string =>
  JSON.stringify({
    rules: [`p, user:*, {tenant}, *, ${action}, , allow, duty, granted`],
    obligations: { duty: { type, values } },
  });

describe('what is withheld of an answer', () => {
  it('is gone wherever the pointer leads, and nothing else is touched', () => {
    const answer = { card: { number: '4111', name: 'Ann' }, items: [{ id: 1, secret: 'x' }, { id: 2 }] };
    expect(withheld(answer, [redact('/card/number', '/items/*/secret', '/none/at/all')])).toEqual({
      card: { number: '[redacted]', name: 'Ann' },
      items: [{ id: 1, secret: '[redacted]' }, { id: 2 }],
    });
    expect(answer.card.number).toBe('4111');
  });

  it('is found in a text that is JSON, which stays a text; another text has no fields', () => {
    expect(withheld('{"pin": 1234}', [redact('/pin')])).toBe('{"pin":"[redacted]"}');
    expect(withheld('{"pin": 12', [redact('/pin')])).toBe('{"pin": 12');
  });

  it('shows of masked texts their last characters, and none of a short one', () => {
    const masked = withheld({ iban: 'DE89370400440532013000', pin: '1234', on: true }, [mask({ keep_last: 4 })]);
    expect(masked).toEqual({ iban: '•••3000', pin: '•••', on: true });
    expect(withheld({ a: 'secret', b: 'plain' }, [mask({ fields: ['/a'] })])).toEqual({ a: '•••', b: 'plain' });
  });

  it('ends with a mark of whom it was given to, where that is owed, and only there', () => {
    expect(withheld('a report', [watermark()])).toBe('a report\n[given to user:ann in run_1]');
    const answer = { id: 'r1', pages: [{ text: 'one' }, { text: 'two' }], size: 2 };
    const marks = watermark({ text: '{agent}, {time}', fields: ['/pages/*/text', '/size'] });
    const mark = '[orders, 2026-11-23T10:00:00.000Z]';
    expect(withheld(answer, [marks])).toEqual({
      ...answer,
      pages: [{ text: `one\n${mark}` }, { text: `two\n${mark}` }],
    });
    expect(withheld('{"text":"one"}', [watermark({ fields: ['/text'] })])).toBe(
      JSON.stringify({ text: 'one\n[given to user:ann in run_1]' }),
    );
    // The mark stands as it is, whatever else is taken away.
    expect(withheld('secret', [watermark(), mask({})])).toBe('•••\n[given to user:ann in run_1]');
  });

  it('[I7] holds for any value: no character of what is redacted is left, whatever else is asked', () => {
    const secret = 'S3CR3T';
    const nested = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constant(secret),
        fc.integer(),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'length', '__proto__'), tie('tree'), { maxKeys: 3 }),
      ),
    })).tree;
    fc.assert(
      fc.property(nested, fc.boolean(), (value, asText) => {
        const answer = { kept: 'kept', hidden: value } as never;
        const shown = withheld(asText ? JSON.stringify(answer) : answer, [
          redact('/hidden'),
          mask({ fields: ['/hidden'] }),
        ]);
        expect(JSON.stringify(shown)).not.toContain(secret);
        expect(JSON.stringify(shown)).toContain('kept');
      }),
    );
  });
});

describe('an obligation', () => {
  it('of every type there is can be written, and its values are held to their form', async () => {
    expect(Object.keys(GOOD).sort()).toEqual([...KNOWN_OBLIGATIONS].sort());
    for (const [type, values] of Object.entries(GOOD)) {
      await snapshotOf(policyWith(type, values));
      const bundle = parseBundle(policyWith(type, { ...values, colour: 'red' }));
      const built = bundle.ok ? await buildSnapshot(bundle.value) : bundle;
      expect([type, built.ok ? null : built.failure.code]).toEqual([type, 'bad_obligation']);
    }
  });

  it.each([
    ['redact', { fields: [] }],
    ['redact', { fields: ['card'] }],
    ['redact', {}],
    ['mask_output', { keep_last: 99 }],
    ['watermark', { text: 'for {whom}' }],
    ['watermark', { text: '' }],
    ['rate_limit', { most: 0, per_ms: 1_000 }],
    ['rate_limit', { most: 10 }],
    ['budget', {}],
    ['budget', { tokens: -1 }],
    ['budget', { cost_micros: 0 }],
    ['sandbox', { network: 'local' }],
    ['sandbox', { memory_mb: 1 }],
    ['sandbox', { time_ms: 5 }],
    ['step_up', { who: 'somebody' }],
    ['step_up', { within_ms: 1 }],
    ['require_approval', { valid_ms: 0 }],
    ['bound_delegation', {}],
    ['bound_delegation', { depth: 65 }],
    ['bound_delegation', { labels: ['untrusted'] }],
  ])('%s with %j is refused when the policy is read', async (type, values) => {
    const bundle = parseBundle(policyWith(type, values as never));
    const built = bundle.ok ? await buildSnapshot(bundle.value) : bundle;
    expect(built.ok ? null : built.failure.code).toBe('bad_obligation');
  });

  it.each(['seal', 'two_step'])('%s, which nobody here honours, is refused when the policy is read', async (type) => {
    const bundle = parseBundle(policyWith(type, {}));
    const built = bundle.ok ? await buildSnapshot(bundle.value) : bundle;
    expect(built.ok ? null : built.failure.code).toBe('unknown_obligation_type');
  });

  it('[I7] denies every act where nobody would keep the promise', async () => {
    const kept = new Set(['tool.invoke', 'model.invoke']);
    for (const [type, values] of Object.entries(GOOD)) {
      const authority = await authorityOf(policyWith(type, values));
      for (const action of ACTIONS) {
        const passes = action === 'handoff' || action === 'delegate';
        const request: DecisionRequest = {
          tenant,
          initiator: { tenant, kind: 'user', id: 'user:ann', roles: [] },
          chain: [],
          action,
          object: { type: passes ? 'agent' : 'tool', id: 'x' },
          now: toolCall().now,
          ...(passes && { handoff: { to: 'x', purpose: 'any', depth: 1 } }),
        };
        const { verdict, reason } = decide(authority, request);
        if (action === 'handoff') continue;
        if (ASKING.includes(type)) expect([action, verdict]).toEqual([action, 'ask']);
        else if (type === 'bound_delegation' && passes) expect([action, verdict]).toEqual([action, 'allow']);
        else if (type === 'bound_delegation' || !kept.has(action))
          expect([type, action, reason]).toEqual([type, action, 'unknown_obligation']);
      }
    }
  });

  it('to run confined: of each limit the tightest that any rule sets', () => {
    const sandbox = (values: Obligation['values']): Obligation => ({ id: 's', type: 'sandbox', values });
    expect(honouring.confinementOf([])).toBeNull();
    expect(honouring.confinementOf([sandbox({})])).toEqual({
      network: 'none',
      files: 'none',
      memoryMb: 128,
      timeMs: 10_000,
    });
    const both = [sandbox({ network: 'open', memory_mb: 64, files: 'read' }), sandbox({ files: 'read', time_ms: 500 })];
    const tightest = { network: 'none', files: 'read', memoryMb: 64, timeMs: 500 };
    expect(honouring.confinementOf(both)).toEqual(tightest);
    expect(honouring.confinementOf([...both].reverse())).toEqual(tightest);
  });

  it('[I7] that cannot be kept on the spot makes a denial of its allow, and one that mints nothing', async () => {
    const authority = await authorityOf(policyWith('sandbox', {}));
    const allowed = decide(
      authority,
      toolCall({ chain: [], action: 'tool.invoke', object: { type: 'tool', id: 'x' } }),
    );
    expect(allowed.verdict).toBe('allow');
    const denied = honouring.unkept(allowed, 'x cannot be confined');
    expect(denied).toMatchObject({
      verdict: 'deny',
      reason: 'unknown_obligation',
      obligations: [],
      stages: allowed.stages,
    });
    expect(denied.nearMisses).toMatchObject([{ missing: 'x cannot be confined' }]);
    expect(Decided.grounds(denied)).toBeUndefined();
  });

  it('of a model turn is none of a tool call, and the other way round', async () => {
    const by = async (type: string, action: 'tool.invoke' | 'model.invoke') => {
      const object = { type: action === 'tool.invoke' ? 'tool' : 'model', id: 'x' } as const;
      const authority = await authorityOf(policyWith(type, GOOD[type]!));
      return decide(authority, toolCall({ chain: [], action, object })).verdict;
    };
    expect(await by('redact', 'tool.invoke')).toBe('allow');
    expect(await by('redact', 'model.invoke')).toBe('deny');
    expect(await by('budget', 'model.invoke')).toBe('allow');
    expect(await by('budget', 'tool.invoke')).toBe('deny');
  });
});
