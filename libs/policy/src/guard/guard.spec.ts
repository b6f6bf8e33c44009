import { newId, type Json, type RunId } from '@writ/kernel';
import fc from 'fast-check';
import { authorityOf, stopOf, toolCall } from '../../../../test/policy/parts';
import { attributeNeeds } from '../attribute-needs';
import { mergeBundles, parseBundle } from '../bundle';
import { decide } from '../decide';
import { remediesFor } from '../explain/remedies';
import { sentence } from '../sentence';
import { buildSnapshot } from '../snapshot';
import type { DecisionRequest } from '../types';
import type { GuardFacts, GuardFinding } from './facts';
import { guardsOfEdited } from './edited';
import { inspect } from './inspect';

const RULES = `
rules: |
  p, role:customer, {tenant}, *, *, , allow
  p, agent:orders, {tenant}, *, *, , allow
  g2, tool:mail_send, class:mail, {tenant}
conditions:
  abroad: { eq: [args./country, 'XX'] }
obligations:
  ask_owner: { type: require_approval }
  tell: { type: notify }
flow: { tools: { web: { labels: [untrusted] } } }
`;
const CHECKS = `${RULES}
guardrails:
  checks:
    no_cards: { at: [output], detect: [payment_card] }
    no_keys: { at: [input, output], detect: [credential], then: redact }
    code_names: { at: [output], words: [bluebird], ask: ask_owner }
    short: { at: [input], longer_than: 20 }
    mail_only: { at: [output], tools: [class:mail], answers: false, words: [hello] }
    hers: { at: [input], agents: [other], words: [hello] }
    judged: { at: [output], call: { tool: judge }, on_error: open }
    tainted: { at: [output], labels: [untrusted], ask: ask_owner }
  absolute:
    no_drop: { actions: [tool.invoke], objects: ['tool:drop_*'] }
    not_abroad: { actions: [tool.*], objects: ['tool:ship'], when: abroad }
`;

const run = newId('run') as RunId;
const authority = authorityOf(CHECKS);
const guardrails = async () => (await authority).snapshot!.guardrails!;

interface Asked {
  readonly content?: Json;
  readonly labels?: readonly string[];
  readonly answer?: { readonly flagged: boolean } | { readonly failed: string };
  readonly tier?: GuardFacts['tier'];
  readonly boundary?: 'input' | 'output';
  readonly tool?: string;
  readonly but?: (heard: readonly GuardFinding[]) => readonly GuardFinding[];
}

/** A request whose content was looked at by every guardrail that applies. */
async function asked({ content = 'nothing', boundary = 'output', tool = 'mail_send', ...more }: Asked) {
  const policy = await guardrails();
  const applying = policy.applying({ boundary, agents: ['orders'], tool: boundary === 'input' ? null : tool });
  const answer = more.answer ?? { flagged: false };
  const known = { labels: new Set(more.labels ?? []), answer };
  const heard = applying.map((one) => inspect(one, [{ key: 'c', value: content }], known).finding);
  const guards: GuardFacts = {
    boundary,
    agents: ['orders'],
    heard: more.but?.(heard) ?? heard,
    tier: more.tier ?? 'medium',
  };
  const object = boundary === 'input' ? { type: 'model', id: 'gpt' } : { type: 'tool', id: tool };
  const action = boundary === 'input' ? 'model.invoke' : 'tool.invoke';
  const flow = { sources: [], unlabelled: false, left: false, tool: () => null };
  return toolCall({ action, object, args: { text: content }, run, guards, flow } as Partial<DecisionRequest>);
}
const decided = async (about: Asked) => decide(await authority, await asked(about));
const CARD = 'pay with 4111 1111 1111 1111';

describe('what guardrails say of content', () => {
  let ready: Awaited<typeof authority> | null = null;
  beforeAll(async () => void (ready = await authority));

  it('denies, asks, or lets pass without what was taken out, as the guardrail says', async () => {
    expect(await decided({})).toMatchObject({ verdict: 'allow', reason: 'allowed' });
    const denied = await decided({ content: CARD });
    expect(denied).toMatchObject({ verdict: 'deny', reason: 'guardrail_denied', stage: 'guardrail' });
    expect(sentence(denied)).toBe('Denied: guardrail no_cards found 1 payment_card at output.');
    const asks = await decided({ content: 'the bluebird flies' });
    expect(asks).toMatchObject({ verdict: 'ask', stage: 'guardrail', obligations: [{ id: 'ask_owner' }] });
    expect(sentence(asks)).toBe('Approval required: guardrail code_names found 1 word at output.');
    expect(await decided({ content: 'password: hunter2-really' })).toMatchObject({ verdict: 'allow' });
  });

  it('never says what was found', async () => {
    for (const content of [CARD, 'bluebird', 'password: hunter2-really']) {
      const decision = JSON.stringify(await decided({ content }));
      for (const word of ['4111', 'bluebird ', 'hunter2']) expect(decision).not.toContain(word);
    }
  });

  it('holds for its boundary, its agents and its tools only', async () => {
    expect((await decided({ content: 'hello', boundary: 'input' })).verdict).toBe('allow');
    expect((await decided({ content: 'hello', tool: 'note' })).verdict).toBe('allow');
    expect(await decided({ content: 'hello' })).toMatchObject({ reason: 'guardrail_denied' });
    expect(await decided({ content: 'x'.repeat(21), boundary: 'input' })).toMatchObject({ reason: 'guardrail_denied' });
    expect((await decided({ content: 'x'.repeat(20), boundary: 'input' })).verdict).toBe('allow');
    expect((await decided({ labels: ['untrusted'] })).verdict).toBe('ask');
  });

  it('[I7] holds back what could not be looked at, unless little is at stake and the policy lets it pass', async () => {
    const answer = { failed: 'timeout' };
    for (const tier of ['medium', 'high'] as const) {
      expect(await decided({ answer, tier })).toMatchObject({ verdict: 'deny', reason: 'guardrail_failed' });
    }
    const open = await decided({ answer, tier: 'low' });
    expect(open).toMatchObject({ verdict: 'allow' });
    // Recorded all the same.
    expect(open.stages[0]?.matches).toMatchObject([{ rid: 'guard:judged', error: 'the check failed (timeout)' }]);
    const closed = CHECKS.replace('on_error: open', 'on_error: closed');
    const request = await asked({ answer, tier: 'low' });
    const judged = (await authorityOf(closed)).snapshot!.guardrails!.checks.find(({ id }) => id === 'judged')!;
    const heard = request.guards!.heard.map((one) =>
      one.guardrail === 'judged' ? { ...one, version: judged.version } : one,
    );
    const under = { ...request, guards: { ...request.guards!, heard } };
    expect(decide(await authorityOf(closed), under)).toMatchObject({ reason: 'guardrail_failed' });
  });

  it('[I7] an act whose content no guardrail, or not every one, was asked about is denied', async () => {
    const whole = await asked({});
    const { guards, ...without } = whole;
    expect(decide(await authority, without)).toMatchObject({ verdict: 'deny', reason: 'evaluation_error' });
    fc.assert(
      fc.property(fc.nat({ max: guards!.heard.length - 1 }), (left) => {
        const heard = guards!.heard.filter((_one, i) => i !== left);
        expect(decide(ready!, { ...whole, guards: { ...guards!, heard } }).reason).toBe('evaluation_error');
        const changed = guards!.heard.map((one, i) => (i === left ? { ...one, version: 'another' } : one));
        expect(decide(ready!, { ...whole, guards: { ...guards!, heard: changed } }).reason).toBe('evaluation_error');
      }),
    );
    const other = { ...whole, guards: { ...guards!, boundary: 'input' as const } };
    expect(decide(await authority, other).reason).toBe('evaluation_error');
    const nowhere = await asked({ boundary: 'input' });
    expect(decide(await authority, { ...nowhere, guards: { ...guards!, boundary: null } }).reason).toBe(
      'evaluation_error',
    );
  });
  it('a question what would be decided has no content, and is answered by the rules', async () => {
    expect(decide(await authority, toolCall({ object: { type: 'tool', id: 'mail_send' } })).verdict).toBe('allow');
  });
});

describe('what is looked up for a decision', () => {
  it('is nothing where a guardrail denies: what may not leave does not leave that way either', async () => {
    const text = CHECKS.replace('*, *, , allow', 'tool:*, tool.invoke, own, allow')
      .replace('conditions:', 'conditions:\n  own: { eq: [resource.owner, { path: initiator.id }] }')
      .replace('obligations:', 'attributes: { order.owner: { type: string } }\nobligations:');
    const owned = await authorityOf(text);
    const needs = async (content: string) => attributeNeeds(owned, await asked({ content })).map(({ name }) => name);
    expect(await needs('fine')).toEqual(['order.owner']);
    expect(await needs(CARD)).toEqual([]);
    const { guards: _guards, ...unasked } = await asked({ content: 'fine' });
    expect(attributeNeeds(owned, unasked)).toEqual([]);
  });
});

describe('what is forbidden absolutely', () => {
  const call = async (id: string, more: Partial<DecisionRequest> = {}) =>
    decide(await authority, toolCall({ object: { type: 'tool', id }, ...more }));

  it('is denied to everybody, whatever allows it, and before anything else is asked', async () => {
    expect(await call('drop_table')).toMatchObject({
      verdict: 'deny',
      reason: 'forbidden_absolutely',
      stage: 'guardrail',
    });
    expect((await call('drop_table')).stages).toHaveLength(1);
    expect(sentence(await call('drop_table'))).toBe('Denied: absolute rule no_drop forbids it to everybody.');
    expect((await call('keep_table')).verdict).toBe('allow');
  });

  it('[I7] goes by its condition, and is denied where that cannot be told', async () => {
    expect((await call('ship', { args: { country: 'DE' } })).verdict).toBe('allow');
    expect((await call('ship', { args: { country: 'XX' } })).reason).toBe('forbidden_absolutely');
    expect((await call('ship', { args: {} })).reason).toBe('forbidden_absolutely');
  });

  it('is never in the way of looking, stopping and taking rights away', async () => {
    const all = await authorityOf(`${RULES}\nguardrails: { absolute: { all: { actions: ['*'] } } }`);
    const of = (action: DecisionRequest['action']) =>
      decide(all, toolCall({ action, chain: [], object: { type: 'policy', id: 'active' } }));
    for (const action of ['policy.change', 'stop.set', 'run.cancel', 'audit.read'] as const) {
      expect([action, of(action).verdict]).toEqual([action, 'allow']);
    }
    for (const action of ['tool.invoke', 'run.start', 'model.invoke'] as const) {
      expect([action, of(action).reason]).toEqual([action, 'forbidden_absolutely']);
    }
  });

  it('gives way to a stop, which is named first', async () => {
    const stops = [stopOf({ scope: 'tenant' })];
    const decision = decide({ ...(await authority), stops }, toolCall({ object: { type: 'tool', id: 'drop_table' } }));
    expect(decision.reason).toBe('stopped');
  });
});

describe('what a guardrail stood against, explained', () => {
  let ready: Awaited<typeof authority> | null = null;
  beforeAll(async () => void (ready = await authority));

  it('says what found it, and that taking the guardrail away would let it pass, which was tried', async () => {
    const request = await asked({ content: CARD });
    const remedies = await remediesFor({ authority: await authority, request });
    expect(remedies.map(({ sentence }) => sentence)).toEqual([
      'To allow it: change rule guard:no_cards, which forbids it.',
    ]);
    const drop = toolCall({ object: { type: 'tool', id: 'drop_table' } });
    const [first] = await remediesFor({ authority: await authority, request: drop });
    expect(first?.sentence).toBe('To allow it: change rule absolute:no_drop, which forbids it.');
  });

  it('long after, goes by what stood against it then, under the guardrails of now', async () => {
    const { guards, ...request } = await asked({ content: CARD });
    const heard = guards!.heard.filter(({ outcome }) => outcome === 'fired');
    const then = { ...guards!, heard: heard.map((one) => ({ ...one, version: 'older' })), assumed: true as const };
    expect(decide(await authority, { ...request, guards: then }).reason).toBe('guardrail_denied');
    expect(decide(await authority, { ...request, guards: { ...then, heard: [] } }).verdict).toBe('allow');
  });

  it('and other arguments that a person wrote are looked at anew', async () => {
    const request = await asked({ content: 'nothing' });
    const { snapshot } = await authority;
    const edited = (text: string) =>
      decide(ready!, { ...request, args: { text }, ...guardsOfEdited(snapshot!, request, { text }) });
    expect(edited('fine').verdict).toBe('allow');
    expect(edited(CARD).reason).toBe('guardrail_denied');
  });
});

describe('the guardrails of a policy', () => {
  const built = async (text: string) => {
    const bundle = parseBundle(text);
    return bundle.ok ? buildSnapshot(bundle.value) : bundle;
  };
  const code = async (guardrails: string, rules = RULES): Promise<string> => {
    const made = await built(`${rules}\nguardrails: ${guardrails}`);
    return made.ok ? 'ok' : made.failure.code;
  };

  it.each([
    ['one that looks for nothing', '{ checks: { a: { at: [input] } } }', 'bundle_shape'],
    [
      'one that looks for two things',
      '{ checks: { a: { at: [input], words: [no], longer_than: 3 } } }',
      'bundle_shape',
    ],
    ['one that stands nowhere', '{ checks: { a: { at: [], words: [no] } } }', 'bundle_shape'],
    [
      'one that asks and redacts',
      '{ checks: { a: { at: [input], words: [no], then: redact, ask: ask_owner } } }',
      'bundle_shape',
    ],
    [
      'one that asks a tool and a model',
      '{ checks: { a: { at: [input], call: { tool: a, model: b } } } }',
      'bundle_shape',
    ],
    ['a model without instructions', '{ checks: { a: { at: [input], call: { model: b } } } }', 'bundle_shape'],
    [
      'an obligation that nobody knows',
      '{ checks: { a: { at: [input], words: [no], ask: nobody } } }',
      'unknown_obligation',
    ],
    ['an obligation that asks nobody', '{ checks: { a: { at: [input], words: [no], ask: tell } } }', 'bad_obligation'],
    ['a word of signs', "{ checks: { a: { at: [input], words: ['!!'] } } }", 'bad_guardrail'],
    ['an unknown condition', '{ absolute: { a: { actions: [tool.invoke], when: nothing } } }', 'unknown_condition'],
  ])('refuse %s', async (_what, text, expected) => {
    expect(await code(text)).toBe(expected);
  });

  it('look for labels only where somebody keeps account of them', async () => {
    const text = '{ checks: { a: { at: [input], labels: [secret] } } }';
    expect(await code(text)).toBe('ok');
    expect(await code(text, RULES.replace(/flow:.*/, ''))).toBe('bad_guardrail');
  });

  it('leave the text and the digest of a policy without any as they were', async () => {
    const [bare] = await Promise.all([built(RULES)]);
    expect(bare.ok && bare.value.guardrails).toBeNull();
    expect(bare.ok && bare.value.body).not.toContain('guardrails');
  });

  it('of several files are those of all of them, and one id has one meaning', () => {
    const of = (text: string) => {
      const parsed = parseBundle(text);
      if (!parsed.ok) throw new Error(parsed.failure.message);
      return parsed.value;
    };
    const a = of('guardrails: { checks: { a: { at: [input], words: [no] } } }');
    const b = of('guardrails: { absolute: { b: { actions: [tool.invoke] } } }');
    const merged = mergeBundles(a, b);
    expect(merged.ok && Object.keys(merged.value.guardrails!.checks)).toEqual(['a']);
    expect(merged.ok && Object.keys(merged.value.guardrails!.absolute)).toEqual(['b']);
    const other = of('guardrails: { checks: { a: { at: [output], words: [no] } } }');
    expect(mergeBundles(a, other)).toMatchObject({ ok: false, failure: { code: 'bundle_conflict' } });
  });
});
