import { newId, type RunId } from '@writ/kernel';
import fc from 'fast-check';
import { tenant, toolCall } from '../../../../test/policy/parts';
import { SMALLEST_BUNDLE, mergeBundles, parseBundle, parseStored, type PolicyBundle } from '../bundle';
import { decide } from '../decide';
import { remediesFor } from '../explain/remedies';
import { inspect } from '../guard/inspect';
import { sentence } from '../sentence';
import { buildSnapshot, type Snapshot } from '../snapshot';
import type { DecisionRequest } from '../types';
import { platformPolicy } from './index';
import { composed } from './stored';

const PLATFORM = `
guardrails:
  checks:
    no_cards: { at: [output], detect: [payment_card] }
    names: { at: [output], words: [bluebird], ask: ops }
  absolute:
    no_drop: { actions: [tool.invoke], objects: ['tool:drop_*'] }
    not_abroad: { actions: [tool.*], objects: ['tool:ship'], when: abroad }
conditions:
  abroad: { eq: [args./country, 'XX'] }
obligations:
  ops: { type: require_approval, values: { count: 2, roles: [ops] } }
`;

const documentOf = (text: string) => {
  const parsed = platformPolicy.parse(text);
  if (!parsed.ok) throw new Error(parsed.failure.message);
  return parsed.value;
};
async function snapshotOf(bundle: PolicyBundle): Promise<Snapshot> {
  const built = await buildSnapshot(bundle);
  if (!built.ok) throw new Error(built.failure.message);
  return built.value;
}
const authorityOf = (snapshot: Snapshot) => ({ tenant, snapshot, stops: [], epochs: { tenant: 1, platform: 1 } });

const ALLOWING = `
rules: |
  p, *, {tenant}, *, *, , allow
`;

/** Whatever a tenant may write about guardrails and conditions, under the very names that the platform uses too. */
const bundles = fc
  .record({
    checks: fc.subarray([
      ['no_cards', { at: ['input'], words: ['nothing'] }],
      ['names', { at: ['output'], words: ['bluebird'], then: 'redact' }],
      ['own', { at: ['output'], longer_than: 1_000_000, on_error: 'open' }],
    ] as const),
    absolute: fc.subarray([['no_drop', { actions: ['run.start'], objects: ['workflow:never'] }]] as const),
    guarded: fc.boolean(),
    tiers: fc.boolean(),
  })
  .map(({ checks, absolute, guarded, tiers }) => {
    const bundle = parseBundle(
      JSON.stringify({
        rules: ['p, *, {tenant}, *, *, , allow'],
        conditions: { abroad: { eq: ['args./country', 'never'] } },
        obligations: { ops: { type: 'notify' } },
        ...(guarded && { guardrails: { checks: Object.fromEntries(checks), absolute: Object.fromEntries(absolute) } }),
        ...(tiers && { tiers: { low: {} } }),
      }),
    );
    if (!bundle.ok) throw new Error(bundle.failure.message);
    return bundle.value;
  });

function requestOf({ guardrails }: Snapshot, tool: string, args: { readonly [name: string]: string }): DecisionRequest {
  const applying = guardrails!.applying({ boundary: 'output', agents: ['orders'], tool });
  const content = [{ key: 'c', value: args }];
  const heard = applying.map((one) => inspect(one, content, { labels: new Set(), answer: null }).finding);
  const guards = { boundary: 'output', agents: ['orders'], heard, tier: 'low' } as const;
  const risk = { parts: [] };
  return toolCall({ object: { type: 'tool', id: tool }, args, guards, risk, run: newId('run') as RunId });
}

describe('what the platform adds to a policy', () => {
  const platform = documentOf(PLATFORM);

  it('[I7] denies and asks whatever the tenant’s own bundle says', async () => {
    const verdicts: readonly [tool: string, args: { readonly [name: string]: string }, verdict: string, rid: string][] =
      [
        ['post', { text: 'pay with 4111 1111 1111 1111' }, 'deny', 'guard:platform:no_cards'],
        ['post', { text: 'about Bluebird' }, 'ask', 'guard:platform:names'],
        ['drop_all', { text: 'x' }, 'deny', 'absolute:platform:no_drop'],
        ['ship', { country: 'XX' }, 'deny', 'absolute:platform:not_abroad'],
        // A condition that cannot be told denies.
        ['ship', { text: 'x' }, 'deny', 'absolute:platform:not_abroad'],
        ['ship', { country: 'DE' }, 'allow', ''],
        ['post', { text: 'hello' }, 'allow', ''],
      ];
    await fc.assert(
      fc.asyncProperty(bundles, async (bundle) => {
        const snapshot = await snapshotOf({ ...bundle, platform });
        for (const [tool, args, verdict, rid] of verdicts) {
          const decision = decide(authorityOf(snapshot), requestOf(snapshot, tool, args));
          expect([tool, decision.verdict]).toEqual([tool, verdict]);
          const rids = decision.stages[0]!.matches.map((match) => match.rid);
          if (rid !== '') expect(rids).toContain(rid);
          if (verdict === 'ask') {
            expect(decision.obligations).toMatchObject([{ id: 'platform:ops', type: 'require_approval' }]);
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  it('no tenant writes: a bundle that has such a member is refused, and merging carries none over', async () => {
    const text = JSON.stringify({ platform });
    expect(parseBundle(text)).toMatchObject({ ok: false, failure: { code: 'bundle_shape' } });
    expect(parseStored(text).ok).toBe(true);
    const merged = mergeBundles({ ...SMALLEST_BUNDLE, platform }, SMALLEST_BUNDLE);
    expect(merged.ok && merged.value.platform).toBeUndefined();
  });

  it('is stored with the bundle, and what is stored builds to the digest that it is stored under', async () => {
    const bundle = parseBundle(ALLOWING);
    const own = await snapshotOf(bundle.ok ? bundle.value : SMALLEST_BUNDLE);
    const { body: text } = await snapshotOf({ ...SMALLEST_BUNDLE, platform });
    const stored = composed(
      { own: own.digest, body: own.body },
      JSON.stringify((JSON.parse(text) as { platform: object }).platform),
    );
    const again = parseStored(stored.body);
    const whole = await snapshotOf(again.ok ? again.value : SMALLEST_BUNDLE);
    expect([whole.digest, whole.body]).toEqual([stored.digest, stored.body]);
    expect(stored.digest).not.toBe(own.digest);
    expect(composed({ own: own.digest, body: own.body }, null)).toEqual({ digest: own.digest, body: own.body });
  });

  it('is told apart in words, and nothing that a tenant could do is offered against it', async () => {
    const snapshot = await snapshotOf({ ...SMALLEST_BUNDLE, ...allowing(), platform });
    const request = requestOf(snapshot, 'drop_all', { text: 'x' });
    const authority = authorityOf(snapshot);
    expect(sentence(decide(authority, request))).toBe(
      'Denied: absolute rule no_drop of the platform forbids it to everybody.',
    );
    expect(await remediesFor({ authority, request })).toEqual([]);
    const post = requestOf(snapshot, 'post', { text: '4111 1111 1111 1111' });
    expect(sentence(decide(authority, post))).toContain('guardrail no_cards of the platform found 1 payment_card');
  });

  it.each([
    ['a class', `guardrails: { absolute: { a: { actions: [tool.invoke], objects: ['class:money'] } } }`],
    ['a class of tools', `guardrails: { checks: { a: { at: [output], tools: ['class:mail'], words: [no] } } }`],
    ['labels', `guardrails: { checks: { a: { at: [output], labels: [untrusted] } } }`],
    ['somebody to ask', `guardrails: { checks: { a: { at: [output], call: { tool: judge } } } }`],
    ['an open failure', `guardrails: { checks: { a: { at: [output], words: [no], on_error: open } } }`],
    ['a rule', `rules: ['p, *, {tenant}, *, *, , allow']`],
  ])('may not rest on %s of a tenant', (_what, text) => {
    expect(platformPolicy.parse(text)).toMatchObject({ ok: false, failure: { code: 'bundle_shape' } });
  });

  it.each([
    ['an attribute', `conditions: { a: { eq: [resource.owner, x] } }`, 'unknown_attribute'],
    ['an obligation that asks nobody', `obligations: { ask: { type: notify } }`, 'bad_obligation'],
    ['no such obligation', `conditions: {}`, 'unknown_obligation'],
  ])('is refused when it reads %s', async (_what, more, code) => {
    const document = documentOf(
      `guardrails: { checks: { a: { at: [output], words: [no], ask: ask } } }\n${more}`.replace(/\n\s*$/, ''),
    );
    expect(await buildSnapshot({ ...SMALLEST_BUNDLE, platform: document })).toMatchObject({
      ok: false,
      failure: { code },
    });
  });
});

function allowing(): PolicyBundle {
  const bundle = parseBundle(ALLOWING);
  if (!bundle.ok) throw new Error(bundle.failure.message);
  return bundle.value;
}
