import { bundleText, readBundle, withLines } from './bundle-text';
import { fitting, readLines } from './rules';

const TEXT = [
  'g, user:ann, role:keeper, {tenant}',
  'g2, tool:refund, class:money, {tenant}',
  'p, role:keeper, {tenant}, class:money, tool.invoke, small, allow, ask_owner|notify, keepers-pay',
  'p, user:*, {tenant}, tool:wipe, tool.invoke, , deny, , nobody-wipes',
  'p2, agent:triage, agent:orders, {tenant}, *, attenuate, , allow, , to-orders',
].join('\n');

describe('the lines of a policy', () => {
  const { rules, roles, classes } = readLines(TEXT);

  it('are rules, roles and classes by their columns', () => {
    expect(rules.map(({ line: _, ...rule }) => rule)).toEqual([
      {
        rid: 'keepers-pay',
        effect: 'allow',
        subject: 'role:keeper',
        action: 'tool.invoke',
        object: 'class:money',
        condition: 'small',
        obligations: ['ask_owner', 'notify'],
      },
      {
        rid: 'nobody-wipes',
        effect: 'deny',
        subject: 'user:*',
        action: 'tool.invoke',
        object: 'tool:wipe',
        condition: null,
        obligations: [],
      },
      {
        rid: 'to-orders',
        effect: 'allow',
        subject: 'agent:triage',
        action: 'handoff',
        object: 'agent:orders',
        condition: null,
        obligations: [],
      },
    ]);
    expect(roles).toEqual([{ member: 'user:ann', group: 'role:keeper' }]);
    expect(classes).toEqual([{ member: 'tool:refund', group: 'class:money' }]);
  });

  it('are found by all the words that are given, whatever their case', () => {
    expect(fitting(rules, 'KEEPER tool.invoke').map(({ rid }) => rid)).toEqual(['keepers-pay']);
    expect(fitting(rules, ' ')).toHaveLength(3);
    expect(fitting(rules, 'keeper wipe')).toEqual([]);
  });
});

describe('a policy as text', () => {
  it('stands for the bundle it was made of, but for members that say nothing', () => {
    const bundle = { rules: TEXT, conditions: { small: { lt: ['args./amount', 5] } }, limits: { handoff_depth: 10 } };
    expect(readBundle(bundleText({ ...bundle, obligations: {} }))).toEqual(bundle);
  });

  it.each(['- a list', 'rules: [', '42', '', 'a: &x 1\nb: *x'])('says what is wrong with %j', (text) => {
    expect(typeof readBundle(text)).toBe('string');
  });

  it('takes more rules at its end, each once, and is left alone where it cannot be read', () => {
    const more = 'p, user:ann, {tenant}, tool:look, tool.invoke, , allow';
    const text = withLines(bundleText({ rules: TEXT }), [more]);
    expect(readBundle(text)).toEqual({ rules: `${TEXT}\n${more}` });
    expect(withLines(text, [more])).toBe(text);
    expect(withLines('rules: [', [more])).toBe('rules: [');
  });
});
