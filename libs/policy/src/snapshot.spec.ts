import { digestOf } from '@writ/kernel';
import { MAX_BUNDLE_BYTES, mergeBundles, parseBundle, type PolicyBundle } from './bundle';
import { buildSnapshot, type Snapshot } from './snapshot';

function bundle(text: string): PolicyBundle {
  const parsed = parseBundle(text);
  if (!parsed.ok) throw new Error(parsed.failure.message);
  return parsed.value;
}

async function built(text: string): Promise<Snapshot> {
  const snapshot = await buildSnapshot(bundle(text));
  if (!snapshot.ok) throw new Error(snapshot.failure.message);
  return snapshot.value;
}

const document = `
rules: |
  p, role:clerk, {tenant}, tool:refund, tool.invoke, small, allow, ask
  p, role:clerk, {tenant}, tool:get, tool.invoke, , allow
  g, user:a, role:clerk, {tenant}
  g, user:b, role:clerk, {tenant}
conditions:
  small: { amount: { of: args./amount, at_most: 10 } }
obligations:
  ask: { type: require_approval, values: { count: 1 } }
`;

describe('a snapshot', () => {
  it('is named by what the policy says: order, comments and spacing make no other version', async () => {
    const shuffled = `
obligations:
  ask: { values: { count: 1 }, type: require_approval }
conditions:
  small: { amount: { at_most: 10, of: args./amount } }
rules: |
  # who works here
  g,user:b,role:clerk,{tenant}
  p,   role:clerk, {tenant}, tool:get,    tool.invoke, , allow
  p,   role:clerk, {tenant}, tool:refund, tool.invoke, small, allow, ask
  g,user:a,role:clerk,{tenant}
`;
    const [one, two] = [await built(document), await built(shuffled)];
    expect(two.digest).toBe(one.digest);
    expect((await built(document.replace('at_most: 10', 'at_most: 11'))).digest).not.toBe(one.digest);
    expect((await built(document.replace('count: 1', 'count: 2'))).digest).not.toBe(one.digest);
  });

  it('comes back from its stored text, byte for byte', async () => {
    const one = await built(document);
    expect(digestOf(one.body)).toBe(one.digest);
    const again = await built(one.body);
    expect(again.digest).toBe(one.digest);
    expect(again.body).toBe(one.body);
  });

  it('cannot be changed', async () => {
    const one = await built(document);
    expect(Object.isFrozen(one)).toBe(true);
    const [candidate] = one.actions.candidates(one.actions.places('tool.invoke', 'tool:refund'), ['role:clerk']);
    const { entry } = candidate!;
    for (const part of [entry.owed, entry.owed[0]!.values, entry.test]) expect(Object.isFrozen(part)).toBe(true);
    // What was found is the finder's own: whatever becomes of it, the policy says what it said.
    const before = JSON.stringify(entry);
    Object.assign(entry, { effect: 'deny', subject: '*', rid: 'other', owed: [] });
    const [again] = one.actions.candidates(one.actions.places('tool.invoke', 'tool:refund'), ['role:clerk']);
    expect(JSON.stringify(again!.entry)).toBe(before);
  });

  it('does not see what becomes of the bundle it was built from', async () => {
    const source = bundle(document);
    const snapshot = await buildSnapshot(source);
    if (!snapshot.ok) throw new Error();
    source.obligations.ask!.values.count = 0;
    source.conditions.small = { eq: ['initiator.id', 'user:a'] };
    const { actions } = snapshot.value;
    const [candidate] = actions.candidates(actions.places('tool.invoke', 'tool:refund'), ['role:clerk']);
    expect(candidate!.entry.owed[0]!.values).toEqual({ count: 1 });
  });

  it('lets timers run while thousands of rules are read', async () => {
    const rules = Array.from({ length: 8_000 }, (_, i) => `p, user:${i}, {tenant}, tool:${i}, tool.invoke, , allow`);
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 1);
    const snapshot = await buildSnapshot(bundle(JSON.stringify({ rules })));
    clearInterval(timer);
    expect(snapshot.ok && snapshot.value.ruleCount).toBe(8_000);
    expect(ticks).toBeGreaterThan(0);
  });
});

describe('a bundle that cannot be in force', () => {
  it.each<[string, string]>([
    ['unknown_condition', document.replace('small:', 'tiny:')],
    ['unknown_obligation', document.replace('ask:', 'asks:')],
    ['unknown_obligation_type', document.replace('require_approval', 'require-approval')],
    [
      'unknown_attribute',
      document.replace('{ amount: { of: args./amount, at_most: 10 } }', '{ exists: resource.owner }'),
    ],
    ['unknown_operator', document.replace('{ amount:', '{ amnt:')],
    ['role_cycle', document.replace('g, user:b, role:clerk', 'g, role:clerk, role:clerk')],
    ['empty_bundle', 'conditions: {}'],
  ])('is refused as %s', async (code, text) => {
    const snapshot = await buildSnapshot(bundle(text));
    expect(snapshot).toMatchObject({ ok: false, failure: { code, message: expect.stringMatching(/.{20}/) } });
  });

  it('names the rule that uses what is not there', async () => {
    const snapshot = await buildSnapshot(bundle(document.replace('small:', 'tiny:')));
    expect(snapshot).toMatchObject({ failure: { message: 'line 1: the bundle defines no condition small.' } });
  });

  it('is refused when it is too large, whichever part is', async () => {
    const base = bundle(document);
    const big = 'x'.repeat(MAX_BUNDLE_BYTES);
    for (const huge of [
      { ...base, rules: `${base.rules}\n# ${big}` },
      { ...base, conditions: { ...base.conditions, long: { eq: ['initiator.id', big] } } },
    ]) {
      expect(await buildSnapshot(huge)).toMatchObject({ ok: false, failure: { code: 'bundle_too_large' } });
    }
    expect(parseBundle(JSON.stringify({ rules: big }))).toMatchObject({ failure: { code: 'bundle_too_large' } });
  });

  it.each<[string, string]>([
    ['bundle_syntax', '{ not json'],
    ['bundle_syntax', 'rules: [unclosed'],
    ['bundle_syntax', 'a: &x [1]\nb: *x'],
    ['bundle_shape', 'rule: "p, a"'],
    ['bundle_shape', '[]'],
    ['bundle_shape', 'conditions: { "Bad Id": {} }'],
    ['bundle_shape', 'attributes: { owner: { type: string } }'],
    ['bundle_shape', 'attributes: { order.owner: { type: text } }'],
    ['bundle_shape', 'limits: { handoff_depth: 1000 }'],
  ])('is refused as %s: %s', (code, text) => {
    expect(parseBundle(text)).toMatchObject({ ok: false, failure: { code } });
  });
});

describe('bundles merged', () => {
  const other = bundle(`
rules: ['p, role:boss, {tenant}, tool:refund, tool.invoke, , allow']
obligations: { ask: { type: require_approval, values: { count: 1 } } }
limits: { handoff_depth: 4 }
`);

  it('hold the rules of all and the lowest limits', async () => {
    const merged = mergeBundles(bundle(document), other);
    if (!merged.ok) throw new Error(merged.failure.message);
    expect(merged.value.limits.handoff_depth).toBe(4);
    const snapshot = await buildSnapshot(merged.value);
    expect(snapshot.ok && snapshot.value.ruleCount).toBe(3);
  });

  it('are refused when one name would mean two things', () => {
    const changed = { ...other, obligations: { ask: { type: 'require_approval', values: { count: 2 } } } };
    expect(mergeBundles(bundle(document), changed)).toMatchObject({
      ok: false,
      failure: { code: 'bundle_conflict', message: expect.stringContaining('obligation ask') },
    });
  });
});
